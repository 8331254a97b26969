import Glibc
import Synchronization

/// Seconds of a clock that never jumps.
package enum Clock {
  package static var seconds: Double { read(CLOCK_MONOTONIC) }

  /// Seconds that the calling thread had a core.
  static var threadSeconds: Double { read(CLOCK_THREAD_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// Counts from several threads.
package final class Counter: Sendable {
  private let value = Mutex(0)

  /// Starts at 0.
  package init() {}

  /// Adds and returns the new sum.
  package func add(_ amount: Int) -> Int {
    value.withLock {
      $0 += amount
      return $0
    }
  }
}
