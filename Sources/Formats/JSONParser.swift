extension JSON {
  /// Parses one JSON text, strictly after RFC 8259: nothing may follow it, names may not repeat, numbers must be finite.
  ///
  /// `name` (and `firstLine`, for a line of a JSON Lines file) make the place of the `FormatError` thrown:
  /// `config.json:3:17` is line 3, Unicode scalar 17. A byte order mark at the start is skipped. Brackets nested deeper
  /// than `maximumDepth`, and values that would take much more memory than the text, are errors too.
  public init(
    parsing bytes: UnsafeRawBufferPointer, name: String, firstLine: Int = 1,
    maximumDepth: Int = 128
  ) throws {
    var parser = JSONParser(
      input: bytes.bindMemory(to: UInt8.self), name: name, firstLine: firstLine,
      maximumDepth: maximumDepth)
    self = try parser.text()
  }

  /// Parses one JSON text from an array of UTF-8 bytes.
  public init(
    parsing bytes: [UInt8], name: String, firstLine: Int = 1, maximumDepth: Int = 128
  ) throws {
    self = try bytes.withUnsafeBytes {
      try JSON(parsing: $0, name: name, firstLine: firstLine, maximumDepth: maximumDepth)
    }
  }

  /// Parses one JSON text from a string.
  public init(
    parsing text: String, name: String, firstLine: Int = 1, maximumDepth: Int = 128
  ) throws {
    try self.init(
      parsing: Array(text.utf8), name: name, firstLine: firstLine, maximumDepth: maximumDepth)
  }
}

/// A recursive-descent parser over bytes.
struct JSONParser {
  let input: UnsafeBufferPointer<UInt8>
  let name: String
  let firstLine: Int
  let maximumDepth: Int
  var position = 0
  var scratch: [UInt8] = []
  /// How many more bytes of memory the values may take; about 20 times as many as the text for the worst of texts.
  private var allowance: Int

  init(
    input: UnsafeBufferPointer<UInt8>, name: String, firstLine: Int, maximumDepth: Int
  ) {
    self.input = input
    self.name = name
    self.firstLine = firstLine
    self.maximumDepth = maximumDepth
    allowance = Self.memoryLimit(textSize: input.count)
  }

  /// The most memory for the values of a text: enough for every vocabulary in use, too little to exhaust a machine.
  static func memoryLimit(textSize: Int) -> Int { 3 * textSize + (32 << 20) }

  /// Takes memory off the allowance.
  @inline(__always)
  mutating func spend(_ bytes: Int) throws {
    allowance -= bytes
    if allowance < 0 { throw tooLarge() }
  }

  private func tooLarge() -> FormatError {
    let limit = Self.memoryLimit(textSize: input.count)
    return error(
      at: position, found: "more values than fit into \(limit) bytes of memory",
      "fewer or longer values in a text of \(input.count) bytes")
  }

  /// The byte at `position`, or 0 (never valid outside a string) at the end.
  var current: UInt8 { position < input.count ? input[position] : 0 }

  mutating func text() throws -> JSON {
    if input.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    skipSpace()
    let result = try value(depth: maximumDepth)
    skipSpace()
    if position < input.count { throw unexpected("the end of the file after the JSON value") }
    return result
  }

