/// How many errors are left where the least certain answers are withheld.
public struct RiskCoverage: Equatable, Sendable {
  /// What is left above one probability.
  public struct Point: Equatable, Sendable {
    /// The share of texts that are answered.
    public var coverage: Double
    /// The smallest probability that is answered.
    public var threshold: Double
    /// The share of the answers that is wrong.
    public var risk: Double
  }

  /// A point for each distinct probability, from the fewest answers to all.
  public let points: [Point]
  /// The mean risk over all numbers of answers (AURC); 0 without answers.
  public let area: Double

  /// Orders answers by their probability; equal ones are answered together.
  public init(_ confidences: [Double], _ isRight: [Bool]) {
    let order = confidences.indices.sorted { (-confidences[$0], $0) < (-confidences[$1], $1) }
    var points: [Point] = []
    var wrong = 0
    var area = 0.0
    var start = 0
    while start < order.count {
      let threshold = confidences[order[start]]
      var end = start
      while end < order.count, confidences[order[end]] == threshold {
        wrong += isRight[order[end]] ? 0 : 1
        end += 1
      }
      let risk = Double(wrong) / Double(end)
      points.append(
        Point(coverage: Double(end) / Double(order.count), threshold: threshold, risk: risk))
      area += risk * Double(end - start)
      start = end
    }
    self.points = points
    self.area = order.isEmpty ? 0 : area / Double(order.count)
  }

  /// About so many of the points, evenly spread over the coverage, the last one among them.
  public func thinned(to count: Int) -> [Point] {
    guard points.count > count else { return points }
    return (1...count).map { step in
      let wanted = Double(step) / Double(count)
      return points.first { $0.coverage >= wanted } ?? points[points.count - 1]
    }
  }
}
