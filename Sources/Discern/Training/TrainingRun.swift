import Compute
import Formats

/// What a run calls while it goes on.
struct TrainingHooks {
  /// When a checkpoint may be written.
  enum Moment {
    case step, evaluation
    /// An adapter will be saved before the next step, perhaps the run's first.
    case saving
    /// The run is about to stop.
    case stop
  }

  /// Keeps a new best adapter, or without dev data the last one.
  let save: (Classifier, Evaluation?, _ step: Int) throws -> Void
  /// Takes the best evaluation of a run that goes on.
  var restored: (Classifier, Evaluation) -> Void = { _, _ in }
  /// Says that the run goes on, from the start or from what was saved.
  var accepted: () throws -> Void = {}
  /// Writes the snapshot to a checkpoint where it wants to.
  let checkpoint: (Moment, () -> TrainingSnapshot) throws -> Void
  let observe: @Sendable (TrainingEvent) -> Void
  /// Asked often, from whatever thread: where it answers true the run ends at once.
  let shouldStop: @Sendable () -> Bool
}

/// One run: what it trains with, and where it stands.
struct TrainingRun {
  private(set) var classifier: Classifier
  let recipe: Recipe
  let hooks: TrainingHooks
  let train: [EncodedExample]
  private(set) var runner: StepRunner
  let dev: (dataset: Dataset, encoded: [EncodedExample], report: ExampleEncoder.Report)?
  let schedule: Schedule
  let headSchedule: Schedule
  let gradients: Gradients
  let workspace: Workspace
  var optimizer: AdamW
  var state = TrainingState()
  /// The best adapter's answers on dev, and what they were worth.
  var bestLogits: [[[Float]]] = []
  /// The scores of neighbouring tags of the best adapter: with the answers they decide its tags.
  var bestTransitions: [Float] = []
  var bestEvaluation: Evaluation?
  /// The clock's time when the run began, earlier sessions counted.
  var start = Clock.seconds

