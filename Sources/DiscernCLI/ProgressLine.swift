import Discern
import Synchronization

/// A line of progress on the standard error.
///
/// On a terminal it draws itself anew, at most ten times a second; elsewhere it prints a plain line for every 5 % and at
/// least every 30 seconds.
final class ProgressLine: Sendable {
  private let state = Mutex(State())

  private struct State {
    var isDrawn = false
    var lastDrawn = -1.0
    var lastPrinted = Clock.seconds
    var nextShare = 0.05
  }

  /// Shows how much is done, from 0 to 1, and what to say about it.
  func show(_ share: Double, _ text: String) {
    if Terminal.error.isLive {
      draw(share, text)
      return
    }
    state.withLock { state in
      let now = Clock.seconds
      guard share >= state.nextShare - 1e-9 || now - state.lastPrinted >= 30 else { return }
      state.lastPrinted = now
      while state.nextShare <= share + 1e-9 { state.nextShare += 0.05 }
      Messages.write("\(Self.percent(share))  \(text)\n")
    }
  }

  /// The same, on a terminal alone.
  func showLive(_ share: Double, _ text: String) {
    if Terminal.error.isLive { draw(share, text) }
  }

  /// Prints a line that stays.
  func print(_ text: String) {
    state.withLock { state in
      Self.erase(&state)
      Messages.write(text + "\n")
    }
  }

  /// Takes the line off the screen.
  func clear() { state.withLock { Self.erase(&$0) } }

  private func draw(_ share: Double, _ text: String) {
    state.withLock { state in
      let now = Clock.seconds
      guard now - state.lastDrawn >= 0.1 || share >= 1 else { return }
      state.lastDrawn = now
      state.isDrawn = true
      let width = Terminal.error.width
      let cells = max(0, min(24, width - text.count - 10))
      let filled = Int((share * Double(cells)).rounded(.down))
      let bar =
        Terminal.error.styled(String(repeating: "━", count: filled), .green)
        + Terminal.error.styled(String(repeating: "━", count: cells - filled), .dim)
      let room = max(0, width - cells - 9)
      Messages.write("\r\(Self.percent(share)) \(bar) \(text.prefix(room))\u{1B}[K")
    }
  }

  private static func erase(_ state: inout State) {
    if state.isDrawn { Messages.write("\r\u{1B}[K") }
    state.isDrawn = false
    state.lastDrawn = -1
  }

  private static func percent(_ share: Double) -> String {
    (100 * share).fixed(0).padded(left: 4) + " %"
  }
}
