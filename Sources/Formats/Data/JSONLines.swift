/// Streams a JSON Lines file: a JSON object on each line that is not blank.
public final class JSONLines {
  /// One object.
  public struct Row: Equatable, Sendable {
    public var object: JSONObject
    /// The line it stands on.
    public var line: Int
  }

  private let lines: LineReader
  /// How many blank lines were skipped so far.
  public private(set) var blankLines = 0

  /// The file's name for messages.
  public var name: String { lines.name }

  /// Reads from lines.
  public init(_ lines: LineReader) { self.lines = lines }

  /// The next object, or nil at the end.
  public func next() throws -> Row? {
    while let line = try lines.next() {
      if line.isBlank {
        blankLines += 1
        continue
      }
      let first = line.bytes.first { $0 != 0x20 && $0 != 0x09 }
      if first != UInt8(ascii: "{") { throw notAnObject(line, first) }
      let value = try JSON(parsing: line.bytes, name: name, firstLine: line.number)
      guard let object = value.object else { throw notAnObject(line, first) }
      return Row(object: object, line: line.number)
    }
    return nil
  }

  private func notAnObject(_ line: LineReader.Line, _ first: UInt8?) -> FormatError {
    let isArray = first == UInt8(ascii: "[")
    return FormatError(
      lines.place(line.number), found: isArray ? "a JSON array" : "no JSON object",
      expected: "one JSON object on each line",
      remedy: isArray
        ? "Turn a file that is one array into lines with `jq -c '.[]'`."
        : "If this is no JSON Lines file, give its format.")
  }
}
