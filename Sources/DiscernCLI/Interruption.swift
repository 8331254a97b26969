import Glibc
import Synchronization

/// The user's wish to stop: SIGINT or SIGTERM.
///
/// The first signal is only noted, so that work can end in good order; the second ends the process at once.
enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// Whether a signal has come.
  static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// The exit code for the signal that came: 130 or 143.
  static var exitCode: Int32 { 128 + received.load(ordering: .relaxed) }

  /// Starts to listen; call it before other threads start, so that none of them takes the signals.
  static func listen(_ message: String) {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(signals, message))
    pthread_create(
      &thread, nil,
      { argument in
        let box = Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue()
        while true { box.wait() }
      }, box.toOpaque())
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
      if Interruption.isRequested { _exit(128 + signal) }
      Interruption.received.store(signal, ordering: .relaxed)
      Messages.write("\n")
      Messages.note(message)
    }
  }
}
