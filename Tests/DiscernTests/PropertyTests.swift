import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// The properties that METHOD promises, on a real little model.
@Suite("Properties") struct PropertyTests {
  let base: BaseModel
  let tokenizer: Tokenizer
  let texts = [
    "Once upon a time", "the cat", "She said: no! And then, after a long day, they all went home.", "a",
    "Tom likes the big red ball in the park, but not the small blue one.",
  ]

  init() throws {
    let checkpoint = try openCheckpoint(Paths.fixture("stories260K"))
    base = try BaseModel(checkpoint, on: CPUBackend())
    tokenizer = try checkpoint.tokenizer()
  }

  private func classifier(
    _ pooling: Pooling?, _ attention: AttentionPattern, threads: Int = 2,
    on other: BaseModel? = nil, change: (inout Recipe) -> Void = { _ in }
  ) throws -> Classifier {
    var recipe = Recipe()
    recipe.task = pooling == nil ? .tokens : .sequence
    recipe.pooling = pooling ?? .last
    recipe.attention = attention
    recipe.rank = 4
    change(&recipe)
    let base = other ?? base
    let labels = pooling == nil ? ["O", "B-X", "I-X"] : ["no", "perhaps", "yes"]
    let adapter = try Adapter(recipe, labels: labels, for: base.configuration, on: base.backend)
    // B starts at zero: fill it, so that the pairs take part.
    var random = Random(seed: 9, stream: 9)
    for parameter in adapter.parameters {
      parameter.value.backend.write(
        parameter.value.values.map { $0 + Float(0.05 * random.normal()) }, into: parameter.value)
    }
    return try Classifier(base, adapter, tokenizer: tokenizer, threads: threads)
  }

  private static let settings: [(Pooling?, AttentionPattern)] =
    Pooling.allCases.map { ($0, .unmasked(from: 0)) } + [
      (.last, .causal), (nil, .causal), (nil, .unmasked(from: 2)), (nil, .layers([1, 3])),
    ]

  @Test(arguments: settings)
  func sameTextSameBitsInAnyCompany(pooling: Pooling?, attention: AttentionPattern) throws {
    let classifier = try classifier(pooling, attention)
    let encoded = texts.map { classifier.encoder.encode(Example(input: .text($0))).example }
    let alone = encoded.map { classifier.logits([$0])[0] }
    #expect(classifier.logits(encoded) == alone)
    #expect(Array(classifier.logits(encoded.reversed()).reversed()) == alone)
    let crowd = (0..<40).map { encoded[$0 % encoded.count] }
    #expect(classifier.logits(crowd) == (0..<40).map { alone[$0 % encoded.count] })
  }

  /// The last layer computes only the rows that answer; the others would not have changed a bit.
  @Test(arguments: settings)
  func rowsThatNobodyAsksForChangeNothing(pooling: Pooling?, attention: AttentionPattern) throws {
    let classifier = try classifier(pooling, attention) { $0.targets = Projection.allCases }
    let encoded = texts.map { classifier.encoder.encode(Example(input: .text($0))).example }
    let chunk = Chunk(encoded, members: Array(encoded.indices), firstRow: 0)
    let runner = classifier.runner
    let rope = runner.model.ropeTable(positions: chunk.packing.longest)
    let pass = Pass(packing: chunk.packing, rope: rope)
    let all = runner.adapter.head(runner.model(chunk.tokens, pass).0, rows: chunk.rows, pass).0
    #expect(runner.logits(chunk, rope: rope).values == all.values)
  }

  @Test func maskDecidesWhatATokenSees() throws {
    for attention in ["causal", "unmasked", "unmasked:2"].map({ try! AttentionPattern($0) }) {
      let classifier = try classifier(nil, attention)
      let tokens = tokenizer.encode(texts[2]).ids
      var changed = tokens
      changed[changed.count - 1] = changed[changed.count - 1] == 300 ? 301 : 300
      let (a, b) = (states(classifier, tokens), states(classifier, changed))
      let width = base.configuration.width
      for layer in 0...base.configuration.layers {
        let isSame = a[layer]![..<((tokens.count - 1) * width)] == b[layer]![..<((tokens.count - 1) * width)]
        let firstUnmasked = (0..<base.configuration.layers).first { attention.unmasks($0) } ?? .max
        #expect(isSame == (layer <= firstUnmasked), "\(attention) layer \(layer)")
      }
    }
  }

