import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// `layers: n`: the first n layers, the final norm and the head are the whole model.
@Suite("Depth") struct DepthTests {
  let checkpoint: any Checkpoint
  let base: BaseModel
  private let labels = ["no", "perhaps", "yes"]
  private let text = Example(input: .text("Once upon a time, there was a little girl."))

  init() throws {
    checkpoint = try openCheckpoint(Paths.fixture("stories260K"))
    base = try BaseModel(checkpoint, on: CPUBackend())
  }

  /// A classifier of the first layers whose pairs take part (B starts at zero).
  private func classifier(layers: Int, top: Int = 0) throws -> Classifier {
    var recipe = Recipe()
    recipe.rank = 4
    recipe.layers = layers
    recipe.topLayers = top
    let adapter = try Adapter(recipe, labels: labels, for: base.configuration, on: base.backend)
    var random = Random(seed: 9, stream: 9)
    for parameter in adapter.parameters where !parameter.name.hasSuffix("score.weight") {
      let values = parameter.value.values.map { $0 + Float(0.05 * random.normal()) }
      parameter.value.backend.write(values, into: parameter.value)
    }
    return try Classifier(base, adapter, tokenizer: try checkpoint.tokenizer())
  }

  private func logits(_ classifier: Classifier) -> [Float] {
    classifier.logits([classifier.encoder.encode(text).example])[0][0]
  }

  @Test func theHeadReadsTheStatesOfTheLastLayerThatRuns() throws {
    let classifier = try classifier(layers: 3)
    // Without pairs the whole model's own states show what layer 3 gives.
    let plain = Adapter(
      classifier.adapter.recipe, labels: labels,
      values: [PEFT.headWeight: classifier.adapter.head.weight.value], layers: 3, scale: { _ in 1 })
    let cut = try Classifier(base, plain, tokenizer: classifier.tokenizer)
    var whole = classifier.adapter.recipe
    whole.layers = 0
    let model = try base.adapted(
      by: Adapter(
        whole, labels: labels, values: [PEFT.headWeight: plain.head.weight.value], layers: 5, scale: { _ in 1 }))
    let tokens = cut.encoder.encode(text).example.tokens
    var states: [Float] = []
    let pass = Pass(packing: Packing(lengths: [tokens.count]), rope: model.ropeTable(positions: tokens.count))
    _ = model(tokens, pass) { if $0 == 3 { states = $1.values } }

    let width = base.configuration.width
    let last = states.suffix(width).map(Double.init)
    let inverse = 1 / (last.reduce(0) { $0 + $1 * $1 } / Double(width) + base.configuration.normEpsilon).squareRoot()
    let norm = base.norm.weight.values
    let head = plain.head.weight.value.values
    let expected = labels.indices.map { label in
      Float((0..<width).reduce(0.0) { $0 + last[$1] * inverse * Double(norm[$1] * head[label * width + $1]) })
    }
    #expect(largestDifference(logits(cut), expected) < 1e-5)
    #expect(logits(cut) != logits(classifier))
  }

  @Test func pairsAreThoseOfTheLayersThatRun() throws {
    #expect(Set(try classifier(layers: 3).adapter.pairs.keys.map(\.layer)) == [0, 1, 2])
    #expect(Set(try classifier(layers: 3, top: 2).adapter.pairs.keys.map(\.layer)) == [1, 2])
  }

  @Test func savedAndLoadedIsTheSame() throws {
    let classifier = try classifier(layers: 2)
    let folder = try TemporaryFolder()
    try classifier.adapter.write(to: folder.path, base: base, basePath: base.place, facts: [])
    let loaded = try Classifier(adapter: folder.path)
    #expect(loaded.configuration.layers == 2)
    #expect(logits(loaded) == logits(classifier))
    #expect(try JSON(contentsOf: folder.path + "/discern.json", limit: 1 << 20)["layers"]?.int == 2)
    let config = try JSON(contentsOf: folder.path + "/adapter_config.json", limit: 1 << 20)
    // Over an uncut base PEFT misses pairs and says so; naming the layers would silence it.
    #expect(config["layers_to_transform"] == .null)
    let readme = try String(decoding: MappedFile(folder.path + "/README.md").withBytes { Array($0) }, as: UTF8.self)
    #expect(readme.contains("config.num_hidden_layers = 2"))
    #expect(readme.contains("Only the first 2 of the base model's 5 layers"))
  }

  @Test func mergedModelHasOnlyTheseLayers() throws {
    let classifier = try classifier(layers: 2)
    let folder = try TemporaryFolder()
    let path = folder.path + "/merged"
    _ = try Merge(classifier).write(to: path)
    let merged = try openCheckpoint(path)
    #expect(merged.configuration.layers == 2)
    #expect(!merged.names.contains { $0.hasPrefix("model.layers.2.") })
    let head = Adapter(
      Recipe(), labels: labels, values: [PEFT.headWeight: classifier.adapter.head.weight.value], layers: 2,
      scale: { _ in 1 })
    let plain = try Classifier(
      try BaseModel(merged, on: base.backend), head, tokenizer: try merged.tokenizer())
    #expect(largestDifference(logits(plain), logits(classifier)) <= 1e-4)
  }

  @Test func moreLayersThanThereAreAreRefused() throws {
    for (layers, top) in [(6, 0), (3, 4)] {
      #expect(throws: DiscernError.self) { try classifier(layers: layers, top: top) }
    }
    var recipe = Recipe()
    recipe.layers = 3
    recipe.attention = .unmasked(from: 3)
    #expect(throws: DiscernError.self) {
      try Adapter(recipe, labels: labels, for: base.configuration, on: base.backend)
    }
  }
}
