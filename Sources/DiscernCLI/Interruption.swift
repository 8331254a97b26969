import Glibc
import Synchronization

/// The user's wish to stop: SIGINT, SIGTERM, or SIGHUP where it isn't ignored.
///
/// The first signal is only noted, so that work can end in good order; the second ends the process at once. SIGHUP does
/// not count as one of two: a terminal that goes away sends it more than once, and systemd sends it before SIGTERM or
/// after.
enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// Whether a signal has come.
  static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// The exit code for the signal that came: 129, 130 or 143.
  static var exitCode: Int32 { 128 + received.load(ordering: .relaxed) }

  /// Starts to listen; call it before other threads start, so that none of them takes the signals.
  static func listen(_ message: String) {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    if !isIgnored(SIGHUP) { sigaddset(&signals, SIGHUP) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(signals, message))
    let status = pthread_create(
      &thread, nil,
      { argument in
        let box = Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue()
        while true { box.wait() }
      }, box.toOpaque())
    if status == 0 { return }
    // With nobody who listens, the signals must end the process as ever.
    box.release()
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// From now on a reader that goes away ends no work: what is written for it fails, or is lost.
  static func ignoreLostReaders() { _ = signal(SIGPIPE, SIG_IGN) }

  /// Whether the process was started so that it does not hear a signal, as `nohup` does.
  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private final class Box {
    var signals: sigset_t
    let message: String

    init(_ signals: sigset_t, _ message: String) {
      self.signals = signals
      self.message = message
    }

    func wait() {
      var signal: Int32 = 0
      guard sigwait(&signals, &signal) == 0 else { return }
      let before = Interruption.received.load(ordering: .relaxed)
      if before != 0, signal == SIGHUP { return }
      if before != 0, before != SIGHUP { _exit(128 + signal) }
      Interruption.received.store(signal, ordering: .relaxed)
      Messages.write("\n")
      Messages.note(message)
    }
  }
}
