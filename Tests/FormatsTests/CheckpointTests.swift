import Foundation
import Testing

@testable import Formats

@Suite struct CheckpointTests {
  @Test(.enabled(if: CheckpointFixtures.shared != nil, "no shared references"))
  func opensEveryReferenceModel() throws {
    let goldens = try #require(CheckpointFixtures.shared) + "/goldens/public/"
    for name in try FileManager.default.contentsOfDirectory(atPath: goldens).sorted() {
      guard FileManager.default.fileExists(atPath: goldens + name + "/model") else { continue }
      let checkpoint = try openCheckpoint(goldens + name + "/model")
      let model = checkpoint.configuration
      let format: StoredFormat = name == "llama3-rope" ? .bf16 : .f32
      #expect(model.width == 64 && model.hiddenWidth == 176 && model.vocabularySize == 512)
      #expect(model.headSize == (name == "qwen3" ? 32 : 16))
      #expect(checkpoint.names.contains("lm_head.weight") == !model.tiedEmbeddings)
      let biases = checkpoint.names.contains("model.layers.0.self_attn.q_proj.bias")
      #expect(biases == model.attentionBias && biases == (name == "qwen2"))
      #expect(
        checkpoint.names.contains("model.layers.0.self_attn.q_norm.weight") == model.queryKeyNorm)
      for layer in 0..<model.layers {
        let prefix = "model.layers.\(layer)."
        let query = try checkpoint.tensor(prefix + "self_attn.q_proj.weight")
        #expect(query.shape == [model.heads * model.headSize, 64] && query.format == format)
        let down = try checkpoint.tensor(prefix + "mlp.down_proj.weight")
        #expect(down.shape == [64, 176])
      }
      #expect(model.slidingWindow == (name == "mistral" ? 4096 : nil))
      if name == "llama3-rope" {
        #expect(
          model.ropeScaling
            == .llama3(factor: 8, lowFrequency: 1, highFrequency: 4, originalLength: 64))
      }
    }
  }

  @Test(.enabled(if: CheckpointFixtures.shared != nil, "no shared references"))
  func opensTheStoriesModel() throws {
    let path = try #require(CheckpointFixtures.shared) + "/models/stories260K/hf"
    let checkpoint = try openCheckpoint(path)
    #expect(checkpoint.configuration.layers == 5 && checkpoint.configuration.tiedEmbeddings)
    #expect(checkpoint.configuration.storedDataType == "float32")
    #expect(try checkpoint.tensor("model.embed_tokens.weight").shape == [512, 64])
    #expect(try checkpoint.tokenizer().vocabularySize == 512)
    CheckpointFixtures.refuses("self_attn.q_proj.weight") {
      _ = try checkpoint.tensor("model.layers.0.self_attn.q_proj.wieght")
    }
  }

  // MARK: Folders made here

  private static var tensor: TensorToWrite {
    TensorToWrite("model.norm.weight", shape: [2], values: [1, 2])
  }

  private static func withModel(_ body: (String) throws -> Void) throws {
    try CheckpointFixtures.withFolder { folder in
      let config = Array(ConfigurationTests.config().utf8)
      try CheckpointFixtures.write(config, to: folder + "/config.json")
      try body(folder)
    }
  }

  @Test func bareDecodersGetTheirPrefix() throws {
    try Self.withModel { folder in
      let names = ["embed_tokens.weight", "layers.0.x.weight", "norm.weight", "score.weight"]
      try writeSafetensors(
        names.map { TensorToWrite($0, shape: [1], values: [1]) },
        to: folder + "/model.safetensors")
      let checkpoint = try openCheckpoint(folder)
      #expect(
        checkpoint.names == [
          "model.embed_tokens.weight", "model.layers.0.x.weight", "model.norm.weight",
          "score.weight",
        ])
      for name in checkpoint.names { #expect(try checkpoint.tensor(name).name == name) }
      CheckpointFixtures.refuses("\"model.norm.weight\"") {
        _ = try checkpoint.tensor("model.norm.weights")
      }
      CheckpointFixtures.refuses("no tensor") { _ = try checkpoint.tensor("norm.weight") }
    }
  }

  @Test func folderFaultsAreNamed() throws {
    try Self.withModel { folder in
      func refuses(_ part: String, _ path: String? = nil) {
        CheckpointFixtures.refuses(part) { _ = try openCheckpoint(path ?? folder) }
      }
      refuses("no such file", folder + "/absent")
      refuses("no weights")
      try CheckpointFixtures.write([1], to: folder + "/pytorch_model.bin")
      refuses("safe_serialization")
      try writeSafetensors([Self.tensor], to: folder + "/model.safetensors")
      CheckpointFixtures.refuses("no tokenizer.json") { _ = try openCheckpoint(folder).tokenizer() }
      refuses("a single safetensors file", folder + "/model.safetensors")
      refuses("another magic number", folder + "/config.json")
      try CheckpointFixtures.write(Array("{".utf8), to: folder + "/config.json")
      refuses("config.json")
      try FileManager.default.removeItem(atPath: folder + "/config.json")
      refuses("no config.json")
      try CheckpointFixtures.write([1], to: folder + "/adapter_config.json")
      refuses("This is an adapter")
    }
  }

  static let indices: [(String, String)] = [
    ("nothing as weight_map", "{}"),
    ("nothing as weight_map", "[]"),
    ("an array", #"{"weight_map":[]}"#),
    ("0 members", #"{"weight_map":{}}"#),
    ("number 1", #"{"weight_map":{"a":1}}"#),
    ("../a.safetensors", #"{"weight_map":{"model.norm.weight":"../a.safetensors"}}"#),
    ("/a.safetensors", #"{"weight_map":{"model.norm.weight":"/a.safetensors"}}"#),
    ("x/a.safetensors", #"{"weight_map":{"model.norm.weight":"x/a.safetensors"}}"#),
    ("config.json", #"{"weight_map":{"model.norm.weight":"config.json"}}"#),
    (#""a\u{0}"#, #"{"weight_map":{"model.norm.weight":"a\u0000.safetensors"}}"#),
    ("absent.safetensors", #"{"weight_map":{"model.norm.weight":"absent.safetensors"}}"#),
    (
      "it is not in \"a.safetensors\"",
      #"{"weight_map":{"model.norm.weight":"a.safetensors","x":"a.safetensors"}}"#
    ),
    (
      "it in two files",
      #"{"weight_map":{"b":"a.safetensors","c":"b.safetensors"}}"#
    ),
  ]

  @Test(arguments: indices.indices) func refusesHostileIndices(_ index: Int) throws {
    try Self.withModel { folder in
      for name in ["a", "b"] {
        try writeSafetensors([Self.tensor], to: folder + "/\(name).safetensors")
      }
      let text = Array(Self.indices[index].1.utf8)
      try CheckpointFixtures.write(text, to: folder + "/model.safetensors.index.json")
      CheckpointFixtures.refuses(Self.indices[index].0) { _ = try openCheckpoint(folder) }
    }
  }

  @Test func tensorsThatTheIndexLeavesOutAreKept() throws {
    try Self.withModel { folder in
      let extra = TensorToWrite("extra", shape: [0], values: [])
      try writeSafetensors([Self.tensor, extra], to: folder + "/a.safetensors")
      let text = #"{"weight_map":{"model.norm.weight":"a.safetensors"}}"#
      try CheckpointFixtures.write(
        Array(text.utf8), to: folder + "/model.safetensors.index.json")
      #expect(try openCheckpoint(folder).names == ["extra", "model.norm.weight"])
    }
  }
}