  init(_ classifier: Classifier, train: Dataset, dev: Dataset?, hooks: TrainingHooks) throws {
    self.classifier = classifier
    self.hooks = hooks
    recipe = classifier.adapter.recipe
    let (encoded, report) = try classifier.encoder.encode(train, shouldStop: hooks.shouldStop)
    // A text whose every word lies behind the cut has nothing to say.
    self.train = encoded.filter(\.isLabelled)
    guard !self.train.isEmpty else {
      throw FormatError(train.name, found: "no text with a label", expected: "labelled texts")
    }
    self.dev = try dev.map { dev in
      let (encoded, report) = try classifier.encoder.encode(dev, shouldStop: hooks.shouldStop)
      return (dev, encoded, report)
    }
    runner = try classifier.runner(learning: self.train)
    let lengths = self.train.map(\.tokens.count)
    let recipe = self.recipe
    let total = (0..<recipe.epochs).reduce(0) { total, epoch in
      total + recipe.steps(of: Batching.epoch(epoch, lengths: lengths, recipe: recipe).count)
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
    hooks.observe(
      .started(
        steps: total, epochs: recipe.epochs, parameters: classifier.adapter.parameterCount,
        train: report, dev: self.dev?.report))
  }

  /// Goes on from `state` to the end.
  ///
  /// Where it is stopped between two steps, or in an evaluation, which is then still to be done, it leaves a checkpoint,
  /// and without dev data the present adapter, before it throws a `CancellationError`.
  mutating func go() throws -> TrainingResult {
    classifier = try classifier.keepingFrozenStates(
      of: train + (dev?.encoded ?? []), observe: hooks.observe, shouldStop: hooks.shouldStop)
    runner.frozen = classifier.runner.frozen
    // Nothing has been done yet that would have to be kept.
    try stopIfAsked()
    do {
      try takeSteps()
    } catch is CancellationError {
      try hooks.checkpoint(.stop, snapshot)
      if dev == nil { try hooks.save(classifier, nil, state.step) }
      throw CancellationError()
    }
    if dev == nil {
      try hooks.checkpoint(.saving, snapshot)
      try hooks.save(classifier, nil, state.step)
    }
    return TrainingResult(
      best: bestEvaluation, bestStep: state.best?.step ?? state.step, steps: state.step,
      loss: state.lossSum / Double(max(state.lossCount, 1)), seconds: Clock.seconds - start,
      evaluationSeconds: state.evaluationSeconds, tokens: state.tokens)
  }

  /// Takes the steps that are left, and evaluates in between.
  private mutating func takeSteps() throws {
    var batches = batches(of: state.epoch)
    while true {
      if state.isEvaluationPending {
        try evaluate(epoch: progress(batches))
        try hooks.checkpoint(.evaluation, snapshot)
        try stopIfAsked()
      }
      if recipe.patience > 0 && state.evaluationsSinceBest >= recipe.patience { return }
      if state.batch == batches.count {
        if state.epoch + 1 == recipe.epochs { return }
        beginEpoch(state.epoch + 1)
        batches = self.batches(of: state.epoch)
      }
      try takeStep(batches)
      try stopIfAsked()
      try hooks.checkpoint(state.isEvaluationPending ? .saving : .step, snapshot)
    }
  }

  /// The batches of an epoch, in their order.
  func batches(of epoch: Int) -> [[Int]] {
    Batching.epoch(epoch, lengths: train.map(\.tokens.count), recipe: recipe)
  }

  /// Epochs done, with the fraction of the present one.
  private func progress(_ batches: [[Int]]) -> Double {
    Double(state.epoch) + Double(state.batch) / Double(batches.count)
  }

  private mutating func beginEpoch(_ epoch: Int) {
    state.epoch = epoch
    state.batch = 0
    (state.lossSum, state.lossCount) = (0, 0)
  }

  private func stopIfAsked() throws {
    if hooks.shouldStop() { throw CancellationError() }
  }

  /// Takes the step that follows in the epoch's order.
  private mutating func takeStep(_ batches: [[Int]]) throws {
    let group = batches[state.batch..<min(state.batch + recipe.accumulation, batches.count)]
    gradients.clear()
    let result = runner.accumulate(
      group.map { $0.map { train[$0] } }, seed: recipe.seed, step: state.step, into: gradients, workspace: workspace)
    let rate = schedule.rate(step: state.step)
    let headRate = headSchedule.rate(step: state.step)
    let (head, transitions) = (classifier.adapter.head, classifier.adapter.transitions)
    let norm = optimizer.update(gradients, threads: classifier.threads) { parameter in
      let isHead = parameter === head.weight || parameter === head.bias || parameter === transitions
      return Float(isHead ? headRate : rate)
    }
    state.step += 1
    guard result.loss.isFinite && norm.isFinite else {
      throw diverged("the loss is \(result.loss), the gradient's norm \(norm)")
    }
    state.batch += group.count
    state.tokens += result.rows
    state.lossSum += result.loss
    state.lossCount += 1
    state.isEvaluationPending = dev != nil && isEvaluationDue(atEndOfEpoch: state.batch == batches.count)
    hooks.observe(
      .step(
        index: state.step, epoch: progress(batches), loss: result.loss, rate: rate, norm: Double(norm),
        tokens: result.rows))
  }

  /// Whether an evaluation follows the last step.
  func isEvaluationDue(atEndOfEpoch isLast: Bool) -> Bool {
    let isDue = recipe.evaluateEvery == 0 ? isLast : state.step % recipe.evaluateEvery == 0
    return isDue || isLast && state.epoch == recipe.epochs - 1
  }

  private func diverged(_ found: String) -> DiscernError {
    DiscernError(
      .diverged,
      "training diverged at step \(state.step): \(found); "
        + "lower learning_rate (it was \(recipe.rate)) or lengthen the warm-up")
  }

  private mutating func evaluate(epoch: Double) throws {
    guard let dev else { return }
    let start = Clock.seconds
    let counter = Counter()
    let answers = classifier.logits(dev.encoded, unless: hooks.shouldStop) {
      [observe = hooks.observe, count = dev.encoded.count] done in
      observe(.evaluating(done: counter.add(done), of: count))
    }
    guard let logits = answers else { throw CancellationError() }
    if let index = Classifier.firstNotFinite(logits) {
      throw diverged("the logits of \(dev.dataset.place(ofExample: index)) are not finite")
    }
    let evaluation = classifier.evaluate(dev.dataset.examples, dev.encoded, logits, dev.report)
    state.evaluationSeconds += Clock.seconds - start
    state.isEvaluationPending = false
    let value = evaluation.value(of: recipe.metric)
    let isBest = state.best.map { value > $0.value } ?? true
    if isBest {
      state.best = TrainingState.Best(value: value, step: state.step)
      (bestEvaluation, bestLogits) = (evaluation, logits)
      bestTransitions = classifier.adapter.transitions?.value.values ?? []
      state.evaluationsSinceBest = 0
      try hooks.save(classifier, evaluation, state.step)
    } else {
      state.evaluationsSinceBest += 1
    }
    hooks.observe(.evaluated(step: state.step, epoch: epoch, evaluation, isBest: isBest))
  }
}
