/// Precision, recall and their harmonic mean, from counts of correct, found and true things.
///
/// A ratio whose denominator is zero is 0.
public struct Scores: Equatable, Sendable {
  /// How many of the things found are right.
  public var precision: Double
  /// How many of the true things were found.
  public var recall: Double
  /// The harmonic mean of both.
  public var f1: Double

  /// The scores of counts.
  public init(correct: Int, found: Int, gold: Int) {
    precision = found == 0 ? 0 : Double(correct) / Double(found)
    recall = gold == 0 ? 0 : Double(correct) / Double(gold)
    f1 = found + gold == 0 ? 0 : 2 * Double(correct) / Double(found + gold)
  }

  /// The mean of each score, weighted; 0 where all weights are.
  public init(mean scores: [Scores], weights: [Double]) {
    let total = weights.reduce(0, +)
    func mean(_ score: (Scores) -> Double) -> Double {
      total == 0 ? 0 : zip(scores, weights).reduce(0) { $0 + score($1.0) * $1.1 } / total
    }
    precision = mean(\.precision)
    recall = mean(\.recall)
    f1 = mean(\.f1)
  }
}
