import Compute
import Formats
import Synchronization
import TestSupport
import Testing

@testable import Discern

/// States kept from epoch to epoch change nothing but the time.
@Suite("Frozen states") struct FrozenStatesTests {
  private let backend = ProfilingBackend(CPUBackend())
  private let base: BaseModel
  private let tokenizer: Tokenizer

  init() throws {
    let checkpoint = try openCheckpoint(Paths.fixture("stories260K"))
    base = try BaseModel(checkpoint, on: backend)
    tokenizer = try checkpoint.tokenizer()
  }

  private static let texts = Dataset(
    name: "texts",
    examples: (0..<14).map { index in
      let words = (0...(index % 6)).map { ["the", "cat", "sat", "on", "a", "mat"][($0 + index) % 6] }
      // Two texts stand twice, one with both labels: states are of texts, not of rows.
      let text = words.joined(separator: " ")
      return Example(input: .text(text), label: .classLabel(index % 3 == 0 ? "a" : "b"))
    } + [Example(input: .text("the"), label: .classLabel("b"))])

  private static let sentences = Dataset(
    name: "sentences",
    examples: (0..<6).map { index in
      let words = ["Tom", "went", "to", "the", "park"].prefix(2 + index % 4)
      return Example(input: .words(Array(words)), label: .tags(["B-PER"] + words.dropFirst().map { _ in "O" }))
    })

  private struct Trained {
    var values: [[Float]] = []
    var loss = 0.0
    var facts: [String] = []
    var frozenOperations = 0.0
  }

  private func train(
    _ data: Dataset, _ cache: StateCache, threads: Int = 2, _ change: (inout Recipe) -> Void = { _ in }
  ) throws -> Trained {
    var recipe = try Recipe.preset("default", task: data.facts.scheme == nil ? .sequence : .tokens)
    (recipe.rank, recipe.topLayers, recipe.cache, recipe.epochs, recipe.batchSize) = (4, 2, cache, 3, 4)
    change(&recipe)
    var trained = Trained()
    let facts = Mutex<[String]>([])
    _ = backend.takeProfile()
    let result = try Trainer(base, tokenizer: tokenizer, recipe: recipe, threads: threads).run(
      train: data, dev: data,
      save: { classifier, _, _ in trained.values = classifier.adapter.parameters.map(\.value.values) },
      observe: { event in
        guard case .caching(let done, let count, let bytes, let folder, _) = event, done == count else { return }
        facts.withLock { $0.append("\(count) texts, \(bytes) bytes, \(folder ?? "memory")") }
      })
    trained.loss = result.loss
    trained.facts = facts.withLock { $0 }
    trained.frozenOperations = backend.takeProfile().entries[.forwardProducts]?.operations ?? 0
    return trained
  }

  @Test(arguments: ["texts", "sentences"])
  func theSameBytesWithAndWithout(name: String) throws {
    let data = name == "texts" ? Self.texts : Self.sentences
    let without = try train(data, .off)
    let with = try train(data, .f32)
    #expect(without.facts.isEmpty && with.facts.count == 1)
    #expect(with.values == without.values)
    #expect(with.loss == without.loss)
    #expect(try train(data, .f32, threads: 1).values == with.values)
    #expect(with.frozenOperations < 0.6 * without.frozenOperations)
  }

  @Test func eachDistinctTextIsKeptOnce() throws {
    let encoder = try ExampleEncoder(
      tokenizer, recipe: Recipe(), labels: Self.texts.labels, model: base.configuration)
    let tokens = Set(try encoder.encode(Self.texts).examples.map(\.tokens))
    #expect(tokens.count < Self.texts.examples.count)
    let bytes = tokens.reduce(0) { $0 + $1.count } * base.configuration.width * 4
    #expect(try train(Self.texts, .f32).facts == ["\(tokens.count) texts, \(bytes) bytes, memory"])
    #expect(try train(Self.texts, .bf16).facts == ["\(tokens.count) texts, \(bytes / 2) bytes, memory"])
  }

  @Test func roundedStatesAreNearAndNotTheSame() throws {
    let exact = try train(Self.texts, .f32)
    let rounded = try train(Self.texts, .bf16)
    #expect(rounded.values != exact.values)
    #expect(abs(rounded.loss - exact.loss) < 0.05 * exact.loss)
  }

  @Test func nothingIsKeptWhereItCannotPay() throws {
    #expect(try train(Self.texts, .f32) { $0.topLayers = 0 }.facts.isEmpty)
    #expect(try train(Self.texts, .f32) { $0.epochs = 1 }.facts.isEmpty)
  }

  @Test func aFileServesAsMemoryDoesAndLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let memory = try ScratchMemory(byteCount: 100_000, limit: 0, folder: folder.path + "/cache/discern")
    #expect(memory.folder == folder.path + "/cache/discern")
    #expect(FileSystem.names(in: folder.path + "/cache/discern").isEmpty)
    memory.bytes[99_999] = 7
    #expect(memory.bytes[99_999] == 7 && memory.bytes[0] == 0)
    #expect(try ScratchMemory(byteCount: 100_000, limit: 100_000, folder: "/nowhere").folder == nil)
  }

  @Test func aFullDiskIsSaidBeforeAnythingRuns() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: DiscernError.self) {
      _ = try ScratchMemory(byteCount: 1 << 58, limit: 0, folder: folder.path)
    }
    #expect(error?.kind == .io)
    #expect(error?.description.contains("--cache off") == true)
    let file = folder.path + "/file"
    try FileSystem.write("x", to: file)
    #expect(throws: DiscernError.self) { try ScratchMemory(byteCount: 10, limit: 0, folder: file + "/discern") }
  }

  @Test func statesInAFileGiveTheSameLogits() throws {
    var recipe = Recipe()
    recipe.topLayers = 2
    let adapter = try Adapter(recipe, labels: ["a", "b"], for: base.configuration, on: backend)
    let classifier = try Classifier(base, adapter, tokenizer: tokenizer, threads: 2)
    let examples = try classifier.encoder.encode(Self.texts).examples
    let states = try FrozenStates(
      of: examples, model: classifier.runner.model, format: .native, threads: 2, memoryLimit: 0, progress: { _, _ in })
    #expect(Classifier(classifier, frozen: states).logits(examples) == classifier.logits(examples))
    // A text that was not kept goes the whole way.
    let other = [classifier.encoder.encode(Example(input: .text("a dog"))).example]
    #expect(Classifier(classifier, frozen: states).logits(other) == classifier.logits(other))
  }
}
