/// From which probability on the answers of each class reach a precision.
///
/// Among the held-out answers of a class with at least that probability, (wrong + 1) / (kept + 1) must not exceed 1 −
/// precision: one more wrong answer than was seen is allowed for. Classes with too few answers to ever reach a precision
/// take the threshold of all classes together.
public struct PrecisionThresholds: Equatable, Sendable {
  /// An answer: its class, its probability, and whether it is right.
  public struct Decision: Equatable, Sendable {
    public var index: Int
    public var probability: Double
    public var isRight: Bool
  }

  /// Answers from this probability on have this precision, by the rule above.
  public struct Point: Equatable, Sendable {
    public var threshold: Double
    public var precision: Double
  }

  /// The classes' names: labels, or types of spans.
  public let classes: [String]
  /// How many answers of each class there were.
  public let counts: [Int]
  /// For each class the thresholds that reach a higher precision than all lower ones, from the lowest.
  public let points: [[Point]]
  /// The same for all classes together.
  public let all: [Point]

  /// The most points kept of a class; of more, evenly spread ones stay.
  private static let pointLimit = 100

  init(classes: [String], counts: [Int], points: [[Point]], all: [Point]) {
    (self.classes, self.counts, self.points, self.all) = (classes, counts, points, all)
  }

  /// Finds the thresholds of answers.
  public init(_ decisions: [Decision], classes: [String]) {
    var own = [[Decision]](repeating: [], count: classes.count)
    for decision in decisions { own[decision.index].append(decision) }
    self.init(
      classes: classes, counts: own.map(\.count), points: own.map(Self.points), all: Self.points(decisions))
  }

  private static func points(_ decisions: [Decision]) -> [Point] {
    let sorted = decisions.sorted { $0.probability < $1.probability }
    var wrong = sorted.count { !$0.isRight }
    var best = -Double.infinity
    var points: [Point] = []
    var start = 0
    while start < sorted.count {
      let threshold = sorted[start].probability
      let precision = 1 - Double(wrong + 1) / Double(sorted.count - start + 1)
      if precision > best, precision > 0 {
        points.append(Point(threshold: threshold, precision: precision))
        best = precision
      }
      while start < sorted.count, sorted[start].probability == threshold {
        wrong -= sorted[start].isRight ? 0 : 1
        start += 1
      }
    }
    guard points.count > pointLimit else { return points }
    return (0..<pointLimit).map { points[($0 + 1) * points.count / pointLimit - 1] }
  }

  /// The smallest probability of an answer of that class that may be given; nil where none may.
  public func threshold(_ index: Int, precision: Double) -> Double? {
    func first(_ points: [Point]) -> Double? { points.first { $0.precision >= precision - 1e-12 }?.threshold }
    let attainable = 1 - 1 / Double(counts[index] + 1)
    return attainable >= precision - 1e-12 ? first(points[index]) : first(all)
  }
}
