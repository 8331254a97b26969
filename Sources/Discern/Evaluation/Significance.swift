import Compute
import Glibc

/// Whether two systems that answered the same examples really differ.
public enum Significance {
  /// McNemar's exact test: how likely at least so uneven a split of the examples that only one system got right would be,
  /// were both equally good (two-sided binomial with p = 1/2).
  public static func mcNemar(onlyFirst: Int, onlySecond: Int) -> Double {
    let count = onlyFirst + onlySecond
    let fewer = min(onlyFirst, onlySecond)
    if count == 0 || 2 * fewer == count { return 1 }
    // Terms from the largest downward, each from the one before: no factorial ever overflows.
    var term = exp(logBinomial(count, fewer) - Double(count) * M_LN2)
    var sum = 0.0
    for k in stride(from: fewer, through: 0, by: -1) {
      sum += term
      term *= Double(k) / Double(count - k + 1)
    }
    return min(1, 2 * sum)
  }

  /// Approximate randomisation (Noreen 1989): each round swaps the answers of each example with probability 1/2, and
  /// counts the rounds whose difference is at least the one that was seen.
  ///
  /// `difference` gets for each example whether it is swapped. The result is (count + 1) / (rounds + 1), so that it is
  /// never 0. Round r draws from its own stream of the seed: threads do not matter.
  public static func randomisation(
    count: Int, rounds: Int = 10_000, seed: UInt64 = 1, threads: Int = 1,
    _ difference: @escaping @Sendable (_ isSwapped: [Bool]) -> Double
  ) -> Double {
    let seen = abs(difference([Bool](repeating: false, count: count)))
    let hits = Parallel.map(rounds, threads: threads) { round in
      var random = Random(seed: seed, stream: RandomStream.randomisation + UInt64(round))
      var bits: UInt64 = 0
      let isSwapped = (0..<count).map { index in
        if index % 64 == 0 { bits = random.next() }
        return bits >> UInt64(index % 64) & 1 == 1
      }
      // Sums in another order may differ in their last bits.
      return abs(difference(isSwapped)) >= seen - 1e-12 ? 1 : 0
    }
    return Double(hits.reduce(0, +) + 1) / Double(rounds + 1)
  }

  private static func logBinomial(_ n: Int, _ k: Int) -> Double {
    lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
  }
}
