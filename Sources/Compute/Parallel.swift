import CKernels

/// Work on several threads; indices are claimed one by one, so a slow core takes fewer.
public enum Parallel {
  private final class Work {
    let body: (Int, Int) -> Void
    init(_ body: @escaping (Int, Int) -> Void) { self.body = body }
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
}
