import CKernels
import Synchronization

/// Work on several threads; indices are claimed one by one, so a slow core takes fewer.
///
/// A thread that finds none left helps with the kernels of those that are still at work (`team`).
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

  /// Threads that a call from here would be shared among, inside `forEach` and `map`: this one and those that have nothing
  /// left to do; 1 elsewhere. `CPUBackend` cuts its kernels' work accordingly; their bits stay the same.
  public static var team: Int { Int(dk_team()) }
}
