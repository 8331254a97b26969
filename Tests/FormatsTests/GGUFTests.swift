import Testing

@testable import Formats

@Suite struct GGUFTests {
  typealias B = GGUFBuilder

  @Test func readsEveryTypeOfValue() throws {
    var file = B()
    file.keys = [
      B.pair("u8", 0, [200]), B.pair("i8", 1, [0xFE]), B.pair("u16", 2, [1, 2]),
      B.pair("i16", 3, [0xFF, 0xFF]), B.pair("u32", 4, [UInt8](UInt32.max)),
      B.pair("i32", 5, [UInt8](Int32.min)), B.pair("f32", 6, [UInt8](Float(1.5).bitPattern)),
      B.pair("bool", 7, [1]), B.pair("text", 8, B.string("é")),
      B.pair("u64", 10, [UInt8](UInt64.max)), B.pair("i64", 11, [UInt8](Int64.min)),
      B.pair("f64", 12, [UInt8](0.1.bitPattern)),
      B.pair(
        "texts", 9, B.array(8, [B.string("a"), B.string(""), [1, 0, 0, 0, 0, 0, 0, 0, 0xFF]])),
      B.pair("ints", 9, B.array(5, [[UInt8](Int32(-1)), [UInt8](Int32(7))])),
      B.pair("floats", 9, B.array(6, [[UInt8](Float(2).bitPattern)])),
      B.pair("nested", 9, B.array(9, [B.array(0, [[1], [2]]), B.array(0, [])])),
    ]
    let metadata = try file.gguf().metadata
    #expect(metadata.keys.count == 16)
    #expect(try metadata.int("u8") == 200 && metadata.int("i8") == -2)
    #expect(try metadata.int("u16") == 513 && metadata.int("i16") == -1)
    #expect(try metadata.int("u32") == 4_294_967_295 && metadata.int("i32") == -2_147_483_648)
    #expect(try metadata.int("i64") == .min && metadata.double("u64") == 0x1p64)
    #expect(try metadata.double("f32") == 1.5 && metadata.double("f64") == 0.1)
    #expect(try metadata.bool("bool") == true && metadata.text("text") == "é")
    #expect(try metadata.strings("texts") == [[97], [], [0xFF]])
    #expect(try metadata.ints("ints") == [-1, 7] && metadata.floats("floats") == [2])
    let inner = try #require(try metadata.elements("nested"))
    guard case .array(let first) = inner[0] else { throw CancellationError() }
    #expect(try metadata.elements(of: first, "nested").compactMap(\.int) == [1, 2])
    #expect(try metadata.int("absent") == nil && metadata.strings("absent") == nil)
    CheckpointFixtures.refuses("u64") { _ = try metadata.int("u64") }
    CheckpointFixtures.refuses("an integer") { _ = try metadata.int("f32") }
    CheckpointFixtures.refuses("a number") { _ = try metadata.double("text") }
    CheckpointFixtures.refuses("true or false") { _ = try metadata.bool("u8") }
    CheckpointFixtures.refuses("a text") { _ = try metadata.text("texts") }
    CheckpointFixtures.refuses("an array of strings") { _ = try metadata.strings("ints") }
    CheckpointFixtures.refuses("an array of integers") { _ = try metadata.ints("floats") }
    CheckpointFixtures.refuses("an array of numbers") { _ = try metadata.floats("texts") }
    CheckpointFixtures.refuses("an array") { _ = try metadata.floats("f32") }
  }

