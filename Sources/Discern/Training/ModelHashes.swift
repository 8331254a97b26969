import Dispatch
import Formats
import Glibc
import Synchronization

/// The SHA-256 of a model's files, found beside the training: for some gigabytes it takes seconds, which no start waits for.
final class ModelHashes: Sendable {
  private let state = Mutex<[RunManifest.File]?>(nil)
  private let isTold = Atomic(false)
  private let isCancelled = Atomic(false)
  private let ending = DispatchSemaphore(value: 0)

  /// Starts to read the files, when nothing else wants the processor.
  init(of files: [String]) {
    var started = pthread_t()
    let job = Unmanaged.passRetained(Job(files: files, hashes: self))
    let status = pthread_create(
      &started, nil,
      { argument in
        Unmanaged<Job>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, job.toOpaque())
    // Nobody joins it: a second signal ends the process at once.
    if status == 0 { pthread_detach(started) } else { job.takeRetainedValue().run() }
  }

  /// What has been found, to the first who asks when all of it is known; nobody waits.
  func filesOnce() -> [RunManifest.File]? {
    guard let files = state.withLock({ $0 }), !isTold.exchange(true, ordering: .relaxed) else { return nil }
    return files
  }

  /// What has been found: all of it, or with `waits` false nothing where it isn't all yet.
  func files(waits: Bool) -> [RunManifest.File]? {
    if !waits { isCancelled.store(true, ordering: .relaxed) }
    ending.wait()
    ending.signal()
    return state.withLock { $0 }
  }

  private final class Job {
    let files: [String]
    let hashes: ModelHashes

    init(files: [String], hashes: ModelHashes) {
      (self.files, self.hashes) = (files, hashes)
    }

    func run() {
      // Of this thread alone, on Linux.
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
      let found = files.map { path in
        RunManifest.File(path: path, hash: try? SHA256.hexDigest(ofFile: path, while: { self.isWanted }))
      }
      if isWanted { hashes.state.withLock { $0 = found } }
      hashes.ending.signal()
    }

    private var isWanted: Bool { !hashes.isCancelled.load(ordering: .relaxed) }
  }
}
