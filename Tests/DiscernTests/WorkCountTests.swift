import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// The counted work against what runs.
@Suite struct WorkCountTests {
  @Test func countIsWhatTheKernelsDo() throws {
    let checkpoint = try openCheckpoint(Paths.fixture("stories260K"))
    let backend = ProfilingBackend(CPUBackend())
    let base = try BaseModel(checkpoint, on: backend)
    var recipe = BenchCase.inferShort.recipe
    recipe.targets = [.down]
    recipe.topLayers = 1
    // Every row answers, so that the last layer leaves nothing out.
    recipe.pooling = .mean
    let lengths = [3, 12, 7]
    let work = try BenchWork.inference(
      recipe, SyntheticTexts(lengths: [lengths]), base, try checkpoint.tokenizer(), threads: 2)
    _ = backend.takeProfile()
    work.pieces[0].run()
    let entries = backend.takeProfile().entries
    // The second half of the one pair rides along with a frozen product.
    let pair = 2 * 22 * recipe.rank * checkpoint.configuration.width
    let frozen = try #require(entries[.forwardProducts]).operations - Double(pair)
    let attention = try #require(entries[.attention]).operations
    #expect(frozen + attention == work.operations)
    #expect(work.tokens == 22)
  }

  @Test func trainingCountsTheGradientToTheInput() throws {
    let configuration = try openCheckpoint(Paths.fixture("stories260K")).configuration
    let count = WorkCount(configuration)
    let lengths = [5]
    let forward = count.operations(lengths: lengths, training: false)
    let products = Double(2 * 5 * count.parameters)
    let training = count.operations(lengths: lengths, training: true)
    #expect(training == 2 * products + 3.5 * (forward - products))
    let width = configuration.heads * configuration.headSize
    #expect(forward - products == Double(4 * 15 * width * configuration.layers))
  }

  @Test func shortTextsAreAsPeersHaveThem() {
    let lengths = SyntheticTexts.short.lengths.joined()
    #expect(lengths.count == 64)
    #expect(lengths.allSatisfy { (3...64).contains($0) })
    let mean = Double(lengths.reduce(0, +)) / 64
    #expect((22...28).contains(mean))
    let batches = SyntheticTexts.short.batches(vocabulary: 100)
    #expect(batches.joined().allSatisfy { $0.tokens.allSatisfy { (3..<100).contains($0) } })
  }
}