  @inline(__always)
  mutating func skipSpace() {
    while position < input.count {
      switch input[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  mutating func value(depth: Int) throws -> JSON {
    switch current {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw unexpected("a JSON value")
    }
  }

  mutating func word(_ word: StaticString, _ value: JSON) throws -> JSON {
    for index in 0..<word.utf8CodeUnitCount {
      if current != word.utf8Start[index] { throw unexpected("\"\(word)\"") }
      position += 1
    }
    return value
  }

  mutating func object(depth: Int) throws -> JSONObject {
    try descend(depth)
    var object = JSONObject()
    if current == UInt8(ascii: "}") {
      position += 1
      return object
    }
    while true {
      if current != UInt8(ascii: "\"") { throw unexpected("a member name in double quotes") }
      let start = position
      let key = try string()
      skipSpace()
      if current != UInt8(ascii: ":") { throw unexpected("':' after a member name") }
      position += 1
      skipSpace()
      let value = try value(depth: depth - 1)
      if !object.insert(key, value) {
        throw error(at: start, found: "the name \(quoted(key.text)) twice in one object", "different names")
      }
      try spend(object.count == 1 ? Self.memberCost + Self.bufferCost : Self.memberCost)
      skipSpace()
      if try !another(closing: UInt8(ascii: "}")) { return object }
    }
  }

  mutating func array(depth: Int) throws -> [JSON] {
    try descend(depth)
    var elements: [JSON] = []
    if current == UInt8(ascii: "]") {
      position += 1
      return elements
    }
    while true {
      elements.append(try value(depth: depth - 1))
      try spend(elements.count == 1 ? Self.elementCost + Self.bufferCost : Self.elementCost)
      skipSpace()
      if try !another(closing: UInt8(ascii: "]")) { return elements }
    }
  }

  /// What values take: buffers that grow are up to twice as long as what is in them, and have a head.
  private static let elementCost = 2 * MemoryLayout<JSON>.stride
  private static let memberCost = 2 * MemoryLayout<JSONObject.Member>.stride + 16
  private static let bufferCost = 32

  /// Steps over the opening bracket.
  mutating func descend(_ depth: Int) throws {
    if depth <= 0 {
      throw error(
        at: position, found: "too many nested brackets",
        "brackets nested at most \(maximumDepth) deep")
    }
    position += 1
    skipSpace()
  }

  /// Steps over a comma (true) or the closing bracket (false).
  @inline(__always)
  mutating func another(closing: UInt8) throws -> Bool {
    let byte = current
    if byte == UInt8(ascii: ",") {
      position += 1
      skipSpace()
      return true
    }
    if byte != closing {
      throw unexpected("',' or '\(Character(Unicode.Scalar(closing)))'")
    }
    position += 1
    return false
  }
}

// MARK: Numbers

extension JSONParser {
  mutating func number() throws -> JSON {
    let start = position
    let negative = current == UInt8(ascii: "-")
    if negative { position += 1 }
    var magnitude: UInt64 = 0
    var overflow = false
    let digits = position
    while let digit = digit() {
      let (product, over) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, overSum) = product.addingReportingOverflow(UInt64(digit))
      overflow = overflow || over || overSum
      magnitude = sum
      position += 1
    }
    if position == digits { throw unexpected("a digit") }
    if position - digits > 1, input[digits] == UInt8(ascii: "0") {
      throw error(at: digits, found: "a number with a leading zero", "a JSON number")
    }
    var fraction = false
    if current == UInt8(ascii: ".") {
      fraction = true
      position += 1
      try skipDigits()
    }
    if current | 0x20 == UInt8(ascii: "e") {
      fraction = true
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try skipDigits()
    }
    if !fraction, !overflow, !(negative && magnitude == 0) {
      if !negative, let value = Int(exactly: magnitude) { return .integer(value) }
      if negative, magnitude <= UInt64(Int.max) + 1 {
        return .integer(Int(truncatingIfNeeded: 0 &- magnitude))
      }
    }
    let literal = String(decoding: input[start..<position], as: UTF8.self)
    guard let value = Double(literal), value.isFinite else {
      throw error(
        at: start, found: "the number \(printable(literal, limit: 40))",
        "a number that fits in 64-bit floating point")
    }
    return .number(value)
  }

  @inline(__always)
  func digit() -> UInt8? {
    let value = current &- UInt8(ascii: "0")
    return value < 10 ? value : nil
  }

  mutating func skipDigits() throws {
    if digit() == nil { throw unexpected("a digit") }
    while digit() != nil { position += 1 }
  }
}

// MARK: Errors

extension JSONParser {
  /// The fault that what stands at `position` is not what it should be.
  func unexpected(_ expected: String) -> FormatError {
    guard position < input.count else {
      return error(at: position, found: "the end of the file", expected)
    }
    let byte = input[position]
    if byte < 0x20 || byte == 0x7F {
      let digits = String(byte, radix: 16, uppercase: true)
      return error(
        at: position, found: "the control byte 0x\(byte < 16 ? "0" : "")\(digits)", expected)
    }
    let rest = String(decoding: input[position..<min(input.count, position + 4)], as: UTF8.self)
    return error(at: position, found: "'\(rest.unicodeScalars.first!)'", expected)
  }

  func error(at offset: Int, found: String, _ expected: String, _ remedy: String = "")
    -> FormatError
  {
    var line = firstLine
    var lineStart = 0
    for index in 0..<offset where input[index] == 0x0A {
      line += 1
      lineStart = index + 1
    }
    let column = input[lineStart..<offset].count { $0 & 0xC0 != 0x80 } + 1
    return FormatError(
      "\(name):\(line):\(column)", found: found, expected: expected, remedy: remedy)
  }
}
