/// The tensors of a model in one or several safetensors files.
public struct SafetensorsSet: Sendable {
  /// The folder or file, for messages.
  public let place: String
  /// The files in the order of their names.
  public let files: [Safetensors]
  /// What the files hold, file by file.
  public let listings: [TensorListing]
  private let fileOf: [String: Int]
  /// The most tensors that an index may list.
  private static let tensorLimit = 1 << 18

  /// The names of all tensors.
  public var names: [String] { listings.map(\.name) }

  /// Opens one file. Throws `FormatError` if it is not sound.
  public init(file path: String) throws {
    let file = try Safetensors(path)
    place = path
    files = [file]
    listings = file.listings
    fileOf = Dictionary(uniqueKeysWithValues: file.names.map { ($0, 0) })
  }

  /// Opens the files that `index` (a `model.safetensors.index.json`) lists, from the folder that it lies in.
  ///
  /// Throws `FormatError` if the index is malformed, if it names a file outside its folder, a file that is missing or a
  /// tensor that its file lacks, or if two files hold a tensor that the index does not assign.
  public init(index path: String) throws {
    let shardOf = try Self.weightMap(path)
    let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
    let shards = Set(shardOf.values).sorted()
    var files: [Safetensors] = []
    var listings: [TensorListing] = []
    var fileOf: [String: Int] = [:]
    for (position, shard) in shards.enumerated() {
      let file = try Safetensors(folder + shard)
      for listing in file.listings where shardOf[listing.name, default: shard] == shard {
        guard fileOf.updateValue(position, forKey: listing.name) == nil else {
          throw FormatError(
            tensorPlace(path, listing.name), found: "it in two files, and no word on which counts",
            expected: "an entry in the weight_map")
        }
        listings.append(listing)
      }
      files.append(file)
    }
    for (name, shard) in shardOf.sorted(by: { $0.key < $1.key }) where fileOf[name] == nil {
      throw FormatError(
        tensorPlace(path, name), found: "it is not in \(quoted(shard))",
        expected: "the tensor in the file that the index names",
        remedy: "Index and files may be of different versions: download them again.")
    }
    place = path
    self.files = files
    self.listings = listings
    self.fileOf = fileOf
  }

  /// Whether there is a tensor of this name.
  public func contains(_ name: String) -> Bool { fileOf[name] != nil }

  /// Locates a tensor.
  ///
  /// Throws `FormatError` if there is none of that name (it lists the nearest ones) or its type is unsupported.
  public func tensor(_ name: String) throws -> StoredTensor {
    guard let position = fileOf[name] else {
      throw missingTensor(name, in: place, having: names)
    }
    return try files[position].tensor(name)
  }

  /// The index's map from tensor to file, with every file name checked.
  private static func weightMap(_ path: String) throws -> [String: String] {
    let json = try JSON(contentsOf: path, limit: Safetensors.headerLimit)
    guard let map = json["weight_map"]?.object, !map.isEmpty else {
      throw FormatError(
        path, found: "\(json["weight_map"]?.kind ?? "nothing") as weight_map",
        expected: "an object with the file of each tensor")
    }
    guard map.count <= tensorLimit else {
      throw FormatError(
        path, found: "\(map.count) tensors in the weight_map", expected: "at most \(tensorLimit)")
    }
    var result: [String: String] = [:]
    var names = TensorNameCheck(file: path)
    for member in map.members {
      try names.check(member.key.text)
      guard let shard = member.value.string, isPlainFileName(shard) else {
        throw FormatError(
          tensorPlace(path, member.key.text),
          found: member.value.string.map { "the file name \(quoted($0))" } ?? member.value.kind,
          expected: "the name of a .safetensors file in the same folder")
      }
      result[member.key.text] = shard
    }
    return result
  }

  /// Whether a name is that of a file in the folder itself: no path, nothing hidden.
  private static func isPlainFileName(_ name: String) -> Bool {
    let forbidden: [UInt8] = [UInt8(ascii: "/"), UInt8(ascii: "\\"), 0]
    return name.hasSuffix(".safetensors") && !name.hasPrefix(".") && name.utf8.count <= 255
      && !name.utf8.contains(where: forbidden.contains)
  }
}

extension JSON {
  /// Parses the file at `path`; throws `FormatError` also if it is larger than `limit` bytes.
  public init(contentsOf path: String, limit: Int) throws {
    let file = try MappedFile(path)
    guard file.bytes.count <= limit else {
      throw FormatError(
        path, found: "\(file.bytes.count) bytes", expected: "at most \(limit) for this file")
    }
    self = try file.withBytes { try JSON(parsing: $0, name: path) }
  }
}
