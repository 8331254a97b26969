import Glibc
import Synchronization

/// Seconds of a clock that never jumps.
enum Clock {
  static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// Counts from several threads.
final class Counter: Sendable {
  private let value = Mutex(0)

  /// Adds and returns the new sum.
  func add(_ amount: Int) -> Int {
    value.withLock {
      $0 += amount
      return $0
    }
  }
}
