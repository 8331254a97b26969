import Testing

@testable import Formats

@Suite struct GGUFConfigurationTests {
  typealias B = GGUFBuilder

  @Test func readsASmallModel() throws {
    let model = try B.model().configuration()
    #expect(model.family == .llama && model.layers == 1 && model.width == 8)
    #expect(model.hiddenWidth == 16 && model.heads == 2 && model.keyValueHeads == 2)
    #expect(model.headSize == 4 && model.vocabularySize == 4 && model.maximumPositions == 64)
    #expect(Float(model.normEpsilon) == 1e-5 && model.ropeTheta == 10_000)
    #expect(model.tiedEmbeddings && model.pairedRotation && model.isCausal)
    #expect(model.ropeScaling == .none && model.windows == [nil])
    #expect(try !B.model("qwen3").configuration().pairedRotation)
    #expect(try B.model("qwen3").configuration().queryKeyNorm)
  }

  @Test func readsOptions() throws {
    var file = B.model("qwen2")
    file.keys.append(B.pair("qwen2.attention.head_count_kv", 9, B.array(4, [[1, 0, 0, 0]])))
    file.keys.append(B.pair("qwen2.attention.causal", 7, [0]))
    file.add("qwen2.attention.key_length", 6)
    file.add("qwen2.attention.sliding_window", 7)
    file.add("qwen2.rope.freq_base", float: Float(1e6))
    file.add("qwen2.rope.scaling.type", "linear")
    file.add("qwen2.rope.scaling.factor", float: Float(4))
    file.add("tokenizer.ggml.bos_token_id", 1)
    file.add("tokenizer.ggml.eos_token_id", 2)
    file.add("tokenizer.ggml.padding_token_id", UInt32.max)
    file.tensors += [
      B.tensor("output.weight", [8], offset: 128), B.tensor("blk.0.attn_q.bias", [8], offset: 160),
      B.tensor("blk.0.attn_output.bias", [8], offset: 192),
    ]
    file.data += [UInt8](repeating: 0, count: 96)
    let model = try file.configuration()
    #expect(model.keyValueHeads == 1 && model.headSize == 6 && model.windows == [7])
    #expect(model.ropeTheta == 1e6 && model.ropeScaling == .linear(factor: 4))
    #expect(model.beginToken == 1 && model.endTokens == [2] && model.paddingToken == nil)
    #expect(!model.isCausal && !model.tiedEmbeddings && !model.pairedRotation)
    #expect(model.attentionBias && model.outputBias)
  }

  @Test func rotaryDivisorsComeFromTheirTensor() throws {
    var file = B.model()
    file.tensors.append(B.tensor("rope_freqs.weight", [2], offset: 128))
    file.data += [Float(1), 8].flatMap { [UInt8]($0.bitPattern) }
    #expect(try file.configuration().ropeScaling == .divisors([1, 8]))
    file.data[file.data.count - 1] = 0xFF
    CheckpointFixtures.refuses("rope_freqs") { _ = try file.configuration() }
  }

  static let hostile: [(String, @Sendable (inout GGUFBuilder) -> Void)] = [
    ("\"gemma\"; expected one of llama", { $0 = B.model("gemma") }),
    ("general.architecture", { $0.keys.removeFirst() }),
    ("block_count", { $0.keys.remove(at: 1) }),
    ("general.type", { $0.add("general.type", "adapter") }),
    ("split.count", { $0.add("split.count", 2) }),
    ("expert_count", { $0.add("llama.expert_count", 8) }),
    ("for all layers", { $0.keys.append(heads([2, 1])) }),
    ("for all layers", { $0.keys.append(heads([])) }),
    ("2 heads over 3", { $0.add("llama.attention.head_count_kv", 3) }),
    ("head_count_kv", { $0.add("llama.attention.head_count_kv", 0) }),
    ("head size of 3", { $0.add("llama.attention.key_length", 3) }),
    ("value_length", { $0.add("llama.attention.value_length", 3) }),
    ("rope.dimension_count", { $0.add("llama.rope.dimension_count", 2) }),
    ("\"yarn\"", { $0.add("llama.rope.scaling.type", "yarn") }),
    ("rope.scaling.factor", { $0.add("llama.rope.scaling.type", "linear") }),
    ("rope.freq_base", { $0.add("llama.rope.freq_base", float: Float.nan) }),
    ("rope.freq_base", { $0.add("llama.rope.freq_base", float: Float(-1)) }),
    ("4 as the end token", { $0.add("tokenizer.ggml.eos_token_id", 4) }),
    ("1 rotary divisors", { $0.tensors.append(B.tensor("rope_freqs.weight", [1], offset: 64)) }),
    ("a bias in mlp", { $0.tensors.append(B.tensor("blk.0.ffn_up.bias", [8], offset: 64)) }),
    (
      "at most 4, the rows",
      {
        $0.keys.append(
          B.pair(
            "tokenizer.ggml.tokens", 9, B.array(8, [[UInt8]](repeating: B.string("a"), count: 5)))
        )
      }
    ),
  ]

