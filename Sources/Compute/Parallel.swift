import CKernels
import Synchronization

/// Work on several threads; indices are claimed one by one, so a slow core takes fewer.
public enum Parallel {
  private final class Work {
    let body: (Int, Int) -> Void
    init(_ body: @escaping (Int, Int) -> Void) { self.body = body }
  }

  private final class Results<Value: Sendable>: Sendable {
    let values: Mutex<[Value?]>
    init(_ count: Int) { values = Mutex([Value?](repeating: nil, count: count)) }
  }

  /// Runs `body(index, worker)` for every index below `count` and returns when all are done.
  public static func forEach(
    _ count: Int, threads: Int, _ body: @escaping @Sendable (_ index: Int, _ worker: Int) -> Void
  ) {
    let work = Work(body)
    withExtendedLifetime(work) {
      dk_parallel(
        Int64(count), Int64(threads),
        { context, index, worker in
          Unmanaged<Work>.fromOpaque(context!).takeUnretainedValue().body(Int(index), Int(worker))
        }, Unmanaged.passUnretained(work).toOpaque())
    }
  }

  /// The values of `body` for every index, in order.
  public static func map<Value: Sendable>(
    _ count: Int, threads: Int, _ body: @escaping @Sendable (_ index: Int) -> Value
  ) -> [Value] {
    let results = Results<Value>(count)
    forEach(count, threads: threads) { index, _ in
      let value = body(index)
      results.values.withLock { $0[index] = value }
    }
    return results.values.withLock { $0.map { $0! } }
  }

  /// Threads that kernels called here may share their work among; 1 inside `forEach` and `map`.
  public static var team: Int { Int(dk_team()) }

  /// Runs `body` with kernels that share out their work among up to `threads` threads. Their bits stay the same.
  public static func together<Value>(_ threads: Int, _ body: () -> Value) -> Value {
    let before = dk_set_team(Int64(threads))
    defer { _ = dk_set_team(before) }
    return body()
  }

  /// How many of so many pieces `mapSharing` gives to all threads together.
  static func sharedCount(_ count: Int, threads: Int) -> Int {
    let left = count % threads
    return 2 * left <= threads ? left : 0
  }

  /// The values of `body` for every index, in order: as many side by side as fill the threads evenly, and the few that are
  /// left one after the other, each by all threads together.
  ///
  /// For pieces of about equal size that are few: with three of them on two threads, two run side by side and the
  /// third is shared. Where most threads have work, sharing would cost more than a few of them waiting.
  public static func mapSharing<Value: Sendable>(
    _ count: Int, threads: Int, _ body: @escaping @Sendable (_ index: Int) -> Value
  ) -> [Value] {
    let shared = sharedCount(count, threads: threads)
    let values = map(count - shared, threads: threads, body)
    return values + (count - shared..<count).map { index in together(threads) { body(index) } }
  }
}
