import Glibc

/// How well classes were predicted; the definitions are scikit-learn's, with `zero_division=0`.
public struct ClassificationMetrics: Equatable, Sendable {
  /// The scores of one class.
  public struct PerClass: Equatable, Sendable {
    public var label: String
    public var scores: Scores
    /// How many examples have this class.
    public var support: Int
    /// For how many it was predicted.
    public var predicted: Int
  }

  /// How many examples there are.
  public let count: Int
  /// For how many the class was predicted.
  public let correct: Int
  /// The share of examples whose class was predicted.
  public let accuracy: Double
  /// The scores of each class of the label set, also of those that do not occur.
  public let perClass: [PerClass]
  /// The scores over all examples; with an answer to each example all three are the accuracy.
  public let micro: Scores
  /// The mean over the classes that occur among the gold or the predicted ones.
  public let macro: Scores
  /// The mean over classes, weighted by support.
  public let weighted: Scores
  /// How often one class was predicted for another, or for itself; pairs that do not occur are not held.
  private let counts: [Pair: Int]
  /// The mean of -log p(gold class), probabilities clipped to float32's epsilon as scikit-learn does; nil without
  /// probabilities.
  public let logLoss: Double?

  /// Compares classes, given as positions in the label set; `nil` is an example without an answer, which is wrong.
  ///
  /// `probabilities` has a row for each example and a column for each label. Counts that do not agree, and positions
  /// outside the label set, are programmer errors.
  public init(
    gold: [Int], predicted: [Int?], labels: LabelSet, probabilities: [[Float]]? = nil
  ) {
    precondition(gold.count == predicted.count, "as many predictions as gold classes are needed")
    var counts: [Pair: Int] = [:]
    var unanswered = [Int](repeating: 0, count: labels.count)
    for (gold, predicted) in zip(gold, predicted) {
      if let predicted {
        counts[Pair(gold: gold, predicted: predicted), default: 0] += 1
      } else {
        unanswered[gold] += 1
      }
    }
    self.init(
      counts: counts, unanswered: unanswered, labels: labels,
      logLoss: probabilities.map { Self.logLoss(gold, $0, classes: labels.count) })
  }

  /// Compares the plain tags of sentences, each word counting as an example.
  ///
  /// Tags must be in the label set, and sentences of equal length; else it is a programmer error. A predicted tag that
  /// is empty stands for a word without an answer.
  public init(goldTags: [[String]], predictedTags: [[String]], labels: LabelSet) {
    precondition(goldTags.map(\.count) == predictedTags.map(\.count), "a tag for each word")
    func position(_ tag: String) -> Int {
      guard let index = labels.index(of: tag) else {
        preconditionFailure("the tag \(tag) is not in the label set")
      }
      return index
    }
    self.init(
      gold: goldTags.joined().map(position),
      predicted: predictedTags.joined().map { $0.isEmpty ? nil : position($0) }, labels: labels)
  }

  private struct Pair: Hashable {
    let gold, predicted: Int
  }

  private init(counts: [Pair: Int], unanswered: [Int], labels: LabelSet, logLoss: Double?) {
    var support = unanswered
    var found = [Int](repeating: 0, count: labels.count)
    for (pair, count) in counts {
      support[pair.gold] += count
      found[pair.predicted] += count
    }
    let right = labels.names.indices.map { counts[Pair(gold: $0, predicted: $0)] ?? 0 }
    let classes = labels.names.enumerated().map { index, label in
      PerClass(
        label: label, scores: Scores(correct: right[index], found: found[index], gold: support[index]),
        support: support[index], predicted: found[index])
    }
    let count = support.reduce(0, +)
    let correct = right.reduce(0, +)
    self.correct = correct
    let scores = classes.map(\.scores)
    self.count = count
    accuracy = count == 0 ? 0 : Double(correct) / Double(count)
    perClass = classes
    micro = Scores(correct: correct, found: count - unanswered.reduce(0, +), gold: count)
    macro = Scores(
      mean: scores, weights: classes.map { $0.support + $0.predicted > 0 ? 1 : 0 })
    weighted = Scores(mean: scores, weights: classes.map { Double($0.support) })
    self.counts = counts
    self.logLoss = logLoss
  }

  private static func logLoss(_ gold: [Int], _ probabilities: [[Float]], classes: Int) -> Double {
    precondition(probabilities.count == gold.count, "a row of probabilities for each example")
    if gold.isEmpty { return 0 }
    let epsilon = Double(Float.ulpOfOne)
    let sum = zip(gold, probabilities).reduce(0.0) { sum, pair in
      precondition(pair.1.count == classes, "a probability for each label")
      return sum - log(min(max(Double(pair.1[pair.0]), epsilon), 1 - epsilon))
    }
    return sum / Double(gold.count)
  }
}

extension ClassificationMetrics {
  /// One class taken for another.
  public struct Confusion: Equatable, Sendable {
    public var gold: String
    public var predicted: String
    public var count: Int
    /// The share of the gold class's examples.
    public var share: Double
  }

  /// How often one class, by its position, was predicted for another.
  public func confused(_ gold: Int, _ predicted: Int) -> Int { counts[Pair(gold: gold, predicted: predicted)] ?? 0 }

  /// How often class `column` was predicted for class `row`: as many numbers as classes squared.
  public var confusion: [[Int]] {
    perClass.indices.map { row in perClass.indices.map { confused(row, $0) } }
  }

  /// The pairs of classes that occur, in the order of the label set: gold, predicted, how often.
  public var pairs: [(gold: Int, predicted: Int, count: Int)] {
    counts.map { ($0.key.gold, $0.key.predicted, $0.value) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
  }

  /// The pairs of classes taken for each other, the most frequent first; ties in the order of the label set.
  public func confusions(limit: Int = .max) -> [Confusion] {
    let wrong = pairs.filter { $0.gold != $0.predicted }
      .sorted { (-$0.count, $0.gold, $0.predicted) < (-$1.count, $1.gold, $1.predicted) }
    return wrong.prefix(limit).map { gold, predicted, count in
      Confusion(
        gold: perClass[gold].label, predicted: perClass[predicted].label, count: count,
        share: Double(count) / Double(perClass[gold].support))
    }
  }
}
