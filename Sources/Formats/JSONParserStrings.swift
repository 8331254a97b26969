/// Strings and their escapes.
extension JSONParser {
  /// Reads a string; `position` is at its opening quote.
  mutating func string() throws -> JSONString {
    let start = position + 1
    var index = start
    var high: UInt8 = 0
    while index < input.count {
      let byte = input[index]
      if byte == UInt8(ascii: "\"") {
        position = index + 1
        return try makeString(input[start..<index], ascii: high < 0x80, at: start)
      }
      if byte == UInt8(ascii: "\\") || byte < 0x20 { break }
      high |= byte
      index += 1
    }
    position = index
    return try escapedString(start)
  }

  /// Short texts lie in their `String`, longer ones in memory of their own.
  @inline(__always)
  private mutating func spendText(_ count: Int) throws {
    if count > 15 { try spend(count + 32) }
  }

  mutating func makeString(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, ascii: Bool, at start: Int) throws
    -> JSONString
  {
    let bytes = UnsafeBufferPointer(rebasing: bytes)
    try spendText(bytes.count)
    if ascii { return JSONString(String(decoding: bytes, as: UTF8.self)) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let offset = start + validPrefix(bytes)
      throw error(
        at: offset, found: "bytes that are not UTF-8", "UTF-8 text", "Save the file as UTF-8.")
    }
    return JSONString(text)
  }

  /// How many bytes come before the first that is not UTF-8.
  func validPrefix(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var count = 0
    while case .valid(let scalar) = parser.parseScalar(from: &iterator) { count += scalar.count }
    return count
  }

  /// Goes on with a string that began at `start` from its first escape (or fault) at `position`.
  mutating func escapedString(_ start: Int) throws -> JSONString {
    scratch.removeAll(keepingCapacity: true)
    var runStart = start
    while position < input.count {
      let byte = input[position]
      if byte == UInt8(ascii: "\"") {
        scratch.append(contentsOf: input[runStart..<position])
        guard let text = String(validating: scratch, as: UTF8.self) else {
          // Only raw bytes can be at fault: escapes append whole scalars.
          let raw = UnsafeBufferPointer(rebasing: input[start..<position])
          let fault = start + validPrefix(raw)
          throw error(
            at: fault, found: "bytes that are not UTF-8", "UTF-8 text", "Save the file as UTF-8.")
        }
        try spendText(scratch.count)
        position += 1
        return JSONString(text)
      }
      if byte < 0x20 { throw unexpected("control characters in strings to be escaped") }
      if byte == UInt8(ascii: "\\") {
        scratch.append(contentsOf: input[runStart..<position])
        try escape()
        runStart = position
      } else {
        position += 1
      }
    }
    throw error(at: start - 1, found: "a string without its closing quote", "'\"'")
  }

  mutating func escape() throws {
    position += 1
    let byte = current
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(byte)
    case UInt8(ascii: "b"): scratch.append(0x08)
    case UInt8(ascii: "f"): scratch.append(0x0C)
    case UInt8(ascii: "n"): scratch.append(0x0A)
    case UInt8(ascii: "r"): scratch.append(0x0D)
    case UInt8(ascii: "t"): scratch.append(0x09)
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw unexpected("one of \" \\ / b f n r t u after a backslash")
    }
    position += 1
  }

  mutating func unicodeEscape() throws {
    let start = position - 1
    position += 1
    var code = try hexadecimal()
    if code & 0xFC00 == 0xD800, current == UInt8(ascii: "\\"), position + 1 < input.count,
      input[position + 1] == UInt8(ascii: "u")
    {
      position += 2
      let low = try hexadecimal()
      if low & 0xFC00 == 0xDC00 { code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF) }
    }
    guard let scalar = Unicode.Scalar(code) else {
      throw error(
        at: start, found: "half of a surrogate pair", "both halves, or the character itself")
    }
    scratch.append(contentsOf: UTF8.encode(scalar)!)
  }

  mutating func hexadecimal() throws -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(current)).hexDigitValue else {
        throw unexpected("a hexadecimal digit")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
