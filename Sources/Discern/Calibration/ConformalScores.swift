/// How improbable right answers were on held-out data: what decides how large a set of labels has to be (split conformal
/// prediction with the score 1 − p(gold)).
///
/// The probabilities are those of factors that have not seen the held-out data, which is what the promise rests on.
public struct ConformalScores: Equatable, Sendable {
  /// How many answers were held out.
  public let count: Int
  /// Their scores in ascending order; of more than a thousand, those of a thousand even ranks.
  public let scores: [Double]
  /// By what calibrated logits are multiplied, label by label, to become those of the unseeing factors.
  public let scales: [Double]

  private static let limit = 1000

  init(count: Int, scores: [Double], scales: [Double]) {
    (self.count, self.scores, self.scales) = (count, scores, scales)
  }

  /// Takes the scores of answers as the unseeing factors make them.
  public init(_ answers: ScoredAnswers, scales: [Double]) {
    self.scales = scales
    let sorted = zip(answers.probabilities, answers.gold).map { 1 - $0[$1] }.sorted()
    count = sorted.count
    scores = sorted.count <= Self.limit ? sorted : (0..<Self.limit).map { sorted[Self.rank($0, sorted.count) - 1] }
  }

  /// The rank of an entry of `scores`, from 1.
  private static func rank(_ index: Int, _ count: Int) -> Int {
    count <= limit ? index + 1 : (index + 1) * count / limit
  }

  /// The largest score that a set of that coverage takes in: the ⌈(n + 1)·coverage⌉-th smallest of n. Nil where n is too
  /// small for the coverage: then only the set of all labels has it.
  public func limit(coverage: Double) -> Double? {
    let wanted = Int((Double(count + 1) * coverage - 1e-9).rounded(.up))
    guard let index = scores.indices.first(where: { Self.rank($0, count) >= wanted }) else { return nil }
    return scores[index]
  }

  /// The labels of a set with that coverage, the most probable first; at least one.
  public func set(_ logits: [Float], coverage: Double) -> [Int] {
    let probabilities = softmax(zip(logits, scales).map { Float(Double($0) * $1) })
    let order = probabilities.indices.sorted { (-probabilities[$0], $0) < (-probabilities[$1], $1) }
    guard let limit = limit(coverage: coverage) else { return order }
    // As the scores were computed, so that ties stay ties.
    let inside = order.prefix { 1 - probabilities[$0] <= limit }
    return inside.isEmpty ? Array(order.prefix(1)) : Array(inside)
  }
}
