import Formats

/// Writes a GGUF file of version 3: keys, the table of tensors, and their data one after the other.
struct GGUFWriter {
  private static let alignment = 32
  private static let uint32: UInt32 = 4, float32: UInt32 = 6, string: UInt32 = 8, array: UInt32 = 9, int32: UInt32 = 5

  private var keys: [[UInt8]] = []
  private var table: [UInt8] = []
  private var bodies: [(size: Int, body: (inout FileSink) throws -> Void)] = []
  private var dataSize = 0

  mutating func add(_ key: String, _ value: Int) { append(key, Self.uint32, bytes(UInt32(value))) }

  mutating func add(_ key: String, _ value: Float) { append(key, Self.float32, bytes(value.bitPattern)) }

  mutating func add(_ key: String, _ value: String) { append(key, Self.string, text(value)) }

  mutating func add(_ key: String, _ values: [String]) {
    append(key, Self.array, bytes(Self.string) + bytes(UInt64(values.count)) + values.flatMap(text))
  }

  mutating func add(_ key: String, _ values: [Int32]) {
    append(key, Self.array, bytes(Self.int32) + bytes(UInt64(values.count)) + values.flatMap(bytes))
  }

  /// Adds a tensor whose bytes `body` puts when their turn comes.
  mutating func add(
    _ name: String, shape: [Int], format: StoredFormat, body: @escaping (inout FileSink) throws -> Void
  ) {
    guard let type = Self.types[format], let size = format.byteCount(shape: shape) else {
      preconditionFailure("\(name): \(format) \(shape) cannot be written")
    }
    // GGUF names extents innermost first.
    table += text(name) + bytes(UInt32(shape.count)) + shape.reversed().flatMap { bytes(UInt64($0)) }
    table += bytes(type) + bytes(UInt64(dataSize))
    bodies.append((size, body))
    dataSize += padded(size)
  }

  func write(to path: String) throws {
    try writeAtomically(to: path) { sink in
      try sink.write("GGUF")
      try sink.write(bytes(UInt32(3)) + bytes(UInt64(bodies.count)) + bytes(UInt64(keys.count)))
      for key in keys { try sink.write(key) }
      try sink.write(table)
      try pad(&sink)
      for (size, body) in bodies {
        let start = sink.count
        try body(&sink)
        precondition(sink.count - start == size, "a tensor of \(size) bytes wrote \(sink.count - start)")
        try pad(&sink)
      }
    }
  }

  private static let types: [StoredFormat: UInt32] = [.f32: 0, .f16: 1, .q8_0: 8, .q4_K: 12, .bf16: 30]

  private mutating func append(_ key: String, _ type: UInt32, _ value: [UInt8]) {
    keys.append(text(key) + bytes(type) + value)
  }

  private func text(_ value: String) -> [UInt8] { bytes(UInt64(value.utf8.count)) + value.utf8 }

  private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private func padded(_ size: Int) -> Int { (size + Self.alignment - 1) / Self.alignment * Self.alignment }

  private func pad(_ sink: inout FileSink) throws {
    try sink.write([UInt8](repeating: 0, count: padded(sink.count) - sink.count))
  }
}
