import Formats

/// How a classifier does on labelled data: metrics of its task, and what of the data it never saw.
public struct Evaluation: Sendable {
  /// Metrics of the task.
  public enum Metrics: Sendable {
    /// One label for a text.
    case sequence(ClassificationMetrics)
    /// Any number of labels for a text.
    case multiLabel(MultiLabelMetrics)
    /// Numbers for a text.
    case regression(RegressionMetrics)
    /// One tag for a word, where the tags spell spans.
    case tokens(TagMetrics)
    /// One tag for a word, where the tags are classes of words, such as parts of speech.
    case tags(ClassificationMetrics)
  }

  /// The metrics.
  public let metrics: Metrics
  /// Mean loss over all answers in its plain form: cross-entropy, binary cross-entropy or squared error.
  public let loss: Double
  /// What was cut; every gold entity counts, cut or not.
  public let report: ExampleEncoder.Report
  /// What was computed from: the examples as tokens, and for each the logits of its answers.
  public internal(set) var encoded: [EncodedExample] = []
  public internal(set) var logits: [[[Float]]] = []

  /// The headline numbers in the order that a progress line shows them.
  public var summary: [(name: String, value: Double)] {
    switch metrics {
    case .sequence(let scores), .tags(let scores):
      [("loss", loss), ("accuracy", scores.accuracy), ("f1_macro", scores.macro.f1)]
    case .multiLabel(let scores):
      [("loss", loss), ("f1_micro", scores.micro.f1), ("f1_macro", scores.macro.f1), ("accuracy", scores.exactMatch)]
    case .regression(let scores):
      [("mse", scores.mean.squaredError), ("mae", scores.mean.absoluteError)]
        + [("r2", scores.mean.r2), ("pearson", scores.mean.pearson), ("spearman", scores.mean.spearman)]
        .compactMap { name, value in value.map { (name, $0) } }
    case .tokens(let scores):
      [
        ("loss", loss), ("f1", scores.strict.micro.f1), ("precision", scores.strict.micro.precision),
        ("recall", scores.strict.micro.recall), ("accuracy", scores.accuracy),
      ]
    }
  }

  /// All numbers for machines.
  public var json: JSON {
    let scores: JSON =
      switch metrics {
      case .sequence(let scores), .tags(let scores): scores.json
      case .multiLabel(let scores): scores.json
      case .regression(let scores): scores.json
      case .tokens(let scores): scores.json
      }
    var object = scores.object ?? JSONObject()
    object["loss"] = .number(loss)
    object["data"] = report.json
    return .object(object)
  }
}

extension Classifier {
  /// Metrics on labelled data.
  ///
  /// Throws where an example has no label, or one that the classifier does not know, where a logit is no number, and a
  /// `CancellationError` where `shouldStop`, asked from whatever thread, answers true before the end.
  public func evaluate(
    _ dataset: Dataset, progress: (@Sendable (_ done: Int) -> Void)? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> Evaluation {
    try evaluateWithLogits(dataset, progress: progress, shouldStop: shouldStop).evaluation
  }

  /// Metrics on labelled data, and the logits that they were computed from: for each example a row, or one for each
  /// kept word.
  public func evaluateWithLogits(
    _ dataset: Dataset, progress: (@Sendable (_ done: Int) -> Void)? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> (evaluation: Evaluation, encoded: [EncodedExample], logits: [[[Float]]]) {
    try dataset.checkLabelled(for: adapter.recipe.task)
    try labels.checkKnown(in: dataset)
    let (encoded, logits, report) = try checkedLogits(dataset, progress: progress, shouldStop: shouldStop)
    return (evaluate(dataset.examples, encoded, logits, report), encoded, logits)
  }

  /// Metrics of logits that are finite.
  func evaluate(
    _ examples: some Collection<Example>, _ encoded: [EncodedExample], _ logits: [[[Float]]],
    _ report: ExampleEncoder.Report
  ) -> Evaluation {
    var evaluation = scored(examples, encoded, logits, report)
    (evaluation.encoded, evaluation.logits) = (encoded, logits)
    return evaluation
  }

  private func scored(
    _ examples: some Collection<Example>, _ encoded: [EncodedExample], _ logits: [[[Float]]],
    _ report: ExampleEncoder.Report
  ) -> Evaluation {
    let loss = meanLoss(encoded, logits)
    let metrics: Evaluation.Metrics
    switch adapter.recipe.task {
    case .sequence:
      metrics = .sequence(
        ClassificationMetrics(
          gold: encoded.map { Int($0.labels[0]) }, predicted: logits.map { Classifier.best($0[0]) },
          labels: labels, probabilities: logits.map { softmax($0[0]).map { Float($0) } }))
    case .multiLabel:
      metrics = .multiLabel(
        MultiLabelMetrics(
          gold: encoded.map { $0.targets.map { $0 == 1 } }, predicted: logits.map { applies($0[0]) },
          labels: labels))
    case .regression:
      metrics = .regression(
        RegressionMetrics(
          gold: examples.map(\.values), predicted: logits.map { $0[0].map { Double($0) } }, targets: labels))
    case .tokens:
      let predicted = zip(encoded, logits).map { tags($0, $1) }
      let gold = examples.map(\.tags)
      metrics =
        labels.spellsSpans
        ? .tokens(TagMetrics(gold: gold, predicted: predicted, missed: examples.flatMap(\.missedSpans)))
        : .tags(ClassificationMetrics(goldTags: gold, predictedTags: predicted, labels: labels))
    }
    return Evaluation(metrics: metrics, loss: loss, report: report)
  }

  private func meanLoss(_ examples: [EncodedExample], _ logits: [[[Float]]]) -> Double {
    let kind = runner.loss.kind
    var sum = 0.0
    var count = 0
    for (example, rows) in zip(examples, logits) {
      switch kind {
      case .classes:
        for (label, row) in zip(example.labels, rows) where label >= 0 {
          sum -= logSoftmax(row, at: Int(label))
          count += 1
        }
      case .chains where example.labels.contains { $0 < 0 }: break
      case .chains:
        sum += chainLoss(example, rows)
        count += example.labels.count
      case .binary:
        for (target, logit) in zip(example.targets, rows[0]) {
          sum -= logSigmoid(target == 1 ? logit : -logit)
          count += 1
        }
      case .squares:
        for (target, value) in zip(example.targets, rows[0]) {
          sum += (Double(value) - Double(target)) * (Double(value) - Double(target))
          count += 1
        }
      }
    }
    return sum / Double(max(count, 1))
  }
}

extension Example {
  /// The numbers, where there are any.
  var values: [Double] {
    if case .values(let values) = label { values } else { [] }
  }
}
