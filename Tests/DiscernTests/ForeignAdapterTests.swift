import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// Adapters that PEFT wrote, and what of theirs is refused.
@Suite struct ForeignAdapterTests {
  let base: BaseModel

  init() throws {
    base = try BaseModel(try openCheckpoint(Paths.fixture("stories260K")), on: CPUBackend())
  }

  @Test(arguments: [
    "\"init_lora_weights\": \"pissa\"", "\"init_lora_weights\": \"pissa_niter_16\"",
    "\"init_lora_weights\": \"olora\"", "\"init_lora_weights\": \"corda\"", "\"init_lora_weights\": \"loftq\"",
    "\"alpha_pattern\": {\".*q_proj\": 8}", "\"alpha_pattern\": {\"q_proj\": \"8\"}",
    "\"alpha_pattern\": {\"q_proj\": 1e19}", "\"alpha_pattern\": {\"q_proj|v_proj\": 1}", "\"alpha_pattern\": [1]",
  ])
  func refusedByName(member: String) throws {
    let folder = try foreign("\"r\": 4, \"lora_alpha\": 8, \(member)")
    #expect { try AdapterFolder(folder.path) } throws: { error in
      let name = member.split(separator: "\"")[0]
      return (error as? FormatError).map { "\($0)".contains(name) } ?? false
    }
  }

  @Test(arguments: ["1e19", "-1e7", "1e308"])
  func hugeAlphasAreRefused(alpha: String) throws {
    let folder = try foreign("\"r\": 4, \"lora_alpha\": \(alpha)")
    #expect(throws: FormatError.self) { try AdapterFolder(folder.path) }
  }

  @Test(arguments: ["true", "false", "null", "\"gaussian\"", "\"orthogonal\"", "\"eva\""])
  func harmlessStartsAreRead(start: String) throws {
    let folder = try foreign("\"r\": 4, \"lora_alpha\": 8, \"init_lora_weights\": \(start)")
    #expect(try AdapterFolder(folder.path).recipe.alpha == 8)
  }

  @Test func keysOfPatternsMatchWholeComponents() {
    let path = "model.layers.11.self_attn.q_proj"
    func matches(_ key: String) -> Bool { AlphaPattern([(key, 2)]).alpha(of: path) == 2 }
    #expect(matches("q_proj") && matches("self_attn.q_proj") && matches(path))
    #expect(matches("^" + path))
    #expect(!matches("proj") && !matches("^q_proj"))
    #expect(!matches("1.self_attn.q_proj"))
    let both = AlphaPattern([("other", 1), ("self_attn.q_proj", 3), ("q_proj", 4)])
    #expect(both.alpha(of: path) == 3 && both.alpha(of: "q_proj") == 4 && both.alpha(of: "k_proj") == nil)
  }

  /// As many keys as an adapter_config.json has room for, and as many modules as a large model has.
  @Test func manyKeysTakeNoTime() {
    let pattern = AlphaPattern((0..<200_000).map { ("layers.\($0).x_proj", 1) })
    let time = ContinuousClock().measure {
      for layer in 0..<200 { #expect(pattern.alpha(of: "model.layers.\(layer).self_attn.q_proj") == nil) }
    }
    #expect(time < .seconds(1), "\(time)")
  }

  @Test func rewritingKeepsEveryScaleAndRank() throws {
    let folder = try foreign(
      """
      "r": 4, "lora_alpha": 10, "target_modules": ".*(q_proj|v_proj)",
      "alpha_pattern": {"layers.1.self_attn.q_proj": 7.3, "v_proj": 24}
      """)
    #expect(try AdapterFolder(folder.path).recipe.targets == [.query, .value])
    let adapter = try AdapterFolder(folder.path).adapter(for: base)
    #expect(adapter.pairs[ModuleAddress(layer: 1, projection: .query)]?.scale == Float(7.3 / 4))
    #expect(adapter.labels == ["LABEL_0", "LABEL_1"] && adapter.recipe.targets == [.query, .value])
    let copy = try TemporaryFolder()
    try adapter.write(to: copy.path, base: base, basePath: base.place, facts: [])
    try FileSystem.move(copy.path + "/discern.json", to: copy.path + "/other.json")
    let again = try AdapterFolder(copy.path).adapter(for: base)
    #expect(again.pairs.mapValues(\.scale) == adapter.pairs.mapValues(\.scale))
    #expect(again.parameters.map(\.value.values) == adapter.parameters.map(\.value.values))
  }

  @Test func unevenPairsAreNamedByTheirPaths() throws {
    let folder = try foreign("\"r\": 4, \"lora_alpha\": 8")
    try rewrite(folder) {
      for name in $0.keys where name.contains("layers.2.self_attn.q_proj") { $0[name] = nil }
    }
    let adapter = try AdapterFolder(folder.path).adapter(for: base)
    let json = PEFT.configuration(adapter, base: "b", layers: base.configuration.layers)
    #expect(json["target_modules"]?.array?.count == adapter.pairs.count)
    #expect(json["target_modules"]?.array?.first == "model.layers.0.self_attn.q_proj")
    #expect(json["alpha_pattern"] == [:] && json["rank_pattern"] == [:] && json["lora_alpha"] == 8)
    #expect(json["peft_version"] == "0.21.2")
  }

  @Test func aSecondSpellingIsRefused() throws {
    let folder = try foreign("\"r\": 4, \"lora_alpha\": 8")
    try rewrite(folder) { $0["base_model.model.classifier.weight"] = $0[PEFT.headWeight] }
    #expect(throws: FormatError.self) { try AdapterFolder(folder.path).adapter(for: base) }
  }

  @Test func aHeadOfOneRowIsRefused() throws {
    let folder = try foreign("\"r\": 4, \"lora_alpha\": 8")
    let width = base.configuration.width
    try rewrite(folder) { $0[PEFT.headWeight] = ([1, width], [Float](repeating: 0, count: width)) }
    #expect(throws: FormatError.self) { try AdapterFolder(folder.path).adapter(for: base) }
  }

  typealias Tensors = [String: (shape: [Int], values: [Float])]

  private func rewrite(_ folder: TemporaryFolder, _ change: (inout Tensors) -> Void) throws {
    let path = folder.path + "/adapter_model.safetensors"
    let file = try Safetensors(path)
    var tensors: Tensors = [:]
    for name in file.names { tensors[name] = (try file.tensor(name).shape, try file.floats(name)) }
    change(&tensors)
    try writeSafetensors(
      tensors.map { TensorToWrite($0.key, shape: $0.value.shape, values: $0.value.values) }, to: path)
  }

  /// A folder as PEFT writes it, of rank 4 on queries and values.
  private func foreign(_ members: String) throws -> TemporaryFolder {
    var recipe = Recipe()
    recipe.rank = 4
    recipe.targets = [.query, .value]
    let adapter = try Adapter(recipe, labels: ["a", "b"], for: base.configuration, on: base.backend)
    let folder = try TemporaryFolder()
    try adapter.write(to: folder.path, base: base, basePath: base.place, facts: [])
    FileSystem.remove(["discern.json"], in: folder.path)
    try FileSystem.write("{\"peft_type\": \"LORA\", \(members)}", to: folder.path + "/adapter_config.json")
    return folder
  }
}