  private func states(_ classifier: Classifier, _ tokens: [Int32]) -> [Int: [Float]] {
    var states: [Int: [Float]] = [:]
    let model = classifier.runner.model
    let pass = Pass(
      packing: Packing(lengths: [tokens.count]), rope: model.ropeTable(positions: tokens.count))
    _ = model(tokens, pass) { states[$0] = $1.values }
    return states
  }

  @Test(arguments: settings)
  func savedAndLoadedIsTheSame(pooling: Pooling?, attention: AttentionPattern) throws {
    let classifier = try classifier(pooling, attention) { $0.targets = [.query, .down] }
    let folder = try TemporaryFolder()
    try classifier.adapter.write(
      to: folder.path, base: base, basePath: Paths.fixture("stories260K"), facts: [])
    let loaded = try Classifier(adapter: folder.path)
    #expect(loaded.labels == classifier.labels)
    #expect(loaded.adapter.recipe == classifier.adapter.recipe)
    let encoded = texts.map { classifier.encoder.encode(Example(input: .text($0))).example }
    #expect(loaded.logits(encoded) == classifier.logits(encoded))
  }

  @Test(arguments: [1, 2, 3, 8]) func sameBytesForAnyNumberOfThreads(threads: Int) throws {
    let expected = try trained(threads: 2)
    #expect(try trained(threads: threads) == expected)
  }

  @Test func recomputingGivesTheSameAdapter() throws {
    #expect(try trained(threads: 2) { $0.recompute = true } == trained(threads: 2))
  }

  private func trained(threads: Int, _ change: (inout Recipe) -> Void = { _ in }) throws -> [[Float]] {
    let dataset = Dataset(
      name: "tiny",
      examples: (0..<24).map { index in
        Example(
          input: .text(texts[index % texts.count] + " \(index)"),
          label: .classLabel(index % 2 == 0 ? "even" : "odd"), line: index + 1)
      })
    var recipe = Recipe()
    recipe.rank = 3
    recipe.epochs = 2
    recipe.batchSize = 7
    recipe.dropout = 0.2
    change(&recipe)
    var parameters: [[Float]] = []
    let trainer = Trainer(base, tokenizer: tokenizer, recipe: recipe, threads: threads)
    _ = try trainer.run(train: dataset, dev: nil) { classifier, _, _ in
      parameters = classifier.adapter.parameters.map(\.value.values)
    }
    return parameters
  }

  @Test(arguments: settings)
  func hardlyAnyTextWorks(pooling: Pooling?, attention: AttentionPattern) throws {
    let classifier = try classifier(pooling, attention)
    let odd = ["", " ", "a", "\u{0}", "<s>", "</s>", "\n\n", "👩‍👩‍👧", String(repeating: "a", count: 3000)]
    for text in odd {
      let encoded = classifier.encoder.encode(Example(input: .text(text))).example
      #expect(!encoded.tokens.isEmpty)
      let isFinite = classifier.logits([encoded])[0].joined().allSatisfy { $0.isFinite }
      #expect(isFinite, "\(text.prefix(9))")
    }
    if pooling == nil {
      let tagged = try classifier.tag(odd)
      #expect(tagged[0].words.isEmpty && tagged[8].words.count == 1)
    } else {
      #expect(try classifier.predict(odd).count == odd.count)
    }
  }

  @Test func learnsEightExamplesByHeart() throws {
    let dataset = Dataset(
      name: "eight",
      examples: texts.enumerated().map { index, text in
        Example(input: .text(text), label: .classLabel(["a", "b", "c"][index % 3]), line: index + 1)
      })
    var recipe = Recipe()
    recipe.epochs = 60
    recipe.batchSize = 5
    recipe.rate = 3e-3
    recipe.dropout = 0
    let result = try Trainer(base, tokenizer: tokenizer, recipe: recipe, threads: 2)
      .run(train: dataset, dev: dataset) { _, _, _ in }
    #expect(result.best?.value(of: "accuracy") == 1)
    #expect(result.loss < 0.05)
  }
}
