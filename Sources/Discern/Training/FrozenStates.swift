import Compute
import Formats

/// How the states that enter the lowest adapted layer are kept from epoch to epoch.
public enum StateCache: String, Sendable, CaseIterable, Codable {
  /// As they are: training gives the same bytes as without.
  case f32
  /// Rounded to 8 significant bits, in half the room.
  case bf16
  /// Not at all.
  case off
}

/// The states that enter the lowest adapted layer, of each distinct text: what is below has nothing to learn, so that
/// they never change.
final class FrozenStates: Sendable {
  /// Rows of all texts, one text after the other.
  private let table: Weight
  /// First row of each text, by its tokens.
  private let firstRows: [[Int32]: Int32]
  private let memory: ScratchMemory

  /// How much was kept, and where.
  struct Facts: Equatable, Sendable {
    let texts: Int
    let rows: Int
    let bytes: Int
    /// The folder of the file; `nil`: in memory.
    let folder: String?
  }

  /// Runs the frozen layers once over each distinct text.
  ///
  /// `progress` is called with the texts done after each part of the work; what it throws ends it.
  init(
    of examples: [EncodedExample], model: LlamaModel, format: WeightFormat, threads: Int,
    memoryLimit: Int = AvailableMemory.bytes / 2, progress: (_ done: Int, Facts) throws -> Void
  ) throws {
    var firstRows: [[Int32]: Int32] = [:]
    var texts: [(example: EncodedExample, firstRow: Int)] = []
    var rows = 0
    for example in examples.flatMap(\.pieces) where firstRows[example.tokens] == nil {
      firstRows[example.tokens] = Int32(truncatingIfNeeded: rows)
      texts.append((example, rows))
      rows += example.tokens.count
    }
    guard rows <= Int(Int32.max) else {
      throw DiscernError(.configuration, "cache: found \(rows) tokens; expected at most \(Int32.max): set it to off")
    }
    let backend = model.embedding.storage.backend
    let rowBytes = model.width * (format == .native ? backend.elementBytes : 2)
    memory = try ScratchMemory(byteCount: max(rows, 1) * rowBytes, limit: memoryLimit)
    self.firstRows = firstRows
    table = Weight(
      rows: max(rows, 1), columns: model.width, format: format,
      storage: Storage(borrowing: UnsafeRawBufferPointer(memory.bytes), owner: memory, on: backend))
    let facts = Facts(texts: texts.count, rows: rows, bytes: rows * rowBytes, folder: memory.folder)
    try fill(texts, model, threads) { try progress($0, facts) }
  }

  private func fill(
    _ texts: [(example: EncodedExample, firstRow: Int)], _ model: LlamaModel, _ threads: Int,
    progress: (Int) throws -> Void
  ) throws {
    let examples = texts.map(\.example)
    let rope = model.ropeTable(positions: examples.map(\.tokens.count).max() ?? 1)
    var done = 0
    try progress(0)
    try Classifier.forEachChunk(of: examples, threads: threads) { more in
      done += more
      try progress(done)
    } _: { [self] chunk in
      let states = model.statesBelowAdapters(chunk.tokens, Pass(packing: chunk.packing, rope: rope))
      for (member, start) in zip(chunk.members, chunk.packing.starts) {
        keep(states, from: Int(start), count: examples[member].tokens.count, at: texts[member].firstRow)
      }
    }
  }

  private func keep(_ states: Tensor, from start: Int, count: Int, at row: Int) {
    let width = states.columns
    if table.format == .native {
      let rowBytes = width * states.backend.elementBytes
      memory.bytes.baseAddress!.advanced(by: row * rowBytes)
        .copyMemory(from: states.storage.address + start * rowBytes, byteCount: count * rowBytes)
      return
    }
    let target = memory.bytes.baseAddress!.advanced(by: 2 * row * width).assumingMemoryBound(to: UInt16.self)
    for (index, value) in states.values[start * width..<(start + count) * width].enumerated() {
      target[index] = value.bfloat16
    }
  }

  /// The states (N, width) of a chunk's rows; `nil` where one of its texts is not among those kept.
  func states(of chunk: Chunk) -> Tensor? {
    var ids: [Int32] = []
    ids.reserveCapacity(chunk.tokens.count)
    for index in 0..<chunk.packing.count {
      let own = Int(chunk.packing.starts[index])..<Int(chunk.packing.starts[index + 1])
      guard let first = firstRows[Array(chunk.tokens[own])] else { return nil }
      ids.append(contentsOf: first..<first + Int32(own.count))
    }
    return Ops.embed(table, ids)
  }
}

extension StateCache {
  /// How a state is stored.
  var format: WeightFormat { self == .bf16 ? .bf16 : .native }
}

extension Recipe {
  /// Whether states that enter the lowest adapted layer are kept: with layers below it and more than one epoch.
  func keepsStates(below lowest: Int) -> Bool { cache != .off && lowest > 0 && epochs > 1 }
}

extension EncodedExample {
  /// Each sequence that the model reads, without answers.
  var pieces: [EncodedExample] {
    var first = 0
    return sequences.map { count in
      defer { first += count }
      return EncodedExample(tokens: Array(tokens[first..<first + count]), rows: [], labels: [])
    }
  }
}

extension Classifier {
  /// The same classifier with the frozen states of these texts at hand, where that pays.
  func keepingFrozenStates(
    of examples: [EncodedExample], observe: (TrainingEvent) -> Void, shouldStop: () -> Bool
  ) throws -> Classifier {
    let recipe = adapter.recipe
    guard recipe.keepsStates(below: runner.model.lowestAdapted) else { return self }
    let start = Clock.seconds
    let states = try FrozenStates(
      of: examples, model: runner.model, format: recipe.cache.format, threads: threads
    ) { done, facts in
      observe(
        .caching(
          done: done, of: facts.texts, bytes: facts.bytes, folder: facts.folder, seconds: Clock.seconds - start))
      if shouldStop() { throw CancellationError() }
    }
    return Classifier(self, frozen: states)
  }
}
