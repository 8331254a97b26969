/// How well sets of labels were predicted; the definitions are scikit-learn's for indicator matrices, with
/// `zero_division=0`.
public struct MultiLabelMetrics: Equatable, Sendable {
  /// How many examples there are.
  public let count: Int
  /// The share of examples with exactly the right set.
  public let exactMatch: Double
  /// The share of wrong decisions among all, one for each label of each example.
  public let hammingLoss: Double
  /// The scores of each label.
  public let perClass: [ClassificationMetrics.PerClass]
  /// The scores over all decisions for a label.
  public let micro: Scores
  /// The mean over the labels.
  public let macro: Scores
  /// The mean over the labels, weighted by support.
  public let weighted: Scores
  /// The mean over the examples.
  public let samples: Scores

  /// Compares sets of labels; each row says for each label whether it applies. Rows that do not agree are a programmer
  /// error.
  public init(gold: [[Bool]], predicted: [[Bool]], labels: LabelSet) {
    precondition(gold.count == predicted.count, "as many predictions as examples are needed")
    var counts = [(both: Int, found: Int, gold: Int)](repeating: (0, 0, 0), count: labels.count)
    var (exact, wrong) = (0, 0)
    var each: [Scores] = []
    for (gold, predicted) in zip(gold, predicted) {
      precondition(gold.count == labels.count && predicted.count == labels.count, "a decision for each label")
      var own = (both: 0, found: 0, gold: 0)
      for index in gold.indices {
        let (isGold, isFound) = (gold[index] ? 1 : 0, predicted[index] ? 1 : 0)
        own = (own.both + isGold * isFound, own.found + isFound, own.gold + isGold)
        counts[index].both += isGold * isFound
        counts[index].found += isFound
        counts[index].gold += isGold
      }
      let misses = own.found + own.gold - 2 * own.both
      wrong += misses
      exact += misses == 0 ? 1 : 0
      each.append(Scores(correct: own.both, found: own.found, gold: own.gold))
    }
    count = gold.count
    exactMatch = gold.isEmpty ? 0 : Double(exact) / Double(gold.count)
    let decisions = gold.count * labels.count
    hammingLoss = decisions == 0 ? 0 : Double(wrong) / Double(decisions)
    perClass = zip(labels.names, counts).map { label, counts in
      ClassificationMetrics.PerClass(
        label: label, scores: Scores(correct: counts.both, found: counts.found, gold: counts.gold),
        support: counts.gold, predicted: counts.found)
    }
    let scores = perClass.map(\.scores)
    micro = Scores(
      correct: counts.reduce(0) { $0 + $1.both }, found: counts.reduce(0) { $0 + $1.found },
      gold: counts.reduce(0) { $0 + $1.gold })
    macro = Scores(mean: scores, weights: scores.map { _ in 1 })
    weighted = Scores(mean: scores, weights: perClass.map { Double($0.support) })
    samples = Scores(mean: each, weights: each.map { _ in 1 })
  }
}
