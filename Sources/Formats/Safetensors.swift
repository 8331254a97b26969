/// One safetensors file: a table of named tensors over a mapped file.
///
/// Everything that the header says is checked when the file is opened: every tensor lies inside the file, has exactly
/// the size that its shape and type need, and the tensors cover the data without overlaps and holes.
public struct Safetensors: Sendable {
  /// The largest header that is read, in bytes; the limit of the reference implementation.
  public static let headerLimit = 100_000_000
  /// The most tensors that a file may hold; the largest models have some thousands.
  public static let tensorLimit = 1 << 16

  /// The mapped file.
  public let file: MappedFile
  /// The texts under `__metadata__`; empty where the file has none.
  public let metadata: [String: String]
  /// What the file holds, in the order of the header.
  public let listings: [TensorListing]
  private let entries: [String: Entry]

  /// Where one tensor lies, as offsets into the file.
  private struct Entry {
    let listing: TensorListing
    let range: Range<Int>
  }

  /// Opens the file at `path`. Throws `FormatError` if it is not a sound safetensors file.
  public init(_ path: String) throws {
    try self.init(MappedFile(path))
  }

  /// Reads the header of a mapped file. Throws `FormatError` if it is not a sound safetensors file.
  public init(_ file: MappedFile) throws {
    let headerEnd = try Self.headerEnd(of: file)
    let json = try file.withBytes { bytes in
      let header = UnsafeRawBufferPointer(rebasing: bytes[8..<headerEnd])
      return try JSON(parsing: header, name: "\(file.name) header", maximumDepth: 8)
    }
    guard let object = json.object else {
      throw FormatError(file.name, found: "\(json.kind) as the header", expected: "an object")
    }
    guard object.count <= Self.tensorLimit else {
      throw FormatError(
        file.name, found: "\(object.count) entries in the header",
        expected: "at most \(Self.tensorLimit)")
    }
    var metadata: [String: String] = [:]
    var entries: [String: Entry] = [:]
    var listings: [TensorListing] = []
    var names = TensorNameCheck(file: file.name)
    for member in object.members {
      if member.key == "__metadata__" {
        metadata = try Self.metadata(member.value, in: file.name)
        continue
      }
      try names.check(member.key.text)
      let entry = try Self.entry(member.key.text, member.value, dataStart: headerEnd, in: file)
      // Names that Unicode calls equal are two names in JSON, but one here.
      guard entries.updateValue(entry, forKey: entry.listing.name) == nil else {
        throw FormatError(
          tensorPlace(file.name, entry.listing.name), found: "the name twice",
          expected: "every name once")
      }
      listings.append(entry.listing)
    }
    self.file = file
    self.metadata = metadata
    self.listings = listings
    self.entries = entries
    try checkCoverage(from: headerEnd)
  }

  /// The names of all tensors, in the order of the header.
  public var names: [String] { listings.map(\.name) }

  /// Whether there is a tensor of this name.
  public func contains(_ name: String) -> Bool { entries[name] != nil }

  /// Locates a tensor.
  ///
  /// Throws `FormatError` if there is none of that name (it lists the nearest ones) or its type is unsupported.
  public func tensor(_ name: String) throws -> StoredTensor {
    guard let entry = entries[name] else {
      throw missingTensor(name, in: file.name, having: names)
    }
    if case .unsupported(let type) = entry.listing.format {
      throw FormatError(
        tensorPlace(file.name, name), found: "the number type \(type)",
        expected: "F32, F16, BF16 or another plain type",
        remedy: "Convert the checkpoint to bfloat16.")
    }
    return try StoredTensor(
      name: entry.listing.name, shape: entry.listing.shape, format: entry.listing.format,
      range: entry.range, in: file)
  }
}

extension Safetensors {
  /// The offset where the header ends and the data begin.
  private static func headerEnd(of file: MappedFile) throws -> Int {
    guard file.bytes.count >= 10 else {
      throw FormatError(
        file.name, found: "\(file.bytes.count) bytes", expected: "a safetensors file",
        remedy: truncationRemedy)
    }
    let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(headerLimit) else {
      throw FormatError(
        file.name, found: "a header of \(length) bytes",
        expected: "at most \(headerLimit), as in a safetensors file",
        remedy: "If this is a PyTorch or GGUF file, its name must say so.")
    }
    guard length >= 2, length <= UInt64(file.bytes.count - 8) else {
      throw FormatError(
        file.name, found: "a header of \(length) bytes in a file of \(file.bytes.count)",
        expected: "a header inside the file", remedy: truncationRemedy)
    }
    guard file.bytes[8] == UInt8(ascii: "{") else {
      throw FormatError(
        file.name, found: "byte \(file.bytes[8]) where the header begins",
        expected: "\"{\", as in a safetensors file")
    }
    return 8 + Int(length)
  }

