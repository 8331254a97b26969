/// Streams the values of a page, without those that are null.
struct ParquetValues {
  private enum Source {
    case plain
    case dictionary(ParquetHybrid)
    /// Truth values in the hybrid of runs and bits.
    case runs(ParquetHybrid)
  }

  private let kind: ParquetColumn.Value
  private let bytes: ArraySlice<UInt8>
  private var source: Source
  /// Where the next plain value stands.
  var position: Int
  private var bit = 0

  /// The values in the encoding of a page.
  init(_ bytes: ArraySlice<UInt8>, encoding: Int, _ column: ParquetColumn, place: String) throws {
    kind = column.value
    self.bytes = bytes
    position = bytes.startIndex
    switch encoding {
    case 0: source = .plain
    case 2, 8:
      guard let width = bytes.first else {
        source = .dictionary(ParquetHybrid([], width: 1))
        return
      }
      guard width <= 32 else { throw ParquetCursor.damaged(place, "positions of \(width) bits") }
      source = .dictionary(ParquetHybrid(bytes.dropFirst(), width: Int(width)))
    case 3 where column.physicalType == 0: source = .runs(ParquetHybrid(bytes.dropFirst(4), width: 1))
    default:
      let names = [
        5: "DELTA_BINARY_PACKED", 6: "DELTA_LENGTH_BYTE_ARRAY", 7: "DELTA_BYTE_ARRAY", 9: "BYTE_STREAM_SPLIT",
      ]
      throw FormatError(
        place, found: "the encoding \(names[encoding] ?? String(encoding))",
        expected: "PLAIN or RLE_DICTIONARY", remedy: "Write the file again with pyarrow's usual settings.")
    }
  }

  /// The next value, or nil where the bytes do not hold it.
  mutating func next(_ dictionary: ParquetDictionary?) -> JSON? {
    switch source {
    case .plain: return plain()
    case .dictionary(var positions):
      let position = positions.next()
      source = .dictionary(positions)
      return position.flatMap { dictionary?.value(at: Int($0)) }
    case .runs(var values):
      let value = values.next()
      source = .runs(values)
      return value.map { .bool($0 != 0) }
    }
  }

  /// The next value as it stands, or nil where the bytes do not hold it.
  mutating func plain() -> JSON? {
    switch kind {
    case .boolean:
      guard position < bytes.endIndex else { return nil }
      defer {
        bit += 1
        if bit == 8 { (bit, position) = (0, position + 1) }
      }
      return .bool(bytes[position] >> bit & 1 == 1)
    case .int32: return bits(4).map { .integer(Int(Int32(truncatingIfNeeded: $0))) }
    case .unsigned32: return bits(4).map { .integer(Int($0)) }
    case .int64: return bits(8).map { .integer(Int(Int64(bitPattern: $0))) }
    case .unsigned64: return bits(8).map { $0 <= UInt64(Int.max) ? .integer(Int($0)) : .number(Double($0)) }
    case .float: return bits(4).map { Self.number(Double(Float(bitPattern: UInt32($0)))) }
    case .double: return bits(8).map { Self.number(Double(bitPattern: $0)) }
    case .text:
      guard let length = bits(4), length <= UInt64(bytes.endIndex - position) else { return nil }
      let end = position + Int(length)
      defer { position = end }
      return String(validating: bytes[position..<end], as: UTF8.self).map { JSON($0) }
    }
  }

  /// Passes over the next value as it stands; answers false where the bytes do not hold it. Not for truth values.
  mutating func skip() -> Bool {
    switch kind {
    case .boolean: return false
    case .int32, .unsigned32, .float: return bits(4) != nil
    case .int64, .unsigned64, .double: return bits(8) != nil
    case .text:
      guard let length = bits(4), length <= UInt64(bytes.endIndex - position) else { return false }
      position += Int(length)
      return true
    }
  }

  /// JSON has no NaN and no infinity; pandas writes NaN where a value is missing.
  private static func number(_ value: Double) -> JSON { value.isFinite ? .number(value) : .null }

  private mutating func bits(_ count: Int) -> UInt64? {
    guard bytes.endIndex - position >= count else { return nil }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[position + index]) << (8 * index) }
    position += count
    return value
  }
}
