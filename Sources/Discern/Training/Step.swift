import Compute

/// Losses and gradients of batches: chunks run on several threads, sums run in the chunks' order.
struct StepRunner: Sendable {
  let model: LlamaModel
  let adapter: Adapter
  let threads: Int
  let loss: Loss
  /// States that need not be computed again.
  var frozen: FrozenStates?

  /// `loss` is the plain one of the adapter's task unless given.
  init(model: LlamaModel, adapter: Adapter, threads: Int, loss: Loss? = nil) {
    self.model = model
    self.adapter = adapter
    self.threads = threads
    self.loss = loss ?? Loss(adapter.recipe)
  }

  /// What a step found.
  struct Result {
    /// Mean loss over the answers of the step.
    var loss: Double
    /// Rows that went through the model.
    var rows: Int
  }

  /// Adds the gradients of the mean loss over all answers of `batches` to `gradients`.
  ///
  /// `batches` are the micro-batches of one optimiser step; every answer weighs the same (or what its class weighs),
  /// wherever it stands.
  func accumulate(
    _ batches: [[EncodedExample]], seed: UInt64, step: Int, into gradients: Gradients,
    workspace: Workspace
  ) -> Result {
    let mass = batches.joined().reduce(0) { $0 + loss.mass(of: $1) }
    let weight = mass > 0 ? 1 / Float(mass) : 1
    var result = Result(loss: 0, rows: 0)
    for batch in batches {
      let chunks = Batching.chunks(batch)
      let rope = model.ropeTable(positions: chunks.map(\.packing.longest).max() ?? 1)
      let firstRow = result.rows
      // Waves bound the memory by the threads, not by the batch; sums still run in the chunks' order.
      for first in stride(from: 0, to: chunks.count, by: 2 * threads) {
        let wave = Array(chunks[first..<min(first + 2 * threads, chunks.count)])
        let sets = workspace.cleared(wave.count, like: adapter.parameters)
        let losses = Parallel.map(wave.count, threads: threads) { index in
          let chunk = wave[index]
          let dropout = DropoutPlan(
            seed: seed, step: UInt32(truncatingIfNeeded: step),
            firstRow: UInt32(truncatingIfNeeded: firstRow + chunk.firstRow))
          let pass = Pass(
            packing: chunk.packing, rope: rope, gradients: sets[index], dropout: dropout, answers: answeringRows(chunk))
          return lossAndGradients(chunk, weight: weight, pass)
        }
        for loss in losses { result.loss += loss }
        gradients.add(sets, threads: threads)
      }
      result.rows += chunks.reduce(0) { $0 + $1.packing.rows }
    }
    return result
  }

  func lossAndGradients(_ chunk: Chunk, weight: Float, _ pass: Pass) -> Double {
    let (hidden, dModel) = model(chunk.tokens, pass, known: frozen?.states(of: chunk))
    let (each, dHead) = adapter.head(hidden, rows: chunk.rows, pass)
    let (logits, dPool) = chunk.pooled(each, byWord: adapter.head.pooling == nil)
    let (loss, dLogits) = loss(
      logits, chunk, weight: weight, transitions: adapter.transitions, gradients: pass.gradients)
    dModel(dHead(dPool(dLogits)))
    return loss
  }

  /// Logits of one chunk, without gradients.
  func logits(_ chunk: Chunk, rope: RopeTable) -> Tensor {
    let pass = Pass(packing: chunk.packing, rope: rope, answers: answeringRows(chunk))
    let (hidden, _) = model(chunk.tokens, pass, known: frozen?.states(of: chunk))
    let logits = adapter.head(hidden, rows: chunk.rows, pass).0
    return chunk.pooled(logits, byWord: adapter.head.pooling == nil).0
  }

  func answeringRows(_ chunk: Chunk) -> [Int32]? { adapter.head.asksForRows ? chunk.rows : nil }
}

/// Gradients of the chunks that run at the same time, kept from step to step.
final class Workspace {
  private var gradients: [Gradients] = []
  private let backend: any Backend

  init(on backend: any Backend) { self.backend = backend }

  /// So many sets of zeros.
  func cleared(_ count: Int, like parameters: [Parameter]) -> [Gradients] {
    while gradients.count < count { gradients.append(Gradients(like: parameters, on: backend)) }
    let sets = Array(gradients.prefix(count))
    for set in sets { set.clear() }
    return sets
  }
}
