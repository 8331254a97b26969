import Compute
import Formats
import Glibc

/// What a training run tells while it goes on.
public enum TrainingEvent: Sendable {
  /// Before the first step: what will be done.
  case started(steps: Int, epochs: Int, parameters: Int, train: ExampleEncoder.Report, dev: ExampleEncoder.Report?)
  /// After a step of the optimiser. `tokens` went through the model in this step.
  case step(index: Int, epoch: Double, loss: Double, rate: Double, norm: Double, tokens: Int)
  /// During an evaluation: texts done of all.
  case evaluating(done: Int, of: Int)
  /// After an evaluation on dev; `isBest`: the adapter has been saved.
  case evaluated(step: Int, epoch: Double, Evaluation, isBest: Bool)
}

/// How a run ended.
public struct TrainingResult: Sendable {
  /// Evaluation of the saved adapter on dev; `nil` without dev data.
  public let best: Evaluation?
  /// Step after which the saved adapter was taken.
  public let bestStep: Int
  /// Steps done.
  public let steps: Int
  /// Mean loss over the last epoch.
  public let loss: Double
  /// Seconds of the whole run and of the evaluations in it.
  public let seconds: Double, evaluationSeconds: Double
  /// Tokens trained on.
  public let tokens: Int
}

/// Trains an adapter; the best one after the task's metric on dev data is what remains.
public struct Trainer {
  let base: BaseModel
  let tokenizer: Tokenizer
  let recipe: Recipe
  let threads: Int

  /// A trainer for one base model.
  public init(_ base: BaseModel, tokenizer: Tokenizer, recipe: Recipe, threads: Int? = nil) {
    self.base = base
    self.tokenizer = tokenizer
    self.recipe = recipe
    self.threads = threads ?? Processors.count
  }

  /// Trains on `train`; without `dev` the last adapter is kept.
  ///
  /// `save` is called with each new best adapter and its evaluation. Throws what `save` throws, and where the data
  /// cannot be learnt from. Where `shouldStop` answers true after a step the run ends with a `CancellationError`; then
  /// the best adapter so far has been saved, or without `dev` the present one.
  public func run(
    train: Dataset, dev: Dataset?, save: (Classifier, Evaluation?, _ step: Int) throws -> Void,
    observe: @escaping @Sendable (TrainingEvent) -> Void = { _ in },
    shouldStop: () -> Bool = { false }
  ) throws -> TrainingResult {
    try train.labels.checkTrainable(place: train.name)
    for dataset in [train, dev].compactMap({ $0 }) {
      try dataset.checkLabelled(for: recipe.task)
      try train.labels.checkKnown(in: dataset)
    }
    let adapter = try Adapter(
      recipe, labels: train.labels.names, for: base.configuration, on: base.backend)
    let classifier = try Classifier(base, adapter, tokenizer: tokenizer, threads: threads)
    var run = try TrainingRun(classifier, train: train, dev: dev, observe: observe)
    return try run.go(save: save, shouldStop: shouldStop)
  }
}

/// The state of one run.
private struct TrainingRun {
  let classifier: Classifier
  let recipe: Recipe
  let observe: @Sendable (TrainingEvent) -> Void
  let train: [EncodedExample]
  let dev: (dataset: Dataset, encoded: [EncodedExample], report: ExampleEncoder.Report)?
  let schedule: Schedule
  let headSchedule: Schedule
  let gradients: Gradients
  let workspace: Workspace
  var optimizer: AdamW
  var step = 0
  var tokens = 0
  var epochLoss = (sum: 0.0, steps: 0)
  var best: (evaluation: Evaluation, value: Double, step: Int)?
  var evaluationsSinceBest = 0
  var evaluationSeconds = 0.0

  init(
    _ classifier: Classifier, train: Dataset, dev: Dataset?,
    observe: @escaping @Sendable (TrainingEvent) -> Void
  ) throws {
    self.classifier = classifier
    self.observe = observe
    recipe = classifier.adapter.recipe
    let (encoded, report) = try classifier.encoder.encode(train)
    // A text whose every word lies behind the cut has nothing to say.
    self.train = encoded.filter { $0.labels.contains { $0 >= 0 } }
    guard !self.train.isEmpty else {
      throw FormatError(train.name, found: "no text with a label", expected: "labelled texts")
    }
    self.dev = try dev.map { dev in
      let (encoded, report) = try classifier.encoder.encode(dev)
      return (dev, encoded, report)
    }
    let lengths = self.train.map(\.tokens.count)
    let recipe = self.recipe
    let total = (0..<recipe.epochs).reduce(0) { total, epoch in
      let batches = Batching.epoch(epoch, lengths: lengths, recipe: recipe).count
      return total + (batches + recipe.accumulation - 1) / recipe.accumulation
    }
    func schedule(_ peak: Double) -> Schedule {
      Schedule(recipe.schedule, peak: peak, warmup: recipe.warmup, total: total)
    }
    self.schedule = schedule(recipe.rate)
    headSchedule = schedule(recipe.headRate > 0 ? recipe.headRate : recipe.rate)
    let parameters = classifier.adapter.parameters
    let backend = classifier.base.backend
    gradients = Gradients(like: parameters, on: backend)
    workspace = Workspace(on: backend)
    optimizer = AdamW(
      parameters, beta1: Float(recipe.beta1), beta2: Float(recipe.beta2),
      epsilon: Float(recipe.epsilon), weightDecay: Float(recipe.weightDecay),
      clip: recipe.clip > 0 ? Float(recipe.clip) : nil, on: backend)
    observe(
      .started(
        steps: total, epochs: recipe.epochs, parameters: classifier.adapter.parameterCount,
        train: report, dev: self.dev?.report))
  }

