import Compute
import Formats

/// Predicts the memory of a run from shapes and lengths: the model's own code runs over kernels that do nothing.
struct MemoryForecast {
  let base: BaseModel
  let labels: [String]
  let train: [EncodedExample]
  let dev: [EncodedExample]

  /// Batches that are looked at: those with the most rows at a time, out of the first epochs.
  private static let batchCount = 16
  private static let epochCount = 8

  /// All of it; `program` is what the program itself takes.
  func memory(_ recipe: Recipe, _ threads: Int, program: Int, eightBits: Bool = false) throws -> RunPlan.Memory {
    let states = try states(recipe)
    return RunPlan.Memory(
      program: program,
      weights: weights(layers: try base.configuration.cut(for: recipe).layers, eightBits: eightBits),
      copies: copies, training: try training(recipe, threads: threads),
      activations: try activations(recipe, threads: threads), states: states,
      statesInFile: states > AvailableMemory.bytes / 2)
  }

  /// Values that are trained.
  func parameters(_ recipe: Recipe) throws -> Int {
    try Adapter(undrawn: recipe, labels: labels, for: base.configuration, on: CountingBackend()).parameterCount
  }

  /// Resident bytes of adapter, gradients, moments, and of the copy of the adapter that is made for saving.
  func training(_ recipe: Recipe, threads: Int) throws -> Int {
    let sets = batches(recipe, threads: threads).map { min($0.count, 2 * threads) }.max() ?? 1
    return try parameters(recipe) * base.backend.elementBytes * (5 + sets)
  }

  /// Resident bytes of everything that lives between a step's beginning and its end.
  func activations(_ recipe: Recipe, threads: Int) throws -> Int {
    try simulation(recipe, threads: threads).residentBytes
  }

  /// The memory pool after the heaviest batches and answers.
  func simulation(_ recipe: Recipe, threads: Int) throws -> MemorySimulation {
    let backend = CountingBackend()
    let adapter = try Adapter(undrawn: recipe, labels: labels, for: base.configuration, on: backend)
    let runner = StepRunner(
      model: try base.borrowed(by: backend).adapted(by: adapter), adapter: adapter, threads: 1)
    let gradients = Gradients(like: adapter.parameters, on: backend)
    var simulation = MemorySimulation()
    for chunks in batches(recipe, threads: threads) {
      for first in stride(from: 0, to: chunks.count, by: 2 * threads) {
        let wave = chunks[first..<min(first + 2 * threads, chunks.count)]
        simulation.run(
          wave.map { chunk in (runner.record(chunk, gradients, on: backend), Double(chunk.packing.rows)) },
          threads: threads)
      }
    }
    let groups = Classifier.groups(dev).prefix(2 * threads)
    let answers = groups.map { group in
      let chunk = Chunk(group.map { dev[$0] }, members: Array(group.indices), firstRow: 0)
      return (record: runner.record(chunk, nil, on: backend), cost: Double(chunk.packing.rows))
    }
    simulation.run(answers, threads: threads)
    return simulation
  }

  /// Bytes of the frozen states that the run keeps.
  func states(_ recipe: Recipe) throws -> Int {
    let configuration = try base.configuration.cut(for: recipe)
    guard recipe.topLayers > 0, recipe.keepsStates(below: configuration.layers - recipe.topLayers) else { return 0 }
    let rows = RunWork(train, dev, recipe).distinct.reduce(0, +)
    return rows * configuration.width * (recipe.cache == .bf16 ? 2 : base.backend.elementBytes)
  }

  /// Bytes of the mapped files that a run of so many layers reads; `eightBits`: of the same model in Q8_0.
  ///
  /// Of the embedding those pieces are resident that hold a token of the data; Linux maps 64 KiB around every page read.
  func weights(layers: Int, eightBits: Bool = false) -> Int {
    func bytes(_ weight: Weight) -> Int {
      let bytes = weight.storage.byteCount
      return eightBits ? min(bytes, weight.rows * weight.columns * 34 / 32) : bytes
    }
    let own = base.layers.prefix(layers).flatMap { $0.weights.values }.filter(\.storage.isBorrowed)
    let table = base.embedding
    let rowBytes = bytes(table) / max(table.rows, 1)
    var pieces = Set<UInt>()
    for example in [train, dev].joined() {
      for token in example.tokens {
        let start = UInt(bitPattern: table.storage.address) + UInt(Int(token) * rowBytes)
        pieces.insert(start >> 16)
        pieces.insert((start + UInt(rowBytes) - 1) >> 16)
      }
    }
    return own.reduce(0) { $0 + bytes($1) } + min(bytes(table), pieces.count << 16)
  }

  /// Bytes of the weights that were copied at loading.
  var copies: Int {
    base.layers.flatMap { $0.weights.values }.filter { !$0.storage.isBorrowed }
      .reduce(0) { $0 + $1.storage.byteCount }
  }

  /// The chunks of the batches that take the most memory.
  private func batches(_ recipe: Recipe, threads: Int) -> [[Chunk]] {
    let lengths = train.map(\.tokens.count)
    let all = (0..<min(recipe.epochs, Self.epochCount)).flatMap {
      Batching.epoch($0, lengths: lengths, recipe: recipe)
    }
    // Rows that are in work at the same time, before chunks are cut.
    let rows = all.map { batch in
      let rows = batch.reduce(0) { $0 + lengths[$1] }
      let longest = batch.map { lengths[$0] }.max() ?? 0
      return max(min(rows, threads * Batching.chunkRows), min(rows, threads * longest))
    }
    let heaviest = all.indices.sorted { (rows[$1], $0) < (rows[$0], $1) }.prefix(Self.batchCount).sorted()
    return heaviest.map { batch in Batching.chunks(all[batch].map { train[$0] }) }
  }
}

extension StepRunner {
  /// What a chunk allocates and frees on its way through the model; without gradients, as an answer does.
  fileprivate func record(_ chunk: Chunk, _ gradients: Gradients?, on backend: CountingBackend) -> AllocationRecord {
    let rope = model.ropeTable(positions: chunk.packing.longest)
    _ = backend.takeRecord()
    if let gradients {
      let dropout = DropoutPlan(seed: 0, step: 0, firstRow: 0)
      let pass = Pass(
        packing: chunk.packing, rope: rope, gradients: gradients, dropout: dropout, answers: answeringRows(chunk))
      _ = lossAndGradients(chunk, weight: 1, pass)
    } else {
      _ = logits(chunk, rope: rope)
    }
    return backend.takeRecord()
  }
}
