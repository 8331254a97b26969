/// Streams the objects of a JSON array that fills a whole file, each with its bytes and the line on which it starts.
///
/// Only brackets and strings are looked at; what stands between them is the parser's matter.
struct JSONElements {
  /// One object.
  struct Element {
    var bytes: [UInt8]
    var line: Int
  }

  private let lines: LineReader
  private var line: LineReader.Line
  private var position: Int
  private var open: Element?
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  private var isFirst = true
  private var needsComma = false
  private var isClosed = false

  /// Starts with the line that has the opening bracket.
  init(_ first: LineReader.Line, _ lines: LineReader) {
    (line, self.lines) = (first, lines)
    position = first.bytes.firstIndex(of: UInt8(ascii: "["))! + 1
  }

  /// The next object, or nil at the end of the file, where the array must have ended.
  mutating func next() throws -> Element? {
    while true {
      while position < line.bytes.count {
        let byte = line.bytes[position]
        position += 1
        if depth > 0 {
          if let element = inside(byte) { return element }
        } else if byte != 0x20 && byte != 0x09 && byte != 0x0D {
          try between(byte)
        }
      }
      if depth > 0 { open!.bytes.append(0x0A) }
      guard let more = try lines.next() else { break }
      (line, position) = (more, 0)
    }
    if !isClosed {
      throw FormatError(
        lines.place(line.number), found: "the end of the file", expected: "the end of the array, ]")
    }
    return nil
  }

  /// Takes a byte of an object, and answers the object where that is its last.
  private mutating func inside(_ byte: UInt8) -> Element? {
    open!.bytes.append(byte)
    if isInString {
      isInString = byte != UInt8(ascii: "\"") || isEscaped
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
      return nil
    }
    switch byte {
    case UInt8(ascii: "\""): isInString = true
    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
    default: break
    }
    if depth > 0 { return nil }
    defer { open = nil }
    (isFirst, needsComma) = (false, true)
    return open
  }

  private mutating func between(_ byte: UInt8) throws {
    switch byte {
    case UInt8(ascii: "{") where !isClosed && !needsComma:
      open = Element(bytes: [byte], line: line.number)
      depth = 1
    case UInt8(ascii: ",") where !isClosed && needsComma: needsComma = false
    case UInt8(ascii: "]") where !isClosed && (needsComma || isFirst): isClosed = true
    default:
      throw FormatError(
        lines.place(line.number),
        found: "\"\(Character(Unicode.Scalar(byte)))\" between the elements of the array",
        expected: "JSON objects with commas between them")
    }
  }
}
