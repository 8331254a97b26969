/// A GGUF file of version 2 or 3: metadata and tensors over a mapped file.
///
/// Everything that the header says is checked when the file is opened: counts, lengths and types, and that every tensor
/// lies inside the file, aligned, and apart from the others. A tensor of an unsupported type is listed, and refused
/// only when it is asked for. Tensors carry their Hugging Face names, and their own where there is none.
public struct GGUF: Sendable {
  /// The mapped file.
  public let file: MappedFile
  /// The version of the container, 2 or 3.
  public let version: Int
  /// Keys and values.
  public let metadata: GGUFMetadata
  /// What the file holds, in its order.
  public let listings: [TensorListing]
  private let entries: [String: GGUFEntry]
  /// Where keys and values lie in the file.
  let metadataRange: Range<Int>

  /// Opens the file at `path`. Throws `FormatError` if it is not a sound GGUF file.
  public init(_ path: String) throws {
    try self.init(MappedFile(path))
  }

  /// Reads the header of a mapped file. Throws `FormatError` if it is not a sound GGUF file.
  public init(_ file: MappedFile) throws {
    var cursor = GGUFCursor(file)
    version = try Self.version(&cursor)
    let tensorCount = try Self.count(&cursor, "tensors", limit: 1 << 16, smallest: 32)
    let keyCount = try Self.count(&cursor, "metadata keys", limit: 1 << 16, smallest: 13)
    let start = cursor.position
    metadata = try GGUFMetadata(&cursor, count: keyCount)
    metadataRange = start..<cursor.position
    let alignment = try Self.alignment(metadata)
    var found: [GGUFEntry] = []
    var entries: [String: GGUFEntry] = [:]
    var names = TensorNameCheck(file: file.name)
    for _ in 0..<tensorCount {
      let entry = try GGUFEntry(&cursor, alignment: alignment)
      try names.check(entry.listing.name)
      guard entries.updateValue(entry, forKey: entry.listing.name) == nil else {
        throw FormatError(
          tensorPlace(file.name, entry.listing.name), found: "the name twice",
          expected: "every name once")
      }
      found.append(entry)
    }
    self.file = file
    self.listings = found.map(\.listing)
    // Padding to the alignment; the file ends at the header where there are no tensors.
    let dataStart = (cursor.position + alignment - 1) / alignment * alignment
    self.entries = try GGUFEntry.located(found, dataStart: dataStart, in: file)
  }

  /// The names of all tensors, in the order of the file.
  public var names: [String] { listings.map(\.name) }

  /// Whether there is a tensor of this name.
  public func contains(_ name: String) -> Bool { entries[name] != nil }

  /// Locates a tensor by its Hugging Face name.
  ///
  /// Throws `FormatError` if there is none of that name (it lists the nearest ones) or its type is unsupported.
  public func tensor(_ name: String) throws -> StoredTensor {
    guard let entry = entries[name] else {
      throw missingTensor(name, in: file.name, having: names)
    }
    guard let byteCount = entry.listing.byteCount, entry.listing.format.blockValues > 0 else {
      throw FormatError(
        tensorPlace(file.name, name), found: "the type \(entry.listing.format)",
        expected: "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 or Q2_K to Q6_K",
        remedy: "Requantise the model to one of these.")
    }
    return try StoredTensor(
      name: name, shape: entry.listing.shape, format: entry.listing.format,
      range: entry.offset..<entry.offset + byteCount, in: file)
  }
}

extension GGUF {
  /// Checks magic and version.
  private static func version(_ cursor: inout GGUFCursor) throws -> Int {
    let name = cursor.file.name
    let magic = try cursor.skip(4, "the magic number")
    guard cursor.file.bytes[magic].elementsEqual("GGUF".utf8) else {
      throw FormatError(name, found: "another magic number", expected: "\"GGUF\" at the start")
    }
    let version = try cursor.read(UInt32.self, "the version")
    switch version {
    case 2, 3: return Int(version)
    case 1:
      throw FormatError(
        name, found: "GGUF version 1", expected: "version 2 or 3",
        remedy: "Convert the model again with a current llama.cpp.")
    case _ where version.byteSwapped <= 0xFFFF && version != 0:
      throw FormatError(
        name, found: "a big-endian GGUF file", expected: "a little-endian one",
        remedy: "Convert it with gguf_convert_endian.py of llama.cpp.")
    default: throw FormatError(name, found: "GGUF version \(version)", expected: "version 2 or 3")
    }
  }

  /// Reads a count and refuses one that cannot be true: each thing counted takes at least `smallest` bytes.
  private static func count(
    _ cursor: inout GGUFCursor, _ what: String, limit: UInt64, smallest: Int
  ) throws -> UInt64 {
    let count = try cursor.read(UInt64.self, "the number of \(what)")
    guard count <= limit, count <= UInt64(cursor.rest / smallest) else {
      throw FormatError(
        cursor.file.name, found: "\(count) \(what) in \(cursor.file.bytes.count) bytes",
        expected: "no more than fit, and at most \(limit)",
        remedy: "The file may be incomplete: download or copy it again.")
    }
    return count
  }

  private static func alignment(_ metadata: GGUFMetadata) throws -> Int {
    let key = "general.alignment"
    guard let alignment = try metadata.int(key) else { return 32 }
    guard alignment >= 8, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
      throw metadata.wrong(key, expected: "a power of two from 8 to 1048576")
    }
    return alignment
  }
}
