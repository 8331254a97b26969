import Formats

/// How a classifier does on labelled data: metrics of its task, and what of the data it never saw.
public struct Evaluation: Sendable {
  /// Metrics of the task.
  public enum Metrics: Sendable {
    /// One label for a text.
    case sequence(ClassificationMetrics)
    /// One tag for a word, where the tags spell spans.
    case tokens(TagMetrics)
    /// One tag for a word, where the tags are classes of words, such as parts of speech.
    case tags(ClassificationMetrics)
  }

  /// The metrics.
  public let metrics: Metrics
  /// Mean cross-entropy over all answers.
  public let loss: Double
  /// What was cut; every gold entity counts, cut or not.
  public let report: ExampleEncoder.Report
  /// What was computed from: the examples as tokens, and for each the logits of its answers.
  public internal(set) var encoded: [EncodedExample] = []
  public internal(set) var logits: [[[Float]]] = []

  /// The value of a metric of the recipe; larger is better (the loss is negated).
  public func value(of metric: String) -> Double {
    switch (metric, metrics) {
    case ("loss", _): -loss
    case ("accuracy", .sequence(let scores)), ("accuracy", .tags(let scores)): scores.accuracy
    case ("auto", .sequence(let scores)), ("auto", .tags(let scores)): scores.accuracy
    case ("f1_macro", .sequence(let scores)), ("f1_macro", .tags(let scores)): scores.macro.f1
    case (_, .sequence(let scores)), (_, .tags(let scores)): scores.micro.f1
    case ("accuracy", .tokens(let scores)): scores.accuracy
    case ("f1_macro", .tokens(let scores)): scores.strict.macro.f1
    case (_, .tokens(let scores)): scores.strict.micro.f1
    }
  }

  /// The headline numbers in the order that a progress line shows them.
  public var summary: [(name: String, value: Double)] {
    switch metrics {
    case .sequence(let scores), .tags(let scores):
      [("loss", loss), ("accuracy", scores.accuracy), ("f1_macro", scores.macro.f1)]
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
  /// Throws where an example has no label, or one that the classifier does not know, and where a logit is no number.
  public func evaluate(
    _ dataset: Dataset, progress: (@Sendable (_ done: Int) -> Void)? = nil
  ) throws -> Evaluation {
    try evaluateWithLogits(dataset, progress: progress).evaluation
  }

  /// Metrics on labelled data, and the logits that they were computed from: for each example a row, or one for each
  /// kept word.
  public func evaluateWithLogits(
    _ dataset: Dataset, progress: (@Sendable (_ done: Int) -> Void)? = nil
  ) throws -> (evaluation: Evaluation, encoded: [EncodedExample], logits: [[[Float]]]) {
    try dataset.checkLabelled(for: adapter.recipe.task)
    try labels.checkKnown(in: dataset)
    let (encoded, logits, report) = try checkedLogits(dataset, progress: progress)
    return (evaluate(dataset.examples, encoded, logits, report), encoded, logits)
  }

  /// Metrics of logits that are finite.
  func evaluate(
    _ examples: [Example], _ encoded: [EncodedExample], _ logits: [[[Float]]],
    _ report: ExampleEncoder.Report
  ) -> Evaluation {
    var evaluation = scored(examples, encoded, logits, report)
    (evaluation.encoded, evaluation.logits) = (encoded, logits)
    return evaluation
  }

  private func scored(
    _ examples: [Example], _ encoded: [EncodedExample], _ logits: [[[Float]]],
    _ report: ExampleEncoder.Report
  ) -> Evaluation {
    let loss = Classifier.meanLoss(encoded, logits)
    switch adapter.recipe.task {
    case .sequence:
      let metrics = ClassificationMetrics(
        gold: encoded.map { Int($0.labels[0]) }, predicted: logits.map { Classifier.best($0[0]) },
        labels: labels, probabilities: logits.map { softmax($0[0]).map { Float($0) } })
      return Evaluation(metrics: .sequence(metrics), loss: loss, report: report)
    case .tokens:
      let predicted = zip(encoded, logits).map { tags($0, $1) }
      let gold = examples.map(\.tags)
      let metrics: Evaluation.Metrics =
        labels.spellsSpans
        ? .tokens(TagMetrics(gold: gold, predicted: predicted))
        : .tags(ClassificationMetrics(goldTags: gold, predictedTags: predicted, labels: labels))
      return Evaluation(metrics: metrics, loss: loss, report: report)
    }
  }

  private static func meanLoss(_ examples: [EncodedExample], _ logits: [[[Float]]]) -> Double {
    var sum = 0.0
    var count = 0
    for (example, rows) in zip(examples, logits) {
      for (label, row) in zip(example.labels, rows) where label >= 0 {
        sum -= logSoftmax(row, at: Int(label))
        count += 1
      }
    }
    return sum / Double(max(count, 1))
  }
}
