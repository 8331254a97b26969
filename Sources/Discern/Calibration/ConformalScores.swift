/// How improbable right answers were on held-out data: what decides how large a set of labels has to be (split conformal
/// prediction with the score 1 − p(gold)).
///
/// The probabilities are those of factors that have not seen the held-out data, which is what the promise rests on.
public struct ConformalScores: Equatable, Sendable {
  /// The scores.
  let order: OrderStatistics
  /// By what calibrated logits are multiplied, label by label, to become those of the unseeing factors.
  public let scales: [Double]

  /// How many answers were held out.
  public var count: Int { order.count }
  /// Their scores in ascending order; of more than a thousand, those of a thousand even ranks.
  public var scores: [Double] { order.scores }

  init(count: Int, scores: [Double], scales: [Double]) {
    (order, self.scales) = (OrderStatistics(count: count, kept: scores), scales)
  }

  /// Takes the scores of answers as the unseeing factors make them.
  public init(_ answers: ScoredAnswers, scales: [Double]) {
    self.scales = scales
    order = OrderStatistics(zip(answers.probabilities, answers.gold).map { 1 - $0[$1] })
  }

  /// The largest score that a set of that coverage takes in: the ⌈(n + 1)·coverage⌉-th smallest of n. Nil where n is too
  /// small for the coverage: then only the set of all labels has it.
  public func limit(coverage: Double) -> Double? { order.limit(coverage: coverage) }

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