  private static var truncationRemedy: String {
    "The file may be incomplete: download or copy it again."
  }

  private static func metadata(_ json: JSON, in place: String) throws -> [String: String] {
    guard let object = json.object else {
      throw FormatError(place, found: "\(json.kind) as __metadata__", expected: "an object")
    }
    guard object.count <= tensorLimit else {
      throw FormatError(
        place, found: "\(object.count) entries in __metadata__", expected: "at most \(tensorLimit)")
    }
    var result: [String: String] = [:]
    for member in object.members {
      guard let text = member.value.string else {
        throw FormatError(
          "\(place), __metadata__ \(quoted(member.key.text))", found: member.value.kind,
          expected: "a string")
      }
      result[member.key.text] = text
    }
    return result
  }

  private static func entry(
    _ name: String, _ json: JSON, dataStart: Int, in file: MappedFile
  ) throws -> Entry {
    let place = tensorPlace(file.name, name)
    guard json.object != nil else {
      throw FormatError(place, found: json.kind, expected: "an object")
    }
    let typeName = json["dtype"]?.string
    guard let type = SafetensorsType.all.first(where: { $0.name == typeName }) else {
      throw FormatError(
        place, found: typeName.map { "the dtype \(quoted($0))" } ?? "no dtype",
        expected: "a number type of safetensors, such as F32, F16 or BF16")
    }
    let shape = try naturals(json["shape"], "shape", at: place)
    let offsets = try naturals(json["data_offsets"], "data_offsets", at: place)
    guard let size = type.byteCount(shape: shape) else {
      throw FormatError(
        place, found: "the shape \(shape)", expected: "a shape whose size in bytes can be counted")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1],
      offsets[1] <= file.bytes.count - dataStart
    else {
      throw FormatError(
        place, found: "the data_offsets \(offsets)",
        expected: "begin and end inside \(file.bytes.count - dataStart) bytes of data",
        remedy: truncationRemedy)
    }
    guard offsets[1] - offsets[0] == size else {
      throw FormatError(
        place, found: "\(offsets[1] - offsets[0]) bytes",
        expected: "\(size) bytes for \(type.name) \(shape)")
    }
    let listing = TensorListing(name: name, shape: shape, format: type.format, byteCount: size)
    return Entry(listing: listing, range: dataStart + offsets[0]..<dataStart + offsets[1])
  }

  /// A list of integers from 0 upward, at most 32 of them.
  private static func naturals(_ json: JSON?, _ key: String, at place: String) throws -> [Int] {
    guard let elements = json?.array, elements.count <= 32 else {
      throw FormatError(
        place, found: "\(json?.kind ?? "nothing") as \(key)", expected: "an array of integers")
    }
    return try elements.map { element in
      guard case .integer(let value) = element, value >= 0 else {
        throw FormatError(place, found: "\(element.kind) in \(key)", expected: "integers from 0")
      }
      return value
    }
  }

  /// Throws unless the tensors cover the data exactly: no overlap, no hole, nothing left at the end.
  private func checkCoverage(from dataStart: Int) throws {
    var end = dataStart
    let inOrder = entries.values.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for entry in inOrder {
      guard entry.range.lowerBound == end else {
        let isOverlap = entry.range.lowerBound < end
        throw FormatError(
          tensorPlace(file.name, entry.listing.name),
          found: "data that begin at \(entry.range.lowerBound - dataStart)"
            + (isOverlap ? ", inside another tensor" : ", after a hole"),
          expected: "them to begin at \(end - dataStart), where the previous tensor ends")
      }
      end = entry.range.upperBound
    }
    guard end == file.bytes.count else {
      throw FormatError(
        file.name, found: "\(file.bytes.count - end) bytes after the last tensor",
        expected: "the end of the file there")
    }
  }
}
