import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// Adapters on disk: PEFT's names, our facts, and what is refused.
@Suite struct AdapterTests {
  let base: BaseModel

  init() throws {
    base = try BaseModel(try openCheckpoint(Paths.fixture("stories260K")), on: CPUBackend())
  }

  @Test(arguments: [
    "base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight",
    "base_model.model.model.layers.3.self_attn.q_proj.lora_A.default.weight",
    "base_model.model.layers.3.self_attn.q_proj.lora_A.weight",
  ])
  func spellingsOfAPair(name: String) {
    #expect(PEFT.canonical(name) == PEFT.a("model.layers.3.self_attn.q_proj"))
  }

  @Test(arguments: [
    "base_model.model.score.weight", "base_model.model.score.modules_to_save.default.weight",
    "base_model.model.classifier.weight", "base_model.model.classifier.modules_to_save.default.weight",
  ])
  func spellingsOfTheHead(name: String) { #expect(PEFT.canonical(name) == PEFT.headWeight) }

  @Test func freshAdapterStartsAsTheBase() throws {
    var recipe = Recipe()
    recipe.targets = [.query, .down]
    recipe.topLayers = 2
    let adapter = try Adapter(recipe, labels: ["a", "b"], for: base.configuration, on: base.backend)
    #expect(Set(adapter.pairs.keys.map(\.layer)) == [3, 4])
    for pair in adapter.pairs.values {
      #expect(pair.b.value.values.allSatisfy { $0 == 0 })
      let bound = 1 / Float(pair.a.value.columns).squareRoot()
      let values = pair.a.value.values
      #expect(values.allSatisfy { abs($0) <= bound } && values.contains { abs($0) > 0.8 * bound })
    }
    let again = try Adapter(recipe, labels: ["a", "b"], for: base.configuration, on: base.backend)
    #expect(adapter.parameters.map(\.value.values) == again.parameters.map(\.value.values))
  }

  @Test func classicKeysOfTheConfiguration() throws {
    let folder = try saved { $0.rsLoRA = true }
    let json = try JSON(contentsOf: folder.path + "/adapter_config.json", limit: 1 << 20)
    #expect(json["peft_type"] == "LORA" && json["task_type"] == "SEQ_CLS")
    #expect(json["modules_to_save"] == ["classifier", "score"] && json["use_rslora"] == true)
    #expect(json["r"] == 4 && json["lora_alpha"] == 32 && json["layers_to_transform"] == nil as JSON)
    #expect(!FileSystem.exists(folder.path + "/config.json"))
  }

  @Test func aDifferentBaseIsRefused() throws {
    let folder = try saved()
    try describe(folder) { $0["base"] = ["path": "elsewhere", "fingerprint": "fnv1a:0"] }
    #expect(throws: FormatError.self) { try AdapterFolder(folder.path).adapter(for: base) }
  }

  @Test(arguments: [
    "{}", "{\"peft_type\": \"IA3\"}", "{\"peft_type\": \"LORA\", \"r\": 0, \"lora_alpha\": 1}",
    "{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 8, \"use_dora\": true}",
    "{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 8, \"bias\": \"all\"}", "[", "",
  ])
  func refusedConfigurations(text: String) throws {
    let folder = try saved()
    try FileSystem.write(text, to: folder.path + "/adapter_config.json")
    #expect(throws: FormatError.self) { try AdapterFolder(folder.path) }
  }

  @Test func refusedTensors() throws {
    typealias Change = (inout [String: (shape: [Int], values: [Float])]) -> Void
    let changes: [Change] = [
      { $0[PEFT.headWeight] = nil },
      { $0[PEFT.b("model.layers.0.self_attn.q_proj")] = nil },
      { $0[PEFT.headWeight] = ([2, 3], [Float](repeating: 0, count: 6)) },
      { $0[PEFT.headWeight]!.values[0] = .nan },
      { $0["base_model.model.model.layers.99.self_attn.q_proj.lora_A.weight"] = ([1, 1], [0]) },
      { $0[PEFT.headBias] = ([2], [0, 0]) },
    ]
    for change in changes {
      let folder = try saved()
      let file = try Safetensors(folder.path + "/adapter_model.safetensors")
      var tensors: [String: (shape: [Int], values: [Float])] = [:]
      for name in file.names { tensors[name] = (try file.tensor(name).shape, try file.floats(name)) }
      change(&tensors)
      try writeSafetensors(
        tensors.map { TensorToWrite($0.key, shape: $0.value.shape, values: $0.value.values) },
        to: folder.path + "/adapter_model.safetensors")
      #expect(throws: FormatError.self) { try AdapterFolder(folder.path).adapter(for: base) }
    }
  }

  @Test func aNamedOtherBaseIsAllowedWhereShapesAgree() throws {
    let folder = try saved()
    try describe(folder) { $0["base"] = ["path": "elsewhere", "fingerprint": "fnv1a:0", "family": "llama"] }
    #expect(try AdapterFolder(folder.path).adapter(for: base, otherBase: true).labels == ["a", "b"])
    try describe(folder) { $0["base"] = ["path": "elsewhere", "fingerprint": "fnv1a:0", "family": "qwen3"] }
    #expect(throws: FormatError.self) { try AdapterFolder(folder.path).adapter(for: base, otherBase: true) }
  }

  @Test func factsWithoutRecipeOrWithALabelTwiceAreRefused() throws {
    let folder = try saved()
    try describe(folder) { $0["labels"] = ["a", "a"] }
    #expect(throws: FormatError.self) { try AdapterFolder(folder.path) }
    try describe(folder) {
      $0["labels"] = ["a", "b"]
      $0["recipe"] = nil
    }
    #expect(throws: FormatError.self) { try AdapterFolder(folder.path) }
  }

  @Test func theReadmeSaysWhatPythonMustDo() throws {
    func readme(_ change: (inout Recipe) -> Void) throws -> String {
      let folder = try saved(change)
      return try withExtendedLifetime(folder) {
        try MappedFile(folder.path + "/README.md").withBytes { String(decoding: $0, as: UTF8.self) }
      }
    }
    let plain = try readme { _ in }
    #expect(!plain.contains("is_causal") && !plain.contains("get_base_model"))
    #expect(plain.contains("- \"base_model:adapter:"))
    let end = base.configuration.paddingToken ?? base.configuration.endTokens.first ?? 0
    #expect(plain.contains("config.pad_token_id = \(end)\n"))
    let whole = try readme {
      $0.attention = .unmasked(from: 0)
      $0.pooling = .mean
    }
    #expect(whole.contains("config.is_causal = False") && whole.contains("hidden.mean(1)"))
    let part = try readme { $0.attention = .unmasked(from: 3) }
    #expect(!part.contains("config.is_causal = False") && part.contains("2 of 5 layers see both ways"))
  }

  @Test func aFailedSaveLeavesTheAdapterBefore() throws {
    let folder = try saved()
    let before = try Safetensors(folder.path + "/adapter_model.safetensors").names
    FileSystem.remove(["adapter_config.json"], in: folder.path)
    // A folder in its place: the last of the files cannot be written.
    try FileSystem.makeFolder(folder.path + "/adapter_config.json")
    let names = FileSystem.names(in: folder.path)
    let tagger = try Adapter(
      Recipe.preset("paper", task: .tokens), labels: ["O", "B-a", "I-a"], for: base.configuration, on: base.backend)
    #expect(throws: FormatError.self) {
      try tagger.write(to: folder.path, base: base, basePath: base.place, facts: [])
    }
    #expect(try Safetensors(folder.path + "/adapter_model.safetensors").names == before)
    #expect(FileSystem.names(in: folder.path) == names)
  }

  private func describe(_ folder: TemporaryFolder, _ change: (inout JSONObject) -> Void) throws {
    var object = try JSON(contentsOf: folder.path + "/discern.json", limit: 1 << 20).object!
    change(&object)
    try FileSystem.write(JSON.object(object).serialized(), to: folder.path + "/discern.json")
  }

  private func saved(_ change: (inout Recipe) -> Void = { _ in }) throws -> TemporaryFolder {
    var recipe = Recipe()
    recipe.rank = 4
    change(&recipe)
    let adapter = try Adapter(recipe, labels: ["a", "b"], for: base.configuration, on: base.backend)
    let folder = try TemporaryFolder()
    try adapter.write(to: folder.path, base: base, basePath: base.place, facts: [])
    return folder
  }
}
