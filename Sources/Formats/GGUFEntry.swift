/// One line of a GGUF file's table of tensors.
struct GGUFEntry {
  let listing: TensorListing
  /// Relative to the data as read; relative to the file once located.
  private(set) var offset: Int

  /// Reads and checks a line, all but where the tensor lies.
  init(_ cursor: inout GGUFCursor, alignment: Int) throws {
    let stored = try cursor.name("the name of a tensor", limit: TensorNameCheck.lengthLimit)
    let place = tensorPlace(cursor.file.name, stored)
    let rank = try cursor.read(UInt32.self, "the rank of \(quoted(stored))")
    guard (1...4).contains(rank) else {
      throw FormatError(place, found: "\(rank) dimensions", expected: "1 to 4")
    }
    var shape: [Int] = []
    for _ in 0..<rank {
      let extent = try cursor.read(UInt64.self, "the shape of \(quoted(stored))")
      guard extent > 0, let extent = Int(exactly: extent) else {
        throw FormatError(place, found: "an extent of \(extent)", expected: "at least 1")
      }
      // The file lists the innermost extent first.
      shape.insert(extent, at: 0)
    }
    let type = GGUFTensorType(try cursor.read(UInt32.self, "the type of \(quoted(stored))"))
    let offset = try cursor.read(UInt64.self, "the offset of \(quoted(stored))")
    guard let offset = Int(exactly: offset), offset.isMultiple(of: alignment) else {
      throw FormatError(
        place, found: "the offset \(offset)", expected: "a multiple of \(alignment)")
    }
    self.offset = offset
    listing = TensorListing(
      name: GGUFNames.huggingFace(stored), shape: shape, format: type.format,
      byteCount: try Self.byteCount(shape, type, in: cursor.file, at: place))
  }

  /// The most values of an unknown type that a byte may hold.
  private static let mostPerByte = 8

  /// The size in bytes; nil for an unknown type. Throws where shape and type do not go together.
  private static func byteCount(
    _ shape: [Int], _ type: GGUFTensorType, in file: MappedFile, at place: String
  ) throws -> Int? {
    guard let values = valueCount(shape: shape) else {
      throw FormatError(
        place, found: "the shape \(shape)", expected: "a shape whose size can be counted")
    }
    guard let block = type.block else {
      // Whoever adds up the values of all tensors relies on it.
      guard values <= file.bytes.count * mostPerByte else {
        throw FormatError(
          place, found: "\(values) values in a file of \(file.bytes.count) bytes",
          expected: "at most \(mostPerByte) for each byte")
      }
      return nil
    }
    let row = shape[shape.count - 1]
    guard row.isMultiple(of: block.values) else {
      throw FormatError(
        place, found: "rows of \(row) values in \(type.format)",
        expected: "a multiple of \(block.values)")
    }
    let (bytes, overflow) = (values / block.values).multipliedReportingOverflow(by: block.bytes)
    guard !overflow else {
      throw FormatError(
        place, found: "the shape \(shape)", expected: "a shape whose size in bytes can be counted")
    }
    return bytes
  }

  /// The entries by name with offsets into the file; throws if one lies outside or two overlap.
  static func located(
    _ entries: [GGUFEntry], dataStart: Int, in file: MappedFile
  ) throws -> [String: GGUFEntry] {
    var result: [String: GGUFEntry] = [:]
    var end = 0
    for var entry in entries.sorted(by: { $0.offset < $1.offset }) {
      let place = tensorPlace(file.name, entry.listing.name)
      let size = entry.listing.byteCount ?? 1
      let available = file.bytes.count - dataStart
      guard entry.offset <= available, size <= available - entry.offset else {
        throw FormatError(
          place, found: "\(size) bytes at \(entry.offset)",
          expected: "them within the \(max(0, available)) bytes of data",
          remedy: "The file may be incomplete: download or copy it again.")
      }
      guard entry.offset >= end else {
        throw FormatError(
          place, found: "data that begin at \(entry.offset), inside another tensor",
          expected: "them to begin at \(end) or later")
      }
      end = entry.offset + size
      entry.offset += dataStart
      result[entry.listing.name] = entry
    }
    return result
  }
}
