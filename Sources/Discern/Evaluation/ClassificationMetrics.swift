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
  /// How often class `column` was predicted for class `row`.
  public let confusion: [[Int]]
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
    var confusion = [[Int]](
      repeating: [Int](repeating: 0, count: labels.count), count: labels.count)
    var unanswered = [Int](repeating: 0, count: labels.count)
    for (gold, predicted) in zip(gold, predicted) {
      if let predicted { confusion[gold][predicted] += 1 } else { unanswered[gold] += 1 }
    }
    self.init(
      confusion: confusion, unanswered: unanswered, labels: labels,
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

  private init(confusion: [[Int]], unanswered: [Int], labels: LabelSet, logLoss: Double?) {
    let classes = labels.names.enumerated().map { index, label in
      let support = confusion[index].reduce(unanswered[index], +)
      let predicted = confusion.reduce(0) { $0 + $1[index] }
      return PerClass(
        label: label,
        scores: Scores(correct: confusion[index][index], found: predicted, gold: support),
        support: support, predicted: predicted)
    }
    let count = classes.reduce(0) { $0 + $1.support }
    let correct = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
    let scores = classes.map(\.scores)
    self.count = count
    accuracy = count == 0 ? 0 : Double(correct) / Double(count)
    perClass = classes
    micro = Scores(correct: correct, found: count - unanswered.reduce(0, +), gold: count)
    macro = Scores(
      mean: scores, weights: classes.map { $0.support + $0.predicted > 0 ? 1 : 0 })
    weighted = Scores(mean: scores, weights: classes.map { Double($0.support) })
    self.confusion = confusion
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

  /// The pairs of classes taken for each other, the most frequent first; ties in the order of the label set.
  public func confusions(limit: Int = .max) -> [Confusion] {
    var pairs: [(Int, Int)] = []
    for row in confusion.indices {
      for column in confusion.indices where row != column && confusion[row][column] > 0 {
        pairs.append((row, column))
      }
    }
    pairs.sort {
      (-confusion[$0.0][$0.1], $0.0, $0.1) < (-confusion[$1.0][$1.1], $1.0, $1.1)
    }
    return pairs.prefix(limit).map { row, column in
      Confusion(
        gold: perClass[row].label, predicted: perClass[column].label,
        count: confusion[row][column],
        share: Double(confusion[row][column]) / Double(perClass[row].support))
    }
  }
}
