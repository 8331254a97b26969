import CZlib
import CZstd

/// A page of a Parquet column, unpacked.
struct ParquetPage {
  enum Kind { case dictionary, data, dataV2, other }

  var kind = Kind.other
  /// How many values, those that are null included.
  var values = 0
  var encoding = 0
  /// The levels and the values.
  var body: [UInt8] = []
  /// In pages of the second version, the bytes that the levels take at the start.
  var repetitionLength = 0
  var definitionLength = 0
}

/// Streams the pages of a column in a row group.
struct ParquetPages {
  private let bytes: UnsafeRawBufferPointer
  private let codec: Int
  private let budget: ParquetBudget
  private let place: String
  private var position = 0

  /// The bytes are those of the chunk; whoever made them keeps them.
  init(_ bytes: UnsafeRawBufferPointer, codec: Int, _ budget: ParquetBudget, place: String) throws {
    self.bytes = bytes
    self.codec = codec
    self.budget = budget
    self.place = place
    guard [0, 1, 2, 6].contains(codec) else {
      let names = [3: "LZO", 4: "Brotli", 5: "LZ4", 7: "LZ4"]
      throw FormatError(
        place, found: "compression by \(names[codec] ?? "method \(codec)")",
        expected: "snappy, gzip, zstd or none", remedy: "Write the file again with one of these.")
    }
  }

  /// The next page, or nil at the end of the chunk; its body is held of the budget.
  mutating func next() throws -> ParquetPage? {
    guard position < bytes.count else { return nil }
    var header = Header()
    var reader = ThriftReader(bytes, at: position, place: place)
    try header.read(&reader)
    guard header.packedSize >= 0, header.packedSize <= bytes.count - reader.position else {
      throw reader.damaged("a page of \(header.packedSize) bytes in a column with \(bytes.count - reader.position)")
    }
    guard header.size >= 0, max(header.size, header.packedSize) <= Int32.max else {
      throw reader.damaged("a page of \(header.size) bytes; the limit is \(Int32.max)")
    }
    let start = reader.position
    try budget.take(page: start - position + header.packedSize + header.size, place: place)
    position = start + header.packedSize
    let packed = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    if let sum = header.checksum {
      let found = crc32(0, packed.bindMemory(to: UInt8.self).baseAddress, UInt32(packed.count))
      guard UInt32(truncatingIfNeeded: found) == UInt32(truncatingIfNeeded: sum) else {
        throw reader.damaged("a page whose checksum is wrong")
      }
    }
    var page = header.page
    if page.kind != .other {
      try budget.hold(header.size, place: place)
      page.body = try body(packed, header)
    }
    return page
  }

  private func body(_ packed: UnsafeRawBufferPointer, _ header: Header) throws -> [UInt8] {
    // The levels of the second version are never packed.
    let isV2 = header.page.kind == .dataV2
    let (levels, overflow) =
      isV2 ? header.page.repetitionLength.addingReportingOverflow(header.page.definitionLength) : (0, false)
    guard !overflow, levels <= packed.count, levels <= header.size else {
      throw damaged("levels longer than their page")
    }
    let values = UnsafeRawBufferPointer(rebasing: packed[levels...])
    if codec == 0 || !header.isCompressed {
      guard packed.count == header.size else { throw damaged("a page of another size than it says") }
      return Array(packed)
    }
    var body = [UInt8](repeating: 0, count: header.size)
    let isSound = body.withUnsafeMutableBytes { output in
      for index in 0..<levels { output[index] = packed[index] }
      let rest = UnsafeMutableRawBufferPointer(rebasing: output[levels...])
      return rest.isEmpty && values.isEmpty || unpack(values, into: rest)
    }
    guard isSound else { throw damaged("a page that cannot be unpacked") }
    return body
  }

  private func unpack(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    switch codec {
    case 1: Snappy.decompress(input, into: output)
    case 2: Self.gunzip(input, into: output)
    default:
      ZSTD_decompress(output.baseAddress, output.count, input.baseAddress, input.count) == output.count
    }
  }

  private static func gunzip(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    var stream = z_stream()
    // 32: either of zlib's and gzip's headers.
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, size) == Z_OK else { return false }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.avail_in = UInt32(input.count)
    // An empty output still needs an address.
    var nothing: UInt8 = 0
    return withUnsafeMutablePointer(to: &nothing) { nothing in
      stream.next_out = output.bindMemory(to: UInt8.self).baseAddress ?? nothing
      stream.avail_out = UInt32(output.count)
      return inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0
    }
  }

  private func damaged(_ what: String) -> FormatError { ThriftReader(bytes, place: place).damaged(what) }
}

/// The header of a page.
private struct Header {
  var page = ParquetPage()
  var size = -1
  var packedSize = -1
  var checksum: Int?
  var isCompressed = true

  mutating func read(_ reader: inout ThriftReader) throws {
    var type = -1
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (1, .i32): type = try reader.integer()
      case (2, .i32): size = try reader.count()
      case (3, .i32): packedSize = try reader.count()
      case (4, .i32): checksum = try reader.integer()
      case (5, .structure), (7, .structure): try readCounts(&reader)
      case (8, .structure): try readV2(&reader)
      default: return false
      }
      return true
    }
    switch type {
    case 0: page.kind = .data
    case 2: page.kind = .dictionary
    case 3: page.kind = .dataV2
    default: page.kind = .other
    }
  }

  /// The headers of dictionaries and of pages of the first version begin alike.
  private mutating func readCounts(_ reader: inout ThriftReader) throws {
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (1, .i32): page.values = try reader.count()
      case (2, .i32): page.encoding = try reader.integer()
      default: return false
      }
      return true
    }
  }

  private mutating func readV2(_ reader: inout ThriftReader) throws {
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (1, .i32): page.values = try reader.count()
      case (4, .i32): page.encoding = try reader.integer()
      case (5, .i32): page.definitionLength = try reader.count()
      case (6, .i32): page.repetitionLength = try reader.count()
      case (7, .yes): isCompressed = true
      case (7, .no): isCompressed = false
      default: return false
      }
      return true
    }
  }
}
