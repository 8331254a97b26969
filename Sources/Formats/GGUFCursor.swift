/// Reads little-endian values from the start of a mapped file, and never beyond its end.
struct GGUFCursor {
  let file: MappedFile
  private(set) var position: Int

  init(_ file: MappedFile, at position: Int = 0) {
    self.file = file
    self.position = position
  }

  /// How many bytes are left.
  var rest: Int { file.bytes.count - position }

  /// Reads a number of fixed width; `what` names it in the error for a file that ends before.
  mutating func read<Value: FixedWidthInteger>(
    _ type: Value.Type, _ what: @autoclosure () -> String
  ) throws -> Value {
    let range = try skip(UInt64(MemoryLayout<Value>.size), what())
    return Value(
      littleEndian: file.bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Value.self))
  }

  /// Steps over `count` bytes and answers where they lie.
  mutating func skip(_ count: UInt64, _ what: @autoclosure () -> String) throws -> Range<Int> {
    guard count <= UInt64(rest) else {
      throw FormatError(
        file.name, found: "\(what()) of \(count) bytes at offset \(position), beyond the end",
        expected: "it within \(file.bytes.count) bytes",
        remedy: "The file may be incomplete: download or copy it again.")
    }
    let start = position
    position += Int(count)
    return start..<position
  }

  /// Steps over a string, which is a length and that many bytes, and answers where the bytes lie.
  mutating func string(_ what: @autoclosure () -> String) throws -> Range<Int> {
    let length = try read(UInt64.self, "the length of \(what())")
    return try skip(length, what())
  }

  /// Reads a string that must be UTF-8 of at most `limit` bytes: a key or the name of a tensor.
  mutating func name(_ what: @autoclosure () -> String, limit: Int = 65_535) throws -> String {
    let range = try string(what())
    guard range.count <= limit, let text = String(validating: file.bytes[range], as: UTF8.self) else {
      throw FormatError(
        file.name, found: "\(range.count) bytes at offset \(range.lowerBound) as \(what())",
        expected: "a text in UTF-8 of at most \(limit) bytes")
    }
    return text
  }
}
