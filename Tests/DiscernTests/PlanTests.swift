import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// What is predicted of a run against what a run does.
@Suite struct PlanTests {
  private let examples: [EncodedExample] = (0..<24).map { index in
    let length = 9 + 37 * index % 70
    return EncodedExample(
      tokens: (0..<length).map { Int32(3 + ($0 * 31 + index * 17) % 500) }, rows: [Int32(length - 1)],
      labels: [Int32(index % 2)])
  }

  private static let recipes: [Recipe] = [(false, 0), (true, 0), (false, 2), (true, 2)].map { recompute, top in
    var recipe = Recipe()
    recipe.rank = 4
    recipe.epochs = 1
    recipe.batchSize = 24
    (recipe.recompute, recipe.topLayers) = (recompute, top)
    return recipe
  }

  @Test(arguments: recipes) func memoryIsThatOfARun(recipe: Recipe) throws {
    let backend = CPUBackend()
    let base = try BaseModel(try openCheckpoint(Paths.fixture("stories260K")), on: backend)
    let forecast = MemoryForecast(base: base, labels: ["a", "b"], train: examples, dev: [])
    let adapter = try Adapter(recipe, labels: ["a", "b"], for: base.configuration, on: backend)
    let runner = StepRunner(model: try base.adapted(by: adapter), adapter: adapter, threads: 1)
    let gradients = Gradients(like: adapter.parameters, on: backend)
    let workspace = Workspace(on: backend)
    _ = workspace.cleared(2, like: adapter.parameters)
    let before = backend.systemBytes
    let batch = Batching.epoch(0, lengths: examples.map(\.tokens.count), recipe: recipe)[0].map { examples[$0] }
    _ = runner.accumulate([batch], seed: 1, step: 0, into: gradients, workspace: workspace)
    let real = Double(backend.systemBytes - before)
    let simulated = try forecast.simulation(recipe, threads: 1).systemBytes
    #expect(abs(Double(simulated) / real - 1) < 0.02, "\(simulated) for \(real)")
    #expect(try forecast.activations(recipe, threads: 1) <= simulated + 64 * 4096)
  }

  @Test func lessIsKeptWhereLayersRunAgain() throws {
    let base = try BaseModel(try openCheckpoint(Paths.fixture("stories260K")), on: CPUBackend())
    let forecast = MemoryForecast(base: base, labels: ["a", "b"], train: examples, dev: [])
    func bytes(_ recipe: Recipe, threads: Int = 1) throws -> Double {
      Double(try forecast.activations(recipe, threads: threads))
    }
    #expect(try bytes(Self.recipes[1]) < 0.8 * bytes(Self.recipes[0]))
    #expect(try bytes(Self.recipes[2]) < 0.8 * bytes(Self.recipes[0]))
    let two = try bytes(Self.recipes[0], threads: 2) / bytes(Self.recipes[0])
    #expect(two > 1.7 && two < 2.3, "\(two)")
    // One row more for the embedding's pieces is 64 KiB, and the table of this model is not much larger.
    #expect(forecast.weights(layers: 5) - forecast.weights(layers: 4) == 4 * (2 * 64 * 64 + 2 * 32 * 64 + 3 * 172 * 64))
    let eightBits = (4...5).map { forecast.weights(layers: $0, eightBits: true) }
    #expect(eightBits[1] - eightBits[0] == (2 * 64 * 64 + 2 * 32 * 64 + 3 * 172 * 64) * 34 / 32)
    #expect(forecast.copies == 0)
  }

  private let dataset = Dataset(
    name: "two",
    examples: ["a", "b"].map { Example(input: .text("The letter \($0)"), label: .classLabel($0), line: 1) })

  @Test func keptStatesCountOnce() throws {
    let base = try BaseModel(try openCheckpoint(Paths.fixture("stories260K")), on: CPUBackend())
    let forecast = MemoryForecast(base: base, labels: ["a", "b"], train: examples, dev: Array(examples.prefix(3)))
    var recipe = Self.recipes[2]
    // Nothing is kept for a single epoch.
    #expect(try forecast.states(recipe) == 0)
    recipe.epochs = 5
    let rows = examples.reduce(0) { $0 + $1.tokens.count }
    #expect(try forecast.states(recipe) == rows * 64 * 4)
    recipe.cache = .bf16
    #expect(try forecast.states(recipe) == rows * 64 * 2)
    let work = RunWork(forecast.train, forecast.dev, recipe)
    #expect(work.distinct.reduce(0, +) == rows && work.evaluations == 5)
    let cost = StepCost(base.configuration, recipe)
    let (train, dev) = (examples.map(\.tokens.count), examples.prefix(3).map(\.tokens.count))
    let whole = StepCost(base.configuration, Recipe())
    let expected =
      0.6 * whole.operations(lengths: train, .answering) + 5 * 0.4 * whole.operations(lengths: train, .training)
      + 5 * 0.4 * whole.operations(lengths: dev, .answering)
    #expect(abs(work.operations(cost) / expected - 1) < 1e-12)
  }

