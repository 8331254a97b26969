import Compute

/// Measures the machine's limits in short bursts between pieces of work.
package struct PeakMeter {
  let threads: Int
  private let rounds: Int
  /// Floating-point operations per second of every burst.
  private(set) var bursts: [Double] = []

  /// Seconds that a burst takes.
  private static let burst = 0.02

  /// Finds out how much work fills a burst.
  package init(threads: Int) {
    self.threads = threads
    var rounds = 20_000
    while true {
      let start = Clock.seconds
      _ = MachineLimit.multiplyAdds(rounds: rounds, threads: threads)
      let seconds = Clock.seconds - start
      if seconds >= PeakMeter.burst / 4 || rounds > 1 << 40 {
        self.rounds = max(1, Int(Double(rounds) * PeakMeter.burst / seconds))
        return
      }
      rounds *= 2
    }
  }

  /// Operations per second of multiply-adds, now.
  package mutating func measure() -> Double {
    let start = Clock.seconds
    let operations = MachineLimit.multiplyAdds(rounds: rounds, threads: threads)
    let speed = Double(operations) / (Clock.seconds - start)
    bursts.append(speed)
    return speed
  }

  /// Bytes per second that all threads together read from memory: the median of some passes over a large buffer.
  static func bandwidth(threads: Int, passes: Int = 5) -> Double {
    let backend = CPUBackend()
    // Larger than the caches of any but the largest servers.
    let buffer = Tensor.zeros(rows: 256, columns: 1 << 18, on: backend)
    let speeds = (0..<passes).map { _ in
      let start = Clock.seconds
      let bytes = MachineLimit.read(buffer, threads: threads)
      return Double(bytes) / (Clock.seconds - start)
    }
    return speeds.median
  }
}

extension [Double] {
  /// The middle value, or the mean of the two; 0 of none.
  package var median: Double {
    guard !isEmpty else { return 0 }
    let sorted = sorted()
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }
}