  private static func heads(_ counts: [UInt32]) -> [UInt8] {
    B.pair("llama.attention.head_count_kv", 9, B.array(4, counts.map { [UInt8]($0) }))
  }

  @Test(arguments: hostile.indices) func refusesHostileValues(_ index: Int) throws {
    var file = B.model()
    // Room for one more tensor behind the embedding's first half.
    file.tensors = [B.tensor("token_embd.weight", [4, 4])]
    file.data = [UInt8](repeating: 64, count: 128)
    _ = try file.configuration()
    Self.hostile[index].1(&file)
    CheckpointFixtures.refuses(Self.hostile[index].0) { _ = try file.configuration() }
  }

  @Test(.enabled(if: CheckpointFixtures.shared != nil, "no shared references"))
  func readsVocabularyFiles() throws {
    let folder = try #require(CheckpointFixtures.shared) + "/tokenizers/"
    func path(_ name: String) -> String { "\(folder)ggml-vocab-\(name)/ggml-vocab-\(name).gguf" }
    let llama = try openCheckpoint(path("llama-bpe")).configuration
    #expect(llama.vocabularySize == 128_256 && llama.keyValueHeads == 8 && llama.headSize == 128)
    #expect(llama.beginToken == 128_000 && llama.endTokens == [128_001])
    let qwen = try openCheckpoint(path("qwen2")).configuration
    #expect(qwen.family == .qwen2 && qwen.vocabularySize == 151_936 && qwen.attentionBias)
    CheckpointFixtures.refuses("\"gpt2\"") { _ = try openCheckpoint(path("gpt-2")) }
    CheckpointFixtures.refuses("\"phi3\"") { _ = try openCheckpoint(path("phi-3")) }
  }

  @Test(.enabled(if: CheckpointFixtures.shared != nil, "no shared references"))
  func readsVocabularies() throws {
    let folder = try #require(CheckpointFixtures.shared) + "/tokenizers/ggml-vocab-llama-"
    let pieces = try GGUF(folder + "spm/ggml-vocab-llama-spm.gguf").vocabulary()
    #expect(pieces.model == "llama" && pieces.pre == "default" && pieces.tokens.count == 32_000)
    #expect(pieces.scores?.count == 32_000 && pieces.types?.prefix(4) == [2, 3, 3, 6])
    #expect(pieces.merges == nil && pieces.bos == 1 && pieces.eos == 2 && pieces.unknown == 0)
    #expect(pieces.addBOS == true && pieces.addEOS == false && pieces.addSpacePrefix == nil)
    let pairs = try GGUF(folder + "bpe/ggml-vocab-llama-bpe.gguf").vocabulary()
    #expect(pairs.model == "gpt2" && pairs.pre == "llama-bpe" && pairs.scores == nil)
    #expect(pairs.merges?.count == 280_147 && pairs.padding == nil)
  }

  @Test func refusesHostileVocabularies() {
    func refuses(_ part: String, _ change: (inout B) -> Void) {
      var file = B.model()
      file.add("tokenizer.ggml.model", "llama")
      let tokens = [B.string("a"), B.string("b")]
      file.keys.append(B.pair("tokenizer.ggml.tokens", 9, B.array(8, tokens)))
      change(&file)
      CheckpointFixtures.refuses(part) { _ = try file.gguf().vocabulary() }
    }
    refuses("no tokenizer") { $0.keys.removeLast() }
    refuses("scores") { $0.keys.append(B.pair("tokenizer.ggml.scores", 9, B.array(6, []))) }
    refuses("small integers") {
      let types = [[UInt8](Int64.max), [UInt8](Int64(1))]
      $0.keys.append(B.pair("tokenizer.ggml.token_type", 9, B.array(11, types)))
    }
    refuses("an id below 2") { $0.add("tokenizer.ggml.bos_token_id", 2) }
    refuses("a token id") {
      $0.keys.append(B.pair("tokenizer.ggml.eos_token_id", 5, [UInt8](Int32(-7))))
    }
    refuses("an array") { $0.add("tokenizer.ggml.merges", "a b") }
  }

  @Test(.enabled(if: CheckpointFixtures.realGGUF != nil, "DISCERN_GGUF names no model"))
  func readsARealModel() throws {
    let checkpoint = try openCheckpoint(try #require(CheckpointFixtures.realGGUF))
    let model = checkpoint.configuration
    #expect(model.pairedRotation == (model.family == .llama || model.family == .mistral))
    for layer in 0..<model.layers {
      let prefix = "model.layers.\(layer)."
      let rows = model.heads * model.headSize
      #expect(
        try checkpoint.tensor(prefix + "self_attn.q_proj.weight").shape == [rows, model.width])
      #expect(
        try checkpoint.tensor(prefix + "mlp.down_proj.weight").shape
          == [model.width, model.hiddenWidth])
    }
    #expect(try checkpoint.tokenizer().vocabularySize == model.vocabularySize)
    let embedding = try checkpoint.tensor("model.embed_tokens.weight")
    #expect(embedding.shape == [model.vocabularySize, model.width])
  }
}
