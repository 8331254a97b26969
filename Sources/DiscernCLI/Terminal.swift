import Glibc

/// What the reader of a stream can show.
struct Terminal: Sendable {
  private let descriptor: Int32
  /// Whether it is a screen on which a line can be drawn again.
  let isLive: Bool
  /// Whether colours are shown: `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb` have their say.
  let hasColor: Bool

  static let output = Terminal(1)
  static let error = Terminal(2)

  private init(_ descriptor: Int32) {
    func set(_ name: String) -> Bool {
      guard let value = getenv(name).map({ String(cString: $0) }) else { return false }
      return !value.isEmpty && (name == "NO_COLOR" || value != "0")
    }
    self.descriptor = descriptor
    let isDumb = getenv("TERM").map { String(cString: $0) } == "dumb"
    isLive = isatty(descriptor) == 1 && !isDumb
    hasColor = !set("NO_COLOR") && (isLive || set("CLICOLOR_FORCE"))
  }

  /// Characters in a line.
  var width: Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// ANSI styles.
  enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"
    case magenta = "35"
    case cyan = "36"
  }

  /// The text in a style, where colours are shown.
  func styled(_ text: String, _ styles: Style...) -> String {
    guard hasColor, !text.isEmpty else { return text }
    let codes = styles.map(\.rawValue).joined(separator: ";")
    return "\u{1B}[\(codes)m\(text)\u{1B}[0m"
  }
}

extension String {
  /// The text on one line, harmless to a terminal: control characters become spaces.
  var onOneLine: String {
    if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return self }
    var view = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: view.append(" ")
      default: view.append(scalar)
      }
    }
    return String(view)
  }
}
