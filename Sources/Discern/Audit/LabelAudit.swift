import Compute
import Formats

/// Finds the rows of a data set that are most likely mislabelled.
///
/// Linear heads on the frozen model's states answer each text without having been fitted to it; where they are sure of
/// another label, a human should look. The thresholds are those of confident learning (Northcutt et al. 2021).
///
/// ```swift
/// let report = try LabelAudit(base, tokenizer: tokenizer, recipe: recipe).run(dataset)
/// for issue in report.issues.prefix(20) { print(issue.line, issue.given, issue.suggested) }
/// ```
public struct LabelAudit {
  let base: BaseModel
  let tokenizer: Tokenizer
  let recipe: Recipe
  let attention: AttentionPattern
  let layers: [Int]
  let poolings: [Pooling?]
  let threads: Int

  /// An audit by a model. Task and longest length are the recipe's.
  ///
  /// Without `layers` some depths are tried, without `pooling` the mean and the last token; the states whose heads find the
  /// labels of texts left out most probable decide.
  public init(
    _ base: BaseModel, tokenizer: Tokenizer, recipe: Recipe, attention: AttentionPattern = .causal, layers: Int? = nil,
    pooling: Pooling? = nil, threads: Int? = nil
  ) throws {
    let all = base.configuration.layers
    try attention.validate(layers: all)
    if let layers, !(1...all).contains(layers) {
      throw DiscernError(.configuration, "layers: found \(layers); the model has \(all) layers")
    }
    (self.base, self.tokenizer, self.recipe, self.attention) = (base, tokenizer, recipe, attention)
    let depths = layers.map { [$0] } ?? [all / 3, all / 2, 2 * all / 3, 5 * all / 6]
    self.layers = Set(depths.map { max(1, $0) }).sorted()
    poolings = recipe.task == .tokens ? [nil] : pooling.map { [$0] } ?? [.mean, .last]
    self.threads = threads ?? Processors.count
  }

  /// Audits labelled data.
  ///
  /// `progress` is called with the share done and what is going on; what it throws ends the run.
  public func run(
    _ dataset: Dataset, progress: (_ share: Double, _ what: String) throws -> Void = { _, _ in }
  ) throws -> AuditReport {
    let start = Clock.seconds
    try recipe.task.checkHasClasses(for: "audit")
    try dataset.labels.checkTrainable(place: dataset.name)
    try dataset.checkLabelled(for: recipe.task)
    let views = layers.flatMap { depth in
      poolings.map { LayerStates.View(attention: attention, layers: depth, pooling: $0) }
    }
    let data = try ProbeData(
      dataset, labels: dataset.labels, recipe: recipe, tokenizer: tokenizer, model: base.configuration, limit: .max)
    let states = try LayerStates(data.encoded, views: views, width: base.configuration.width, on: base.backend)
    try states.fill(data.encoded, base, threads: threads) {
      try progress(0.9 * Double($0) / Double(max($1, 1)), "running the frozen model")
    }
    try progress(0.9, "fitting heads")
    let found = Parallel.map(views.count, threads: threads) { data.judged(states[$0]) }
    guard !found.contains(where: { $0 == nil }) else { throw states.fault(base) }
    let judged = found.map { $0! }
    let best = judged.indices.reduce(0) { judged[$1].logLoss < judged[$0].logLoss ? $1 : $0 }
    let answers = judged[best].answers
    let confidence = LabelConfidence(
      data.answers.probabilities(answers, scale: data.answers.scale(answers)), given: data.answers.gold,
      classes: data.labels.count)
    let issues =
      recipe.task == .tokens
      ? tagIssues(dataset, data, answers, confidence) : textIssues(dataset, data, confidence)
    return AuditReport(
      name: dataset.name, task: recipe.task, rows: dataset.examples.count, answers: data.answers.gold.count,
      labels: data.labels.names, metric: data.answers.metric, score: data.answers.score(answers),
      logLoss: judged[best].logLoss,
      layers: views[best].layers,
      pooling: views[best].pooling, attention: attention, seconds: Clock.seconds - start, issues: issues)
  }

  private func textIssues(
    _ dataset: Dataset, _ data: ProbeData, _ confidence: LabelConfidence
  ) -> [AuditReport.Issue] {
    let issues = dataset.examples.indices.map { row in
      let example = dataset.examples[row]
      return AuditReport.Issue(
        row: row, line: example.line, text: example.plainText, words: nil,
        given: data.labels.names[Int(data.answers.gold[row])], suggested: data.labels.names[confidence.other[row]],
        selfConfidence: Double(confidence.own[row]), margin: Double(confidence.margin(row)),
        isLikely: confidence.isLikely[row])
    }
    return issues.sorted { ($0.margin, $0.row) < ($1.margin, $1.row) }
  }
}

extension ProbeData {
  /// What the best head on some states answers to rows left out, and how improbable it finds their labels: which, unlike
  /// a metric, hardly ever ties. Nil where features are not finite.
  fileprivate func judged(_ features: Tensor) -> (answers: [Float], logLoss: Double)? {
    best(features).map { head, _ in
      let answers = leaveOutAnswers(head, features)
      return (answers, self.answers.logLoss(answers))
    }
  }
}

extension LayerStates {
  /// States that are not finite: damaged weights.
  func fault(_ base: BaseModel) -> FormatError {
    FormatError(
      base.place, found: "states that are not finite", expected: "numbers",
      remedy: "The weights may be damaged; fetch the model again.")
  }
}

extension Example {
  /// The text, both texts of a pair, or the words with spaces between.
  var plainText: String {
    switch input {
    case .text(let text): text
    case .pair(let first, let second): "\(first) | \(second)"
    case .words(let words): words.joined(separator: " ")
    }
  }
}
