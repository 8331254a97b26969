/// How good the probabilities of answers are, not only the answers.
public struct ProbabilityMetrics: Equatable, Sendable {
  /// Bins of the calibration errors.
  public static let binCount = 15

  /// How many answers.
  public let count: Int
  /// Area under the ROC curve of each class against the others; nil where all answers belong to it, or none.
  public let areas: [Double?]
  /// Mean squared error of the probabilities, summed over the classes; half of it for two classes, as in scikit-learn.
  public let brier: Double
  /// Mean of -log p(gold class), not clipped.
  public let logLoss: Double
  /// Answers by the probability of their label, in 15 bins of equal width.
  public let reliability: Reliability
  /// The same in 15 bins of equal counts.
  public let adaptive: Reliability
  /// Errors left where the least certain answers are withheld.
  public let riskCoverage: RiskCoverage
  /// Where several labels may apply, the mean over the labels of each one's own calibration error; else nil.
  public let labelError: Double?

  /// The expected calibration error: that of the answers or, where several labels may apply, the mean over the labels.
  public var error: Double { labelError ?? reliability.error }

  /// Measures answers.
  public init(_ answers: ScoredAnswers) {
    let probabilities = answers.probabilities
    let verdicts = zip(answers.logits, answers.gold).map { Classifier.best($0) == $1 }
    let confidences = zip(answers.logits, probabilities).map { $1[Classifier.best($0)] }
    count = answers.count
    logLoss = answers.meanLoss
    areas = (0..<answers.classes).map { label in
      Self.area(probabilities.map { $0[label] }, answers.gold.map { $0 == label })
    }
    let squares = zip(probabilities, answers.gold).reduce(0.0) { sum, answer in
      sum
        + answer.0.enumerated().reduce(0.0) { sum, entry in
          let difference = entry.element - (entry.offset == answer.1 ? 1 : 0)
          return sum + difference * difference
        }
    }
    brier = squares / Double(max(count, 1)) / (answers.classes == 2 ? 2 : 1)
    reliability = Reliability(confidences, verdicts, .equalWidth(Self.binCount))
    adaptive = Reliability(confidences, verdicts, .equalCount(Self.binCount))
    riskCoverage = RiskCoverage(confidences, verdicts)
    labelError = nil
  }

  /// Measures decisions about labels of which several may apply: rows of logits and, for each label, whether it applies.
  ///
  /// The bins hold the probabilities that labels apply, and the share of labels that do; coverage and risk are those of the
  /// decisions, of which each is as sure as its own side is probable.
  public init(logits: [[Float]], applies: [[Bool]], threshold: Double) {
    precondition(logits.count == applies.count, "a row of verdicts for each row of logits")
    let labels = logits.first?.count ?? 0
    let probabilities = logits.map { $0.map(sigmoid) }
    let all = Array(probabilities.joined())
    let verdicts = Array(applies.joined())
    count = all.count
    areas = (0..<labels).map { label in Self.area(probabilities.map { $0[label] }, applies.map { $0[label] }) }
    brier =
      zip(all, verdicts).reduce(0) { $0 + ($1.0 - ($1.1 ? 1 : 0)) * ($1.0 - ($1.1 ? 1 : 0)) } / Double(max(count, 1))
    logLoss =
      zip(logits.joined(), verdicts).reduce(0) { $0 - logSigmoid($1.1 ? $1.0 : -$1.0) } / Double(max(count, 1))
    reliability = Reliability(all, verdicts, .equalWidth(Self.binCount))
    adaptive = Reliability(all, verdicts, .equalCount(Self.binCount))
    riskCoverage = RiskCoverage(
      all.map { $0 >= threshold ? $0 : 1 - $0 }, zip(all, verdicts).map { ($0 >= threshold) == $1 })
    let errors = (0..<labels).map { label in
      Reliability(probabilities.map { $0[label] }, applies.map { $0[label] }, .equalWidth(Self.binCount)).error
    }
    labelError = errors.reduce(0, +) / Double(max(labels, 1))
  }

  /// Mean area under the ROC curve over the classes that have one (one against the rest); nil where none has.
  public var area: Double? {
    let known = areas.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }

  /// The share of pairs (one of the class, one of the others) in which the one of the class has the higher score; equal
  /// scores count half.
  static func area(_ scores: [Double], _ isMember: [Bool]) -> Double? {
    let members = isMember.count { $0 }
    let others = isMember.count - members
    guard members > 0, others > 0 else { return nil }
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var rankSum = 0.0
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, scores[order[end]] == scores[order[start]] { end += 1 }
      // Equal scores share the mean of their ranks.
      let rank = Double(start + 1 + end) / 2
      rankSum += rank * Double(order[start..<end].count { isMember[$0] })
      start = end
    }
    let least = Double(members) * Double(members + 1) / 2
    return (rankSum - least) / (Double(members) * Double(others))
  }
}

extension ClassificationMetrics {
  /// Matthews' correlation coefficient of gold and predicted classes; 0 where either has one class only.
  public var matthews: Double {
    let answered = perClass.map(\.predicted)
    return ExampleOutcomes.matthews(
      gold: perClass.map(\.support), predicted: answered + [count - answered.reduce(0, +)],
      right: correct, total: count)
  }
}