  @Test func readsTensorsOfBothVersions() throws {
    for version: UInt32 in [2, 3] {
      var file = B()
      file.version = version
      file.add("general.alignment", 8)
      file.alignment = 8
      file.tensors = [
        B.tensor("blk.12.attn_q.weight", [32, 2, 3], type: 2),
        B.tensor("odd", [1], offset: 112), B.tensor("strange", [256], type: 23, offset: 120),
        B.tensor("unknown", [5], type: 99, offset: 256),
      ]
      file.data = (0..<257).map { UInt8(truncatingIfNeeded: $0) }
      let gguf = try file.gguf()
      #expect(gguf.version == Int(version))
      let query = try gguf.tensor("model.layers.12.self_attn.q_proj.weight")
      #expect(query.shape == [3, 2, 32] && query.format == .q4_0)
      #expect(query.withBytes { $0.elementsEqual(0..<108) })
      #expect(try gguf.tensor("odd").withBytes { $0.elementsEqual(112..<116) })
      #expect(
        gguf.listings[2].format == .unsupported("IQ4_XS") && gguf.listings[2].byteCount == 136)
      CheckpointFixtures.refuses("IQ4_XS") { _ = try gguf.tensor("strange") }
      CheckpointFixtures.refuses("ggml type 99") { _ = try gguf.tensor("unknown") }
      CheckpointFixtures.refuses("no tensor") { _ = try gguf.tensor("blk.12.attn_q.weight") }
    }
  }

  @Test func namesAreMapped() {
    let pairs = [
      "token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
      "output.weight": "lm_head.weight",
      "blk.0.attn_k.bias": "model.layers.0.self_attn.k_proj.bias",
      "blk.31.attn_output.weight": "model.layers.31.self_attn.o_proj.weight",
      "blk.1.attn_q_norm.weight": "model.layers.1.self_attn.q_norm.weight",
      "blk.1.attn_norm.weight": "model.layers.1.input_layernorm.weight",
      "blk.1.ffn_norm.weight": "model.layers.1.post_attention_layernorm.weight",
      "blk.1.ffn_gate.weight": "model.layers.1.mlp.gate_proj.weight",
      "blk.1.ffn_down.weight": "model.layers.1.mlp.down_proj.weight",
      "blk.01.ffn_down.weight": "blk.01.ffn_down.weight",
      "blk.-1.ffn_down.weight": "blk.-1.ffn_down.weight",
      "blk.1.ffn_gate_exps.weight": "blk.1.ffn_gate_exps.weight",
      "blk.1.attn_q.scale": "blk.1.attn_q.scale", "rope_freqs.weight": "rope_freqs.weight",
    ]
    for (stored, name) in pairs { #expect(GGUFNames.huggingFace(stored) == name) }
  }

  // MARK: Hostile files

  /// The sound model with one change.
  static func changed(_ change: (inout B) -> Void) -> [UInt8] {
    var file = B.model()
    change(&file)
    return file.bytes
  }

  static func tensors(_ lines: [[UInt8]]) -> [UInt8] { changed { $0.tensors = lines } }

  static func key(_ pair: [UInt8]) -> [UInt8] { changed { $0.keys.append(pair) } }

  static let hostile: [(String, [UInt8])] = [
    ("another magic number", changed { $0.magic = Array("GGML".utf8) }),
    ("the magic number of 4 bytes", [71, 71]),
    ("version 1", changed { $0.version = 1 }),
    ("version 4", changed { $0.version = 4 }),
    ("version 0", changed { $0.version = 0 }),
    ("big-endian", changed { $0.version = UInt32(3).byteSwapped }),
    ("18446744073709551615 tensors", changed { $0.tensorCount = .max }),
    ("200000 tensors", changed { $0.tensorCount = 200_000 }),
    ("9223372036854775808 metadata keys", changed { $0.keyCount = 1 << 63 }),
    ("60000 metadata keys", changed { $0.keyCount = 60_000 }),
    ("0 dimensions", changed { $0.tensorCount = 3 }),
    (
      "as a key",
      changed { $0.keys.insert([UInt8](UInt64(1)) + [0xFF, 4, 0, 0, 0, 0, 0, 0, 0], at: 0) }
    ),
    ("a key of 18446744073709551615 bytes", changed { $0.keys.insert([UInt8](UInt64.max), at: 0) }),
    ("as a key", changed { $0.add(String(repeating: "k", count: 70_000), 1) }),
    ("the key twice", changed { $0.add("general.architecture", "llama") }),
    ("value type 13", key(B.pair("x", 13, [0]))),
    ("the byte 2", key(B.pair("x", 7, [2]))),
    ("\"x\" of 1000000 bytes", key(B.pair("x", 8, [UInt8](UInt64(1_000_000))))),
    (
      "an array of 18446744073709551615",
      key(B.pair("x", 9, [UInt8](UInt32(5)) + [UInt8](UInt64.max)))
    ),
    (
      "an array of 4611686018427387904",
      key(B.pair("x", 9, [UInt8](UInt32(10)) + [UInt8](UInt64(1) << 62)))
    ),
    ("an array of 1000", key(B.pair("x", 9, [UInt8](UInt32(8)) + [UInt8](UInt64(1000))))),
    ("beyond the end", key(B.pair("x", 9, B.array(8, [[UInt8](UInt64(1) << 40)])))),
    ("value type 77", key(B.pair("x", 9, B.array(77, [[1]])))),
    (
      "nested 5 deep",
      key(B.pair("x", 9, B.array(9, [B.array(9, [B.array(9, [B.array(9, [B.array(0, [])])])])])))
    ),
    ("the number 24", changed { $0.add("general.alignment", 24) }),
    ("the number 0", changed { $0.add("general.alignment", 0) }),
    ("the number 4", changed { $0.add("general.alignment", 4) }),
    ("the number 2147483648", changed { $0.add("general.alignment", 1 << 31) }),
    ("a string", changed { $0.add("general.alignment", "32") }),
    ("0 dimensions", tensors([B.tensor("t", [])])),
    ("5 dimensions", tensors([B.tensor("t", [1, 1, 1, 1, 1])])),
    ("extent of 0", tensors([B.tensor("t", [8, 0])])),
    ("extent of 18446744073709551615", tensors([B.tensor("t", [.max])])),
    ("the shape", tensors([B.tensor("t", [1 << 40, 1 << 40])])),
    ("the shape", tensors([B.tensor("t", [1 << 62])])),
    ("rows of 8 values in q4_1", tensors([B.tensor("t", [8, 32], type: 3)])),
    ("rows of 32 values in q6_K", tensors([B.tensor("t", [32, 8], type: 14)])),
    ("the offset 4", tensors([B.tensor("t", [8], offset: 4)])),
    ("the offset 18446744073709551584", tensors([B.tensor("t", [8], offset: .max - 31)])),
    ("4096 bytes at 0", tensors([B.tensor("t", [1024])])),
    ("32 bytes at 128", tensors([B.tensor("t", [8], offset: 128)])),
    ("at 9223372036854775776", tensors([B.tensor("t", [8], offset: (1 << 63) - 32)])),
    ("1 bytes at 128", tensors([B.tensor("t", [8], type: 99, offset: 128)])),
    ("inside another tensor", tensors([B.tensor("a", [32]), B.tensor("b", [8], offset: 96)])),
    ("inside another tensor", tensors([B.tensor("a", [8]), B.tensor("b", [8])])),
    ("the name twice", tensors([B.tensor("a", [8]), B.tensor("a", [8], offset: 32)])),
    (
      "the name twice",
      tensors([B.tensor("output.weight", [8]), B.tensor("lm_head.weight", [8], offset: 32)])
    ),
    ("as the name of a tensor", tensors([[UInt8](UInt64(1)) + [0xC0] + B.tensor("", [8])])),
  ]

  @Test(arguments: hostile.indices) func refusesHostileFiles(_ index: Int) {
    CheckpointFixtures.refuses(Self.hostile[index].0) {
      _ = try GGUF(CheckpointFixtures.mapped(Self.hostile[index].1, name: "hostile.gguf"))
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = B.model().bytes
    _ = try B.model().configuration()
    for count in 1..<whole.count {
      CheckpointFixtures.refuses("cut") {
        _ = try GGUF(CheckpointFixtures.mapped(Array(whole[..<count]), name: "cut"))
      }
    }
  }

  @Test func randomDamageNeverTraps() throws {
    var model = B.model()
    model.keys.append(B.pair("tokenizer.ggml.tokens", 9, B.array(8, [B.string("a")])))
    model.tensors.append(B.tensor("rope_freqs.weight", [2], offset: 128))
    model.data += [UInt8](repeating: 63, count: 8)
    let whole = model.bytes
    var random = SeededGenerator(state: 2)
    for _ in 0..<5_000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let position = Int.random(in: bytes.indices, using: &random)
        bytes[position] = Bool.random(using: &random) ? .random(in: 0...255, using: &random) : 0xFF
      }
      guard let gguf = try? GGUF(CheckpointFixtures.mapped(bytes, name: "damaged")) else {
        continue
      }
      for name in gguf.names {
        _ = try? gguf.tensor(name).withBytes { $0.reduce(0) { $0 &+ Int($1) } }
      }
      for key in gguf.metadata.keys { _ = try? gguf.metadata.elements(key) }
      _ = try? ModelConfiguration(gguf)
    }
  }
}
