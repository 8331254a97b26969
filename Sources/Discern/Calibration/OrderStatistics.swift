/// Scores of held-out answers in ascending order, of which a promise of coverage takes one (split conformal prediction).
struct OrderStatistics: Equatable, Sendable {
  /// How many answers were held out.
  let count: Int
  /// Their scores; of more than a thousand, those of a thousand even ranks.
  let scores: [Double]

  private static let limit = 1000

  /// Takes scores that were kept.
  init(count: Int, kept scores: [Double]) { (self.count, self.scores) = (count, scores) }

  /// Orders scores, and keeps a thousand at most.
  init(_ scores: [Double]) {
    let sorted = scores.sorted()
    count = sorted.count
    self.scores = sorted.count <= Self.limit ? sorted : (0..<Self.limit).map { sorted[Self.rank($0, sorted.count) - 1] }
  }

  /// More answers than were ever held out; ranks of so many can be reckoned with.
  static let mostCount = 1 << 40

  /// Whether so many scores are what is kept of `count`.
  static func canKeep(_ kept: Int, of count: Int) -> Bool {
    count == kept || count > kept && kept == limit && count <= mostCount
  }

  /// The rank of an entry of `scores`, from 1.
  private static func rank(_ index: Int, _ count: Int) -> Int {
    count <= limit ? index + 1 : (index + 1) * count / limit
  }

  /// The ⌈(n + 1)·coverage⌉-th smallest of n scores, or of those kept the next one above; nil where n is too small for
  /// the coverage.
  func limit(coverage: Double) -> Double? {
    let wanted = Int((Double(count + 1) * coverage - 1e-9).rounded(.up))
    return scores.indices.first { Self.rank($0, count) >= wanted }.map { scores[$0] }
  }
}
