import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// One step of training: exact averages, gradients where they are due, no memory asked for in the steady state.
@Suite struct StepTests {
  let base: BaseModel
  let backend = CPUBackend()

  init() throws { base = try BaseModel(try openCheckpoint(Paths.fixture("stories260K")), on: backend) }

  private func runner(threads: Int = 2, _ change: (inout Recipe) -> Void = { _ in }) throws -> StepRunner {
    var recipe = Recipe()
    recipe.rank = 4
    recipe.dropout = 0
    change(&recipe)
    let adapter = try Adapter(recipe, labels: ["a", "b", "c"], for: base.configuration, on: backend)
    return StepRunner(model: try base.adapted(by: adapter), adapter: adapter, threads: threads)
  }

  private let examples: [EncodedExample] = (0..<9).map { index in
    let length = 3 + 7 * index % 11
    let tokens = (0..<length).map { position in Int32(3 + (position * 31 + index * 17) % 500) }
    return EncodedExample(tokens: tokens, rows: [Int32(length - 1)], labels: [Int32(index % 3)])
  }

  private func gradients(_ runner: StepRunner, _ batches: [[EncodedExample]]) -> (Double, [[Float]]) {
    let gradients = Gradients(like: runner.adapter.parameters, on: backend)
    let result = runner.accumulate(
      batches, seed: 1, step: 0, into: gradients, workspace: Workspace(on: backend))
    return (result.loss, gradients.tensors.map(\.values))
  }

  @Test func accumulationAveragesOverExamples() throws {
    let runner = try runner()
    let (loss, whole) = gradients(runner, [examples])
    // Micro-batches of unequal sizes: averaging batch means would weigh examples differently.
    let (sumLoss, parts) = gradients(runner, [Array(examples[..<2]), Array(examples[2...])])
    #expect(abs(loss - sumLoss) < 1e-6)
    for (a, b) in zip(whole, parts) { #expect(largestDifference(a, b) < 1e-5) }
  }

  @Test func onlyTheTopLayersLearn() throws {
    let runner = try runner { $0.topLayers = 2 }
    #expect(runner.model.lowestAdapted == base.configuration.layers - 2)
    let (_, found) = gradients(runner, [examples])
    let all = try self.runner()
    // The pairs of the top layers start with B = 0 in both, so their gradients are the same.
    let (_, expected) = gradients(all, [examples])
    let names = all.adapter.parameters.map(\.name)
    for (parameter, values) in zip(runner.adapter.parameters, found) where parameter.name.contains("lora_B") {
      #expect(values.contains { $0 != 0 }, "\(parameter.name)")
      #expect(expected[names.firstIndex(of: parameter.name)!].count == values.count)
    }
  }

  @Test func steadyStateAsksForNoMemory() throws {
    // One thread: with several, how much is in use at once depends on who is quicker.
    let runner = try runner(threads: 1) { $0.dropout = 0.1 }
    let gradients = Gradients(like: runner.adapter.parameters, on: backend)
    let workspace = Workspace(on: backend)
    func step(_ index: Int) {
      gradients.clear()
      _ = runner.accumulate([examples], seed: 1, step: index, into: gradients, workspace: workspace)
    }
    for index in 0..<2 { step(index) }
    let before = backend.systemAllocations
    for index in 2..<12 { step(index) }
    #expect(backend.systemAllocations == before)
  }

  @Test(arguments: [0, 2]) func recomputingKeepsTheBitsAndLessMemory(topLayers: Int) throws {
    func found(recompute: Bool) throws -> (bits: [[UInt32]], bytes: Int) {
      // A backend of its own, so that its blocks are those of this run.
      let backend = CPUBackend()
      let base = try BaseModel(try openCheckpoint(Paths.fixture("stories260K")), on: backend)
      var recipe = Recipe()
      (recipe.rank, recipe.dropout, recipe.topLayers, recipe.recompute) = (4, 0.2, topLayers, recompute)
      let adapter = try Adapter(recipe, labels: ["a", "b", "c"], for: base.configuration, on: backend)
      let runner = StepRunner(model: try base.adapted(by: adapter), adapter: adapter, threads: 1)
      let gradients = Gradients(like: adapter.parameters, on: backend)
      _ = runner.accumulate([examples], seed: 1, step: 0, into: gradients, workspace: Workspace(on: backend))
      return (gradients.tensors.map { $0.values.map(\.bitPattern) }, backend.systemBytes)
    }
    let (kept, again) = (try found(recompute: false), try found(recompute: true))
    #expect(again.bits == kept.bits)
    #expect(kept.bits.joined().contains { $0 != 0 })
    if topLayers == 0 { #expect(Double(again.bytes) < 0.8 * Double(kept.bytes), "\(again.bytes), \(kept.bytes)") }
  }

  @Test func sameSeedSameDropoutInAnyChunks() throws {
    let runner = try runner { $0.dropout = 0.3 }
    let first = gradients(runner, [examples])
    #expect(first.1 == gradients(runner, [examples]).1)
    #expect(first.1 != gradients(runner, [examples.reversed()]).1)
  }
}
