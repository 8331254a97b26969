/// Reads values of Thrift's compact protocol, in which Parquet writes its headers.
///
/// Every length is checked against the bytes that are left before anything is made of it.
struct ThriftReader {
  /// The types of fields and of the elements of lists.
  enum Kind: UInt8 {
    case yes = 1
    case no, byte, i16, i32, i64, double, binary, list, set, map, structure
  }

  /// A field of a structure, whose value comes next.
  struct Field {
    var id: Int
    var kind: Kind
  }

  private let bytes: UnsafeRawBufferPointer
  private let place: String
  /// Where the next value starts.
  private(set) var position: Int
  private var depth = 0

  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0, place: String) {
    self.bytes = bytes
    self.position = position
    self.place = place
  }

  /// The error for a header that is no sound Thrift.
  func damaged(_ what: String) -> FormatError {
    FormatError(
      place, found: "a damaged header (\(what))", expected: "a sound Parquet file",
      remedy: "Fetch or write the file again.")
  }

  mutating func byte() throws -> UInt8 {
    guard position < bytes.count else { throw damaged("it breaks off") }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func varint() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let byte = try byte()
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw damaged("a number without an end")
  }

  /// An integer of any width.
  mutating func integer() throws -> Int {
    let value = try varint()
    return Int(bitPattern: UInt(value >> 1)) ^ -Int(value & 1)
  }

  /// An integer that says how many or how long.
  mutating func count() throws -> Int {
    let value = try integer()
    guard value >= 0 else { throw damaged("the negative size \(value)") }
    return value
  }

  mutating func text() throws -> String {
    guard let text = String(validating: try binary(), as: UTF8.self) else { throw damaged("a name that is not UTF-8") }
    return text
  }

  /// The bytes of a text.
  mutating func binary() throws -> Slice<UnsafeRawBufferPointer> {
    let length = try varint()
    guard length <= UInt64(bytes.count - position) else { throw damaged("a text longer than the header") }
    let start = position
    position += Int(length)
    return bytes[start..<position]
  }

  /// Reads a structure; `body` reads the value of a field or answers false to have it passed over.
  mutating func structure(_ body: (inout ThriftReader, Field) throws -> Bool) throws {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 32 else { throw damaged("too many structures within each other") }
    var id = 0
    while true {
      let head = try byte()
      if head == 0 { return }
      guard let kind = Kind(rawValue: head & 15) else { throw damaged("the field type \(head & 15)") }
      let step = Int(head >> 4)
      id = step > 0 ? id &+ step : try integer()
      if try !body(&self, Field(id: id, kind: kind)) { try skip(kind) }
    }
  }

  /// Reads a list; `body` reads an element.
  mutating func list(_ kind: Kind, _ body: (inout ThriftReader) throws -> Void) throws {
    let (element, count) = try listHead()
    guard element == kind else { throw damaged("a list of other values") }
    for _ in 0..<count { try body(&self) }
  }

  private mutating func listHead() throws -> (Kind, Int) {
    let head = try byte()
    guard let kind = Kind(rawValue: head & 15) else { throw damaged("the element type \(head & 15)") }
    let count = head >> 4 == 15 ? try varint() : UInt64(head >> 4)
    // Each element takes a byte at least.
    guard count <= UInt64(bytes.count - position) else { throw damaged("a list longer than the header") }
    return (kind, Int(count))
  }

  private mutating func advance(_ count: UInt64) throws {
    guard count <= UInt64(bytes.count - position) else { throw damaged("it breaks off") }
    position += Int(count)
  }

  /// Passes over a value.
  private mutating func skip(_ kind: Kind) throws {
    switch kind {
    case .yes, .no: break
    case .byte: try advance(1)
    case .i16, .i32, .i64: _ = try varint()
    case .double: try advance(8)
    case .binary: try advance(try varint())
    case .list, .set:
      depth += 1
      defer { depth -= 1 }
      guard depth <= 32 else { throw damaged("too many lists within each other") }
      let (element, count) = try listHead()
      for _ in 0..<count {
        if element == .yes || element == .no { try advance(1) } else { try skip(element) }
      }
    case .map:
      depth += 1
      defer { depth -= 1 }
      guard depth <= 32 else { throw damaged("too many maps within each other") }
      let count = try varint()
      if count == 0 { return }
      let kinds = try byte()
      guard let key = Kind(rawValue: kinds >> 4), let value = Kind(rawValue: kinds & 15),
        count <= UInt64(bytes.count - position)
      else { throw damaged("a map of unknown types") }
      for _ in 0..<count {
        for part in [key, value] {
          if part == .yes || part == .no { try advance(1) } else { try skip(part) }
        }
      }
    case .structure: try structure { _, _ in false }
    }
  }
}
