import Compute
import Formats

/// How well linear heads on a frozen model's states tell the labels apart, by mask, layer and pooling: a minute that says
/// how many layers a task needs.
///
/// ```swift
/// let report = try Probe(base, tokenizer: tokenizer, recipe: recipe).run(train: train, dev: nil)
/// print(report.table, report.proposal.layers)
/// ```
public struct Probe {
  let base: BaseModel
  let tokenizer: Tokenizer
  let recipe: Recipe
  let attentions: [AttentionPattern]
  let limit: Int
  let threads: Int

  /// A probe of a model. Task, longest length and seed are the recipe's; of more than `limit` texts as many are drawn.
  public init(
    _ base: BaseModel, tokenizer: Tokenizer, recipe: Recipe, attentions: [AttentionPattern], limit: Int = 10_000,
    threads: Int? = nil
  ) throws {
    for attention in attentions { try attention.validate(layers: base.configuration.layers) }
    (self.base, self.tokenizer, self.recipe) = (base, tokenizer, recipe)
    (self.attentions, self.limit, self.threads) = (attentions, limit, threads ?? Processors.count)
  }

  /// Masks, layers and poolings that are compared.
  private var views: [LayerStates.View] {
    let poolings: [Pooling?] = recipe.task == .tokens ? [nil] : [.last, .first, .mean, .hiddenMax]
    return attentions.flatMap { attention in
      (1...base.configuration.layers).flatMap { layers in
        poolings.map { LayerStates.View(attention: attention, layers: layers, pooling: $0) }
      }
    }
  }

  /// Fits heads on `train` and scores them on `dev`; without it each text is answered by heads that were fitted without
  /// it.
  ///
  /// `progress` is called with the share done and what is going on; what it throws ends the run.
  public func run(
    train: Dataset, dev: Dataset?, progress: @escaping (_ share: Double, _ what: String) throws -> Void = { _, _ in }
  ) throws -> ProbeReport {
    let start = Clock.seconds
    try recipe.task.checkHasClasses(for: "probe")
    try train.labels.checkTrainable(place: train.name)
    for dataset in [train, dev].compactMap({ $0 }) {
      try dataset.checkLabelled(for: recipe.task)
      try train.labels.checkKnown(in: dataset)
    }
    let own = try ProbeData(train, labels: train.labels, self)
    let other = try dev.map { try ProbeData($0, labels: train.labels, self) }
    let texts = own.encoded.count + (other?.encoded.count ?? 0)
    let share = Double(own.encoded.count) / Double(texts)
    let states = try own.states(views, self) { try progress(0.8 * share * $0, "running the frozen model") }
    let others = try other?.states(views, self) {
      try progress(0.8 * (share + (1 - share) * $0), "running the frozen model")
    }
    let fits = try fitted(states, own, others, other) { try progress(0.8 + 0.2 * $0, "fitting heads") }
    return report(fits, states, own, others, other, train, dev, seconds: { Clock.seconds - start })
  }

  /// The best head of a view.
  struct Fit: Sendable {
    let penalty: Double
    let score: Double
  }

  private func fitted(
    _ states: LayerStates, _ own: ProbeData, _ others: LayerStates?, _ other: ProbeData?,
    progress: (Double) throws -> Void
  ) throws -> [Fit] {
    var fits: [Fit] = []
    let wave = 4 * threads
    for first in stride(from: 0, to: states.views.count, by: wave) {
      let count = min(wave, states.views.count - first)
      let found: [Fit?] = Parallel.map(count, threads: threads) { index in
        guard let (head, fit) = own.best(states[first + index]) else { return nil }
        guard let others, let other else { return fit }
        return Fit(penalty: fit.penalty, score: other.answers.score(RidgeFit.answers(head, others[first + index])))
      }
      fits += try found.map { fit in
        guard let fit else { throw states.fault(base) }
        return fit
      }
      try progress(Double(fits.count) / Double(states.views.count))
    }
    return fits
  }

