import Glibc

/// Streams the lines of a UTF-8 text file, with their numbers.
///
/// Lines end with `\n` or `\r\n`; the last one may end with the file. A byte order mark at the start is skipped. NUL
/// bytes, bytes that are not UTF-8 and lines beyond `maximumLength` are errors that name file and line.
public final class LineReader {
  /// How a line ended.
  public enum Ending: String, Sendable {
    case lineFeed = "\n"
    case carriageReturnLineFeed = "\r\n"
    case endOfFile = ""
  }

  /// One line without its ending.
  public struct Line: Equatable, Sendable {
    /// The valid UTF-8 bytes of the line.
    public var bytes: [UInt8]
    /// Its number in the file, from 1.
    public var number: Int
    /// What stood after it.
    public var ending: Ending

    /// The line as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
    /// Whether there are only spaces, tabs and carriage returns.
    public var isBlank: Bool { bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
  }

  /// The longest line that is read unless told otherwise: 16 MB.
  public static let defaultMaximumLength = 16 << 20
  static let chunkSize = 256 << 10

  /// The file's name for messages.
  public let name: String
  let maximumLength: Int
  private let file: InputFile
  private var chunk = [UInt8](repeating: 0, count: chunkSize)
  private var position = 0
  private var filled = 0
  private var lineNumber = 0
  /// How many bytes of the file's lines were taken so far.
  public private(set) var bytesRead = 0

  /// Opens a file; `-` is the standard input.
  public init(path: String, maximumLength: Int = defaultMaximumLength) throws {
    file = try InputFile(path: path)
    name = file.name
    self.maximumLength = maximumLength
  }

  /// The next line, or nil at the end.
  public func next() throws -> Line? {
    var line: [UInt8] = []
    var ending = Ending.endOfFile
    while true {
      if position == filled {
        filled = try file.read(into: &chunk)
        position = 0
        if filled == 0 { break }
      }
      let stop = endOfLine()
      line.append(contentsOf: chunk[position..<stop])
      bytesRead += stop - position
      // A line may be longer by its carriage return and a byte order mark.
      if line.count > maximumLength + 4 { throw tooLong() }
      position = stop
      if stop < filled {
        position += 1
        ending = .lineFeed
        break
      }
    }
    if ending == .endOfFile, line.isEmpty { return nil }
    lineNumber += 1
    if lineNumber == 1 { try removeByteOrderMark(from: &line) }
    if ending == .lineFeed, line.last == 0x0D {
      line.removeLast()
      ending = .carriageReturnLineFeed
    }
    if line.count > maximumLength { throw tooLong(lineNumber) }
    try check(line)
    return Line(bytes: line, number: lineNumber, ending: ending)
  }

  /// Whether the next line has not been written yet, as on a terminal or a slow pipe.
  public var isWaiting: Bool {
    let hasLine = chunk[position..<filled].contains(0x0A)
    return !hasLine && file.isWaiting
  }

  /// The place of a line for messages: `file:17`.
  public func place(_ line: Int) -> String { "\(name):\(line)" }

  /// Where the line ends in the chunk: at a line feed or at the end of what was read.
  private func endOfLine() -> Int {
    chunk.withUnsafeBytes { bytes in
      let start = bytes.baseAddress! + position
      guard let found = memchr(start, 0x0A, filled - position) else { return filled }
      return UnsafeRawPointer(found) - bytes.baseAddress!
    }
  }

  private func tooLong(_ number: Int? = nil) -> FormatError {
    FormatError(
      place(number ?? lineNumber + 1), found: "a line longer than \(maximumLength) bytes",
      expected: "lines of at most \(maximumLength) bytes",
      remedy: "Check that the file has line breaks, or split the row.")
  }
}

// MARK: - Encoding

extension LineReader {
  private func removeByteOrderMark(from line: inout [UInt8]) throws {
    if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    if line.starts(with: [0xFF, 0xFE]) || line.starts(with: [0xFE, 0xFF]) {
      throw FormatError(
        place(1), found: "a UTF-16 byte order mark", expected: "UTF-8 text",
        remedy: "Convert the file with `iconv -f UTF-16 -t UTF-8`.")
    }
  }

  private func check(_ line: [UInt8]) throws {
    var combined: UInt8 = 0
    var hasNul = false
    for byte in line {
      combined |= byte
      if byte == 0 { hasNul = true }
    }
    if hasNul {
      throw FormatError(
        place(lineNumber), found: "a NUL byte", expected: "text",
        remedy: "This may be a binary or a UTF-16 file.")
    }
    if combined >= 0x80, String(validating: line, as: UTF8.self) == nil {
      throw FormatError(
        place(lineNumber), found: "bytes that are not UTF-8", expected: "UTF-8 text",
        remedy: "Convert the file, for example with `iconv -f LATIN1 -t UTF-8`.")
    }
  }
}
