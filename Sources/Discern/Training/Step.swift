import Compute

/// Losses and gradients of batches: chunks run on several threads, sums run in the chunks' order.
struct StepRunner: Sendable {
  let model: LlamaModel
  let adapter: Adapter
  let threads: Int

  /// What a step found.
  struct Result {
    /// Mean loss over the answers of the step.
    var loss: Double
    /// Rows that went through the model.
    var rows: Int
  }

  /// Adds the gradients of the mean loss over all answers of `batches` to `gradients`.
  ///
  /// `batches` are the micro-batches of one optimiser step; every answer weighs the same, wherever it stands.
  func accumulate(
    _ batches: [[EncodedExample]], seed: UInt64, step: Int, into gradients: Gradients,
    workspace: Workspace
  ) -> Result {
    let answers = batches.joined().reduce(0) { $0 + $1.labels.count { $0 >= 0 } }
    let weight = 1 / Float(max(answers, 1))
    var result = Result(loss: 0, rows: 0)
    for batch in batches {
      let chunks = Batching.chunks(batch)
      let losses = run(chunks, weight: weight, seed: seed, step: step, firstRow: result.rows, workspace)
      for (chunk, loss) in zip(chunks, losses) {
        result.loss += loss
        result.rows += chunk.packing.rows
      }
      gradients.add(Array(workspace.gradients.prefix(chunks.count)), threads: threads)
    }
    return result
  }

  private func run(
    _ chunks: [Chunk], weight: Float, seed: UInt64, step: Int, firstRow: Int, _ workspace: Workspace
  ) -> [Double] {
    workspace.reserve(chunks.count, like: adapter.parameters)
    let rope = model.ropeTable(positions: chunks.map(\.packing.longest).max() ?? 1)
    let sets = workspace.gradients
    return Parallel.map(chunks.count, threads: threads) { index in
      let chunk = chunks[index]
      sets[index].clear()
      let pass = Pass(
        packing: chunk.packing, rope: rope, gradients: sets[index],
        dropout: DropoutPlan(
          seed: seed, step: UInt32(truncatingIfNeeded: step),
          firstRow: UInt32(truncatingIfNeeded: firstRow + chunk.firstRow)))
      return lossAndGradients(chunk, weight: weight, pass)
    }
  }

  private func lossAndGradients(_ chunk: Chunk, weight: Float, _ pass: Pass) -> Double {
    let (hidden, dModel) = model(chunk.tokens, pass)
    let (logits, dHead) = adapter.head(hidden, rows: chunk.rows, pass)
    let (loss, dLogits) = Ops.crossEntropy(logits, labels: chunk.labels, weight: weight)
    dModel(dHead(dLogits))
    return loss
  }

  /// Logits of one chunk, without gradients.
  func logits(_ chunk: Chunk, rope: RopeTable) -> Tensor {
    let pass = Pass(packing: chunk.packing, rope: rope)
    return adapter.head(model(chunk.tokens, pass).0, rows: chunk.rows, pass).0
  }
}

/// Gradients of each chunk, kept from step to step.
final class Workspace {
  private(set) var gradients: [Gradients] = []
  private let backend: any Backend

  init(on backend: any Backend) { self.backend = backend }

  func reserve(_ count: Int, like parameters: [Parameter]) {
    while gradients.count < count {
      gradients.append(Gradients(like: parameters, on: backend))
    }
  }
}
