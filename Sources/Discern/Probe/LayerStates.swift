import Compute

/// States of the frozen model after each of some numbers of layers, pooled to one row for each text, or the first
/// sub-word of each word: what linear probes look at.
///
/// They are what the head would read in a model of so many layers: the final norm has been applied.
final class LayerStates: Sendable {
  /// One way to make features of a text.
  struct View: Equatable, Sendable {
    let attention: AttentionPattern
    /// Layers that ran.
    let layers: Int
    /// How a text's states became one; `nil`: one for each word.
    let pooling: Pooling?
  }

  let views: [View]
  /// Texts, or words that answer.
  let rows: Int
  let width: Int
  /// Room that they take, and the folder of the file where memory was short.
  var byteCount: Int { memory.bytes.count }
  var folder: String? { memory.folder }

  private let memory: ScratchMemory
  private let backend: any Backend
  private let firstRows: [Int]

  /// Makes room for the states of these examples under each view.
  init(_ examples: [EncodedExample], views: [View], width: Int, on backend: any Backend) throws {
    var firstRows = [0]
    for example in examples {
      firstRows.append(firstRows.last! + (views[0].pooling == nil ? example.rows.count : 1))
    }
    (self.views, self.width, self.backend, self.firstRows) = (views, width, backend, firstRows)
    rows = firstRows.last!
    memory = try ScratchMemory(byteCount: max(rows, 1) * width * views.count * MemoryLayout<Float>.size)
  }

  /// (rows, width) of one view.
  subscript(_ view: Int) -> Tensor {
    let size = rows * width * MemoryLayout<Float>.size
    let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory.bytes)[view * size..<(view + 1) * size])
    return Tensor(
      rows: rows, columns: width, storage: Storage(borrowing: bytes, owner: memory, on: backend))
  }

  /// Runs the model once over all examples for each attention pattern.
  ///
  /// `progress` is called with the texts done of all; what it throws ends the run.
  func fill(
    _ examples: [EncodedExample], _ base: BaseModel, threads: Int, progress: (_ done: Int, _ of: Int) throws -> Void
  ) throws {
    let patterns = views.map(\.attention).reduce(into: [AttentionPattern]()) { if !$0.contains($1) { $0.append($1) } }
    let all = examples.count * patterns.count
    var done = 0
    try progress(0, all)
    for pattern in patterns {
      let own = views.indices.filter { views[$0].attention == pattern }
      let model = base.frozen(pattern, layers: own.map { views[$0].layers }.max()!)
      let rope = model.ropeTable(positions: examples.map(\.tokens.count).max() ?? 1)
      try Classifier.forEachChunk(of: examples, threads: threads) { more in
        done += more
        try progress(done, all)
      } _: { [self] chunk in
        model.visit(chunk.tokens, Pass(packing: chunk.packing, rope: rope)) { layers, states in
          for view in own where views[view].layers == layers { keep(states, chunk, view) }
        }
      }
    }
  }

  private func keep(_ states: Tensor, _ chunk: Chunk, _ view: Int) {
    let starts = chunk.packing.starts
    let pooled: Tensor =
      switch views[view].pooling {
      case nil: Ops.gather(states, rows: chunk.rows).0
      case .last: Ops.gather(states, rows: starts.dropFirst().map { $0 - 1 }).0
      case .first: Ops.gather(states, rows: Array(starts.dropLast())).0
      case .mean: Ops.pool(states, .mean, chunk.packing).0
      case .hiddenMax, .max: Ops.pool(states, .max, chunk.packing).0
      }
    let target = self[view].storage.address
    let rowBytes = width * MemoryLayout<Float>.size
    var row = 0
    for member in chunk.members {
      let count = firstRows[member + 1] - firstRows[member]
      let source = pooled.storage.address + row * rowBytes
      (target + firstRows[member] * rowBytes).copyMemory(from: source, byteCount: count * rowBytes)
      row += count
    }
  }
}
