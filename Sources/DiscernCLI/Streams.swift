import Glibc

/// The standard output could not be written.
struct OutputFault: Error, CustomStringConvertible {
  let description: String
}

/// The results' stream: buffered, and a full disk is an error.
struct StandardOutput: ~Copyable {
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 16

  /// Appends text.
  mutating func write(_ text: String) throws {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Hands everything to the system.
  mutating func flush() throws {
    defer { buffer.removeAll(keepingCapacity: true) }
    var rest = buffer[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw OutputFault(
          description: "standard output: it cannot be written: \(String(cString: strerror(errno)))")
      }
      rest = rest.dropFirst(count)
    }
  }
}

/// What is said on the standard error.
enum Messages {
  /// Writes text as it is; where it cannot be written it is lost.
  static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Why the command ends.
  static func error(_ text: String) {
    let name = Terminal.error.styled("discern: error:", .bold, .red)
    write("\(name) \(lines(text))\n")
  }

  /// What the user should know.
  static func warning(_ text: String) {
    write("\(Terminal.error.styled("discern: warning:", .bold, .yellow)) \(lines(text))\n")
  }

  /// A fact by the way.
  static func note(_ text: String) {
    write("\(Terminal.error.styled("discern:", .bold)) \(lines(text))\n")
  }

  private static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0).onOneLine }.joined(separator: "\n")
  }
}
