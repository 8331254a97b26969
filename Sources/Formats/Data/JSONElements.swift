/// The objects of a JSON array that fills a whole file, each with its bytes and the line on which it starts.
///
/// Only brackets and strings are looked at; what stands between them is the parser's matter.
struct JSONElements {
  /// One object.
  struct Element {
    var bytes: [UInt8]
    var line: Int
  }

  private let name: String
  private(set) var elements: [Element] = []
  private var open: Element?
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  private var needsComma = false
  private var isClosed = false

  /// Takes the line with the opening bracket and all lines behind it.
  init(_ first: LineReader.Line, _ lines: LineReader) throws {
    name = lines.name
    let start = first.bytes.firstIndex(of: UInt8(ascii: "["))!
    try add(first.bytes[(start + 1)...], line: first.number)
    var last = first.number
    while let line = try lines.next() {
      try add(line.bytes[...], line: line.number)
      last = line.number
    }
    if !isClosed {
      throw FormatError("\(name):\(last)", found: "the end of the file", expected: "the end of the array, ]")
    }
  }

  private mutating func add(_ bytes: ArraySlice<UInt8>, line: Int) throws {
    for byte in bytes {
      if depth > 0 {
        inside(byte)
      } else if byte != 0x20 && byte != 0x09 && byte != 0x0D {
        try between(byte, line)
      }
    }
    if depth > 0 { open!.bytes.append(0x0A) }
  }

  private mutating func inside(_ byte: UInt8) {
    open!.bytes.append(byte)
    if isInString {
      isInString = byte != UInt8(ascii: "\"") || isEscaped
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
      return
    }
    switch byte {
    case UInt8(ascii: "\""): isInString = true
    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
    default: break
    }
    if depth == 0 {
      elements.append(open!)
      needsComma = true
    }
  }

  private mutating func between(_ byte: UInt8, _ line: Int) throws {
    switch byte {
    case UInt8(ascii: "{") where !isClosed && !needsComma:
      open = Element(bytes: [byte], line: line)
      depth = 1
    case UInt8(ascii: ",") where !isClosed && needsComma: needsComma = false
    case UInt8(ascii: "]") where !isClosed && (needsComma || elements.isEmpty): isClosed = true
    default:
      throw FormatError(
        "\(name):\(line)", found: "\"\(Character(Unicode.Scalar(byte)))\" between the elements of the array",
        expected: "JSON objects with commas between them")
    }
  }
}