  mutating func go(
    save: (Classifier, Evaluation?, Int) throws -> Void, shouldStop: () -> Bool
  ) throws -> TrainingResult {
    let start = Clock.seconds
    let lengths = train.map(\.tokens.count)
    var isStopped = false
    for epoch in 0..<recipe.epochs where !isStopped {
      epochLoss = (0, 0)
      let batches = Batching.epoch(epoch, lengths: lengths, recipe: recipe)
      for first in stride(from: 0, to: batches.count, by: recipe.accumulation) {
        let group = batches[first..<min(first + recipe.accumulation, batches.count)]
        let progress = Double(epoch) + Double(first + group.count) / Double(batches.count)
        try takeStep(group.map { $0.map { train[$0] } }, epoch: progress)
        let isLast = first + group.count == batches.count
        let isDue = recipe.evaluateEvery == 0 ? isLast : step % recipe.evaluateEvery == 0
        let isEnd = isLast && epoch == recipe.epochs - 1
        if isDue || isEnd { try evaluate(epoch: progress, save: save) }
        if shouldStop() {
          if dev == nil { try save(classifier, nil, step) }
          throw CancellationError()
        }
        if recipe.patience > 0 && evaluationsSinceBest >= recipe.patience {
          isStopped = true
          break
        }
      }
    }
    if dev == nil { try save(classifier, nil, step) }
    return TrainingResult(
      best: best?.evaluation, bestStep: best?.step ?? step, steps: step,
      loss: epochLoss.sum / Double(max(epochLoss.steps, 1)), seconds: Clock.seconds - start,
      evaluationSeconds: evaluationSeconds, tokens: tokens)
  }

  private mutating func takeStep(_ batches: [[EncodedExample]], epoch: Double) throws {
    gradients.clear()
    let result = classifier.runner.accumulate(
      batches, seed: recipe.seed, step: step, into: gradients, workspace: workspace)
    let rate = schedule.rate(step: step)
    let headRate = headSchedule.rate(step: step)
    let head = classifier.adapter.head
    let norm = optimizer.update(gradients, threads: classifier.threads) { parameter in
      Float(parameter === head.weight || parameter === head.bias ? headRate : rate)
    }
    step += 1
    guard result.loss.isFinite && norm.isFinite else {
      throw diverged("the loss is \(result.loss), the gradient's norm \(norm)")
    }
    tokens += result.rows
    epochLoss = (epochLoss.sum + result.loss, epochLoss.steps + 1)
    observe(
      .step(
        index: step, epoch: epoch, loss: result.loss, rate: rate, norm: Double(norm),
        tokens: result.rows))
  }

  private func diverged(_ found: String) -> DiscernError {
    DiscernError(
      .data,
      "training diverged at step \(step): \(found); "
        + "lower learning_rate (it was \(recipe.rate)) or lengthen the warm-up")
  }

  private mutating func evaluate(
    epoch: Double, save: (Classifier, Evaluation?, Int) throws -> Void
  ) throws {
    guard let dev else { return }
    let start = Clock.seconds
    let counter = Counter()
    let logits = classifier.logits(dev.encoded) { [observe, count = dev.encoded.count] done in
      observe(.evaluating(done: counter.add(done), of: count))
    }
    if let index = Classifier.firstNotFinite(logits) {
      throw diverged("the logits of \(dev.dataset.place(ofExample: index)) are not finite")
    }
    let evaluation = classifier.evaluate(dev.dataset.examples, dev.encoded, logits, dev.report)
    evaluationSeconds += Clock.seconds - start
    let value = evaluation.value(of: recipe.metric)
    let isBest = best.map { value > $0.value } ?? true
    if isBest {
      best = (evaluation, value, step)
      evaluationsSinceBest = 0
      try save(classifier, evaluation, step)
    } else {
      evaluationsSinceBest += 1
    }
    observe(.evaluated(step: step, epoch: epoch, evaluation, isBest: isBest))
  }
}
