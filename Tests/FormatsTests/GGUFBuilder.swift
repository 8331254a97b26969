@testable import Formats

/// Builds GGUF files, sound or not, from parts that a test may replace.
struct GGUFBuilder {
  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  var tensorCount: UInt64?
  var keyCount: UInt64?
  var keys: [[UInt8]] = []
  var tensors: [[UInt8]] = []
  var data: [UInt8] = []
  var alignment = 32

  var header: [UInt8] {
    magic + [UInt8](version) + [UInt8](tensorCount ?? UInt64(tensors.count))
      + [UInt8](keyCount ?? UInt64(keys.count)) + keys.joined() + tensors.joined()
  }

  var bytes: [UInt8] {
    let header = header
    if tensors.isEmpty && data.isEmpty { return header }
    let padding = (alignment - header.count % alignment) % alignment
    return header + [UInt8](repeating: 0, count: padding) + data
  }

  static func string(_ text: String) -> [UInt8] { [UInt8](UInt64(text.utf8.count)) + text.utf8 }

  /// A pair of key and value, whose type goes by its number.
  static func pair(_ key: String, _ type: UInt32, _ value: [UInt8]) -> [UInt8] {
    string(key) + [UInt8](type) + value
  }

  static func array(_ type: UInt32, _ elements: [[UInt8]]) -> [UInt8] {
    [UInt8](type) + [UInt8](UInt64(elements.count)) + elements.joined()
  }

  /// A line of the table of tensors; extents innermost first.
  static func tensor(
    _ name: String, _ extents: [UInt64], type: UInt32 = 0, offset: UInt64 = 0
  ) -> [UInt8] {
    string(name) + [UInt8](UInt32(extents.count)) + extents.flatMap { [UInt8]($0) }
      + [UInt8](type) + [UInt8](offset)
  }

  mutating func add(_ key: String, _ value: UInt32) {
    keys.append(Self.pair(key, 4, [UInt8](value)))
  }
  mutating func add(_ key: String, float value: Float) {
    keys.append(Self.pair(key, 6, [UInt8](value.bitPattern)))
  }
  mutating func add(_ key: String, _ value: String) {
    keys.append(Self.pair(key, 8, Self.string(value)))
  }

  /// A sound little model of one layer, of which a test changes something.
  static func model(_ family: String = "llama") -> GGUFBuilder {
    var builder = GGUFBuilder()
    builder.add("general.architecture", family)
    builder.add("\(family).block_count", 1)
    builder.add("\(family).embedding_length", 8)
    builder.add("\(family).feed_forward_length", 16)
    builder.add("\(family).attention.head_count", 2)
    builder.add("\(family).attention.layer_norm_rms_epsilon", float: Float(1e-5))
    builder.add("\(family).context_length", 64)
    builder.tensors = [tensor("token_embd.weight", [8, 4])]
    builder.data = [UInt8](repeating: 0, count: 128)
    return builder
  }

  func mapped() throws -> MappedFile { try CheckpointFixtures.mapped(bytes, name: "made.gguf") }
  func gguf() throws -> GGUF { try GGUF(mapped()) }
  func configuration() throws -> ModelConfiguration { try ModelConfiguration(gguf()) }
}