  @Test func changesSayWhatTheyWouldMake() throws {
    var recipe = Self.recipes[0]
    (recipe.epochs, recipe.batchSize) = (4, 2)
    var planner = Planner(model: Paths.fixture("stories260K"), recipe: recipe, threads: 2, steps: 1)
    let plan = try planner.plan(train: dataset, dev: dataset)
    let changes = Dictionary(uniqueKeysWithValues: plan.changes.map { ($0.option, $0) })
    let names = ["--recompute", "--top-layers 1", "--top-layers 1 --cache bf16", "--layers 2", "--threads 1"]
    for name in names { #expect(changes[name] != nil, "\(name)") }
    // Each says what a plan of that run says.
    (recipe.topLayers, recipe.cache) = (1, .bf16)
    planner = Planner(model: Paths.fixture("stories260K"), recipe: recipe, threads: 2, steps: 1)
    let other = try planner.plan(train: dataset, dev: dataset)
    let change = try #require(changes["--top-layers 1 --cache bf16"])
    #expect(change.peak - plan.memory.program == other.memory.peak - other.memory.program)
    #expect(other.memory.states > 0 && (0.2..<0.5).contains(change.time), "\(change.time)")
    #expect(other.time.map { $0.keeping > 0 && $0.evaluations == 4 } == true)
  }

  @Test func whatDoesNotFitIsNotTried() throws {
    var planner = Planner(model: Paths.fixture("stories260K"), recipe: Self.recipes[0], threads: 2)
    let fitting = try planner.plan(train: dataset, dev: dataset)
    #expect(fitting.fits && fitting.time != nil)
    planner.room = 1 << 20
    let plan = try planner.plan(train: dataset, dev: nil)
    #expect(!plan.fits && plan.time == nil)
  }

  @Test func threadsRunSideBySide() {
    let backend = CountingBackend()
    let record = record(backend, 4096, 1 << 20)
    var alone = MemorySimulation()
    alone.run([(record, 1), (record, 1)], threads: 1)
    #expect(alone.residentBytes == 4096 + (1 << 20))
    var pair = MemorySimulation()
    pair.run([(record, 1), (record, 1)], threads: 2)
    #expect(pair.residentBytes == 2 * alone.residentBytes)
    // A smaller request takes the free block, and what is resident does not shrink.
    pair.run([(self.record(backend, 900_000), 1)], threads: 2)
    #expect(pair.residentBytes == 2 * alone.residentBytes)
  }

  private func record(_ backend: CountingBackend, _ sizes: Int...) -> AllocationRecord {
    for size in sizes { backend.free(backend.allocate(byteCount: size), byteCount: size) }
    return backend.takeRecord()
  }

  @Test func costCountsWhatRuns() throws {
    let model = try openCheckpoint(Paths.fixture("stories260K")).configuration
    var recipe = Recipe()
    func cost() -> Double { StepCost(model, recipe).operations(lengths: [12, 40], .training) }
    let whole = WorkCount(model)
    #expect(abs(cost() / whole.operations(lengths: [12, 40], training: true) - 1) < 1e-12)
    let forward = StepCost(model, recipe).operations(lengths: [12, 40], .answering)
    #expect(abs(forward / whole.operations(lengths: [12, 40], training: false) - 1) < 1e-12)
    let full = cost()
    recipe.recompute = true
    #expect(abs((cost() - full) / forward - 0.8) < 1e-12)
    (recipe.topLayers, recipe.cache) = (1, .off)
    #expect(abs((cost() - forward) / (full - forward) - 0.2) < 1e-12)
    // Kept states: one layer of five forward and backward, the other four once.
    recipe.cache = .f32
    #expect(abs(cost() / full - 0.2) < 1e-12)
    #expect(abs(StepCost(model, recipe).operations(lengths: [12, 40], .keeping) / forward - 0.8) < 1e-12)
    recipe = Recipe()
    recipe.attention = .unmasked(from: 0)
    #expect(cost() > full)
  }
}
