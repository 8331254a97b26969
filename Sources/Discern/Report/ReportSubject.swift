/// Evaluated data as a report shows it: the scores as calibrated, and the mistakes that weigh most.
public struct ReportSubject: Sendable {
  /// The data's name.
  let data: String
  let evaluation: Evaluation
  let analysis: Analysis
  /// How good the probabilities are as trained, where a calibration changed them.
  let uncalibrated: ProbabilityMetrics?
  let calibration: Calibration?
  /// What the calibration was fitted on is what is shown.
  let isFittedHere: Bool
  let mistakes: [ReportMistake]
  let mistakeCount: Int
  /// Where several labels may apply: how many texts lack one label and have another that is wrong, the most first.
  let mixups: [(missed: String, given: String, texts: Int)]
  /// Numbers of each text, where those are the answers.
  let numbers: [(gold: [Double], predicted: [Double])]

  /// The most mistakes that are kept.
  private static let mistakeLimit = 25

  /// Makes a subject of evaluated data; the classifier must be one without a calibration, `calibration` is applied here.
  public init(_ classifier: Classifier, _ dataset: Dataset, _ raw: Evaluation, _ calibration: Calibration?) {
    precondition(classifier.calibration == nil, "a calibration is applied once")
    let logits = raw.logits.map { rows in rows.map { calibration?.applied($0) ?? $0 } }
    let judge = calibration.map { classifier.judging($0.scaling) } ?? classifier
    data = dataset.name
    evaluation = judge.evaluate(dataset.examples, raw.encoded, logits, raw.report)
    analysis = judge.analysis(dataset, raw.encoded, logits, raw.report)
    uncalibrated = calibration.map { _ in classifier.probabilityMetrics(raw.encoded, raw.logits) }
    self.calibration = calibration
    isFittedHere = calibration?.data == dataset.name
    let task = classifier.adapter.recipe.task
    numbers =
      task != .regression
      ? [] : zip(dataset.examples, logits).map { ($0.values, $1[0].map { Double($0) }) }
    mixups = task == .multiLabel ? Self.mixups(judge, raw.encoded, logits) : []
    let all = judge.mistakes(dataset, raw.encoded, logits)
    mistakeCount = all.count
    let order = all.indices.sorted { (-all[$0].weight, $0) < (-all[$1].weight, $1) }
    mistakes = order.prefix(Self.mistakeLimit).map { all[$0] }
  }

  private static func mixups(
    _ classifier: Classifier, _ encoded: [EncodedExample], _ logits: [[[Float]]]
  ) -> [(missed: String, given: String, texts: Int)] {
    struct Pair: Hashable { let missed, given: Int }
    var counts: [Pair: Int] = [:]
    for (example, rows) in zip(encoded, logits) {
      let applies = classifier.applies(rows[0])
      let missed = applies.indices.filter { example.targets[$0] == 1 && !applies[$0] }
      let given = applies.indices.filter { example.targets[$0] == 0 && applies[$0] }
      for missed in missed { for given in given { counts[Pair(missed: missed, given: given), default: 0] += 1 } }
    }
    let order = counts.sorted { (-$0.value, $0.key.missed, $0.key.given) < (-$1.value, $1.key.missed, $1.key.given) }
    let names = classifier.labels.names
    return order.map { (names[$0.key.missed], names[$0.key.given], $0.value) }
  }
}
