import Compute

/// Resamples of examples with replacement: how much a score would move with other examples of the same kind.
///
/// Resample b is drawn from its own stream of the seed, so that the values depend on the seed and the number of examples
/// alone, never on the threads.
public struct Bootstrap: Equatable, Sendable {
  /// How many resamples are drawn.
  public var resamples = 1000
  /// Decides the draws.
  public var seed: UInt64 = 1

  /// 1000 resamples of seed 1.
  public init() {}

  /// The statistics on each resample: `statistics` gets the positions that were drawn, as many as there are examples.
  public func values(
    count: Int, threads: Int = 1, _ statistics: @escaping @Sendable (_ drawn: [Int]) -> [Double]
  ) -> [[Double]] {
    guard count > 0 else { return [] }
    return Parallel.map(resamples, threads: threads) { [seed] resample in
      var random = Random(seed: seed, stream: RandomStream.bootstrap + UInt64(resample))
      return statistics((0..<count).map { _ in random.integer(below: count) })
    }
  }

  /// The interval between two quantiles of values that leaves out `1 - level`, half on each side; between two values it is
  /// interpolated linearly.
  public static func interval(_ values: [Double], level: Double = 0.95) -> ClosedRange<Double>? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    func quantile(_ share: Double) -> Double {
      let position = share * Double(sorted.count - 1)
      let below = Int(position)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
    }
    return quantile((1 - level) / 2)...quantile((1 + level) / 2)
  }
}
