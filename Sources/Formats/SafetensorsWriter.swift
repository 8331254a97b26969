/// A tensor to be written: what the header says of it, and what puts its bytes.
public struct TensorToWrite {
  let name: String
  let shape: [Int]
  let format: StoredFormat
  let body: (inout FileSink) throws -> Void

  /// A tensor whose bytes `body` writes when their turn comes, so that only one needs to be in memory.
  ///
  /// `shape` is outermost first; `format` must be a plain one. Writing fails unless `body` puts exactly the bytes that
  /// shape and format need.
  public init(
    _ name: String, shape: [Int], format: StoredFormat,
    body: @escaping (inout FileSink) throws -> Void
  ) {
    self.name = name
    self.shape = shape
    self.format = format
    self.body = body
  }

  /// A float32 tensor; there must be as many values as the shape says.
  public init(_ name: String, shape: [Int], values: [Float]) {
    precondition(valueCount(shape: shape) == values.count, "Shape and values of \(name) differ.")
    self.init(name, shape: shape, format: .f32) { try $0.write(values) }
  }

  /// A tensor in the bytes of a plain format, such as bf16; there must be as many as shape and format need.
  public init(_ name: String, shape: [Int], format: StoredFormat, bytes: [UInt8]) {
    precondition(
      format.byteCount(shape: shape) == bytes.count, "Shape and bytes of \(name) differ.")
    self.init(name, shape: shape, format: format) { try $0.write(bytes) }
  }

  /// A tensor copied from another file, under the same name or a new one.
  public init(_ tensor: StoredTensor, name: String? = nil) {
    self.init(name ?? tensor.name, shape: tensor.shape, format: tensor.format) { sink in
      try tensor.withBytes { try sink.write($0) }
    }
  }
}

/// Writes a safetensors file, whole or not at all.
///
/// The bytes depend on nothing but the arguments' content: tensors are ordered like the reference implementation's
/// (wider types first, then by name), metadata by key, and the header is padded with spaces to a multiple of 8.
/// Throws `FormatError` if the file cannot be written, a name occurs twice or a format has no safetensors type.
public func writeSafetensors(
  _ tensors: [TensorToWrite], metadata: [String: String] = ["format": "pt"], to path: String
) throws {
  var files = FileSet()
  try files.add(path, tensors, metadata: metadata)
  try files.commit()
}

extension FileSet {
  /// Adds a safetensors file, as `writeSafetensors` writes it.
  public mutating func add(
    _ path: String, _ tensors: [TensorToWrite], metadata: [String: String] = ["format": "pt"]
  ) throws {
    try add(path) { try $0.write(tensors, metadata: metadata, place: path) }
  }
}

extension FileSink {
  /// Writes a whole safetensors file, as `writeSafetensors` does; `place` names it in errors.
  public mutating func write(
    _ tensors: [TensorToWrite], metadata: [String: String] = ["format": "pt"], place: String
  ) throws {
    let ordered = try inReferenceOrder(tensors, place)
    let header = header(ordered, metadata)
    try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try write($0) }
    try write(header)
    for entry in ordered {
      let start = count
      try entry.tensor.body(&self)
      guard count - start == entry.size else {
        throw FormatError(
          tensorPlace(place, entry.tensor.name), found: "\(count - start) bytes to write",
          expected: "\(entry.size) for \(entry.type.name) \(entry.tensor.shape)")
      }
    }
  }
}

/// A tensor with its type and size in the file.
private struct OrderedTensor {
  let tensor: TensorToWrite
  let type: SafetensorsType
  let size: Int
}

/// The tensors in the order of the file; throws for a name that is taken and for a format without a type.
private func inReferenceOrder(
  _ tensors: [TensorToWrite], _ path: String
) throws -> [OrderedTensor] {
  var names: Set<String> = ["__metadata__"]
  var ranked: [(rank: Int, entry: OrderedTensor)] = []
  for tensor in tensors {
    let place = tensorPlace(path, tensor.name)
    guard names.insert(tensor.name).inserted else {
      throw FormatError(place, found: "the name twice", expected: "every name once")
    }
    guard let rank = SafetensorsType.all.firstIndex(where: { $0.format == tensor.format }),
      let size = SafetensorsType.all[rank].byteCount(shape: tensor.shape)
    else {
      throw FormatError(
        place, found: "\(tensor.format) \(tensor.shape)", expected: "a plain type and its shape")
    }
    let type = SafetensorsType.all[rank]
    ranked.append((rank, OrderedTensor(tensor: tensor, type: type, size: size)))
  }
  ranked.sort { a, b in
    if a.rank != b.rank { return a.rank > b.rank }
    return JSONString(a.entry.tensor.name) < JSONString(b.entry.tensor.name)
  }
  return ranked.map(\.entry)
}

/// The header as the reference implementation spells it: no spaces but the padding.
private func header(_ tensors: [OrderedTensor], _ metadata: [String: String]) -> [UInt8] {
  var object = JSONObject()
  if !metadata.isEmpty {
    var texts = JSONObject()
    for key in metadata.keys.map({ JSONString($0) }).sorted() {
      texts.append(key, JSON(metadata[key.text] ?? ""))
    }
    object.append("__metadata__", .object(texts))
  }
  var offset = 0
  for entry in tensors {
    object.append(
      JSONString(entry.tensor.name),
      [
        "dtype": JSON(entry.type.name),
        "shape": .array(entry.tensor.shape.map(JSON.integer)),
        "data_offsets": [.integer(offset), .integer(offset + entry.size)],
      ])
    offset += entry.size
  }
  var bytes = Array(JSON.object(object).serialized().utf8)
  while bytes.count % 8 != 0 { bytes.append(UInt8(ascii: " ")) }
  return bytes
}
