/// How often each length occurs; those beyond a bound are counted together.
struct Histogram: Sendable {
  /// Lengths from this on are told apart no longer.
  static let bound = 1 << 16

  private var counts: [Int] = []
  private(set) var total = 0
  private(set) var longest = 0
  private(set) var sum = 0

  /// Counts a length.
  mutating func add(_ length: Int) {
    let place = min(length, Self.bound)
    if place >= counts.count { counts += [Int](repeating: 0, count: place + 1 - counts.count) }
    counts[place] += 1
    total += 1
    sum += length
    longest = max(longest, length)
  }

  /// How many are longer than a limit below the bound.
  func beyond(_ limit: Int) -> Int {
    limit + 1 < counts.count ? counts[(limit + 1)...].reduce(0, +) : 0
  }

  /// The length at a share of all, from the shortest on; 0 where there is nothing.
  func quantile(_ share: Double) -> Int {
    let rank = min(total - 1, Int(Double(total) * share))
    var seen = 0
    for (length, count) in counts.enumerated() {
      seen += count
      if seen > rank { return length }
    }
    return 0
  }
}