  private func report(
    _ fits: [Fit], _ states: LayerStates, _ own: ProbeData, _ others: LayerStates?, _ other: ProbeData?,
    _ train: Dataset, _ dev: Dataset?, seconds: () -> Double
  ) -> ProbeReport {
    let entries = zip(states.views, fits).map { view, fit in
      ProbeReport.Entry(
        attention: view.attention, layers: view.layers, pooling: view.pooling, penalty: fit.penalty, score: fit.score)
    }
    let judge = other?.answers ?? own.answers
    // The first of equals has the fewest layers.
    let best = entries.indices.reduce(0) { entries[$1].score > entries[$0].score ? $1 : $0 }
    let least = entries[best].score - judge.standardError(entries[best].score)
    let near = entries.indices.filter { entries[$0].score >= least }
    let fewest = near.map { entries[$0].layers }.min()!
    let proposal = near.filter { entries[$0].layers == fewest }.reduce(nil as Int?) { chosen, index in
      chosen.map { entries[index].score > entries[$0].score ? index : $0 } ?? index
    }!
    guard let (head, _) = own.best(states[proposal]) else { preconditionFailure("it was fitted before") }
    let answers = others.map { RidgeFit.answers(head, $0[proposal]) } ?? own.leaveOutAnswers(head, states[proposal])
    let scale = Float(judge.scale(answers))
    let warmStart = WarmStart(
      base, task: recipe.task, view: states.views[proposal], labels: train.labels.names,
      weight: head.weight.values.map { scale * $0 }, bias: head.bias.map { scale * $0 })
    return ProbeReport(
      metric: judge.metric, judged: dev?.name, texts: own.encoded.count, textsOfAll: train.examples.count,
      labels: train.labels.count, layersOfBase: base.configuration.layers, entries: entries, best: entries[best],
      proposal: entries[proposal], tolerance: entries[best].score - least, bytes: states.byteCount,
      folder: states.folder, seconds: seconds(), warmStart: warmStart)
  }
}

/// Encoded examples of a probe and what answers to them are worth.
struct ProbeData: Sendable {
  let encoded: [EncodedExample]
  let answers: ProbeAnswers
  let labels: LabelSet
  private let hasBias: Bool

  fileprivate init(_ dataset: Dataset, labels: LabelSet, _ probe: Probe) throws {
    try self.init(
      dataset, labels: labels, recipe: probe.recipe, tokenizer: probe.tokenizer, model: probe.base.configuration,
      limit: probe.limit)
  }

  /// At most `limit` examples, drawn by the recipe's seed, in their order.
  init(
    _ dataset: Dataset, labels: LabelSet, recipe: Recipe, tokenizer: Tokenizer, model: ModelConfiguration, limit: Int
  ) throws {
    let encoder = try ExampleEncoder(tokenizer, recipe: recipe, labels: labels, model: model)
    var indices = Array(dataset.examples.indices)
    if indices.count > limit {
      var random = Random(seed: recipe.seed, stream: RandomStream.probing)
      random.shuffle(&indices)
      indices = indices.prefix(limit).sorted()
    }
    let (all, _) = try encoder.encode(dataset)
    encoded = indices.map { all[$0] }
    guard encoded.contains(where: { !$0.labels.isEmpty }) else {
      throw FormatError(dataset.name, found: "no text with a label", expected: "labelled texts")
    }
    self.labels = labels
    hasBias = recipe.task == .tokens
    answers = ProbeAnswers(
      Examples(indices.lazy.map { dataset.examples[$0] }), encoded, task: recipe.task, labels: labels)
  }

  fileprivate func states(
    _ views: [LayerStates.View], _ probe: Probe, progress: (Double) throws -> Void
  ) throws -> LayerStates {
    let states = try LayerStates(
      encoded, views: views, width: probe.base.configuration.width, on: probe.base.backend)
    try states.fill(encoded, probe.base, threads: probe.threads) { try progress(Double($0) / Double(max($1, 1))) }
    return states
  }

  /// The head whose penalty does best on rows left out, and how well that does; `nil` where features are not finite.
  func best(_ features: Tensor) -> (head: RidgeFit.Head, fit: Probe.Fit)? {
    let ridge = RidgeFit(features, labels: answers.gold, classes: labels.count, hasBias: hasBias)
    var inverse = SymmetricInverse(order: features.columns)
    var best: (head: RidgeFit.Head, fit: Probe.Fit)?
    for penalty in RidgeFit.penalties {
      guard let head = ridge.head(penalty: penalty, &inverse) else { continue }
      let score = answers.score(ridge.leaveOutAnswers(head, groups: answers.groups))
      if score > best?.fit.score ?? -1 { best = (head, Probe.Fit(penalty: penalty, score: score)) }
    }
    return best
  }

  /// Answers to rows left out.
  func leaveOutAnswers(_ head: RidgeFit.Head, _ features: Tensor) -> [Float] {
    RidgeFit(features, labels: answers.gold, classes: labels.count, hasBias: hasBias)
      .leaveOutAnswers(head, groups: answers.groups)
  }
}
