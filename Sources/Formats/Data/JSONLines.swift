/// Streams a JSON Lines file: a JSON object on each line that is not blank; or a file that is one array of objects.
public final class JSONLines {
  /// One object.
  public struct Row: Equatable, Sendable {
    public var object: JSONObject
    /// The line it stands on.
    public var line: Int
  }

  private let lines: LineReader
  private var isAtStart = true
  private var elements: JSONElements?
  /// How many blank lines were skipped so far.
  public private(set) var blankLines = 0

  /// The file's name for messages.
  public var name: String { lines.name }

  /// Reads from lines.
  public init(_ lines: LineReader) { self.lines = lines }

  /// The next object, or nil at the end.
  public func next() throws -> Row? {
    if elements != nil { return try elements!.next().map { try row($0.bytes, $0.line) } }
    while let line = try lines.next() {
      if line.isBlank {
        blankLines += 1
        continue
      }
      let first = line.bytes.first { $0 != 0x20 && $0 != 0x09 }
      if isAtStart, first == UInt8(ascii: "[") {
        isAtStart = false
        elements = JSONElements(line, lines)
        return try next()
      }
      isAtStart = false
      if first != UInt8(ascii: "{") { throw notAnObject(line, first) }
      return try row(line.bytes, line.number)
    }
    return nil
  }

  private func row(_ bytes: [UInt8], _ line: Int) throws -> Row {
    let value = try JSON(parsing: bytes, name: name, firstLine: line)
    guard let object = value.object else {
      throw FormatError(lines.place(line), found: value.kind, expected: "a JSON object")
    }
    return Row(object: object, line: line)
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
