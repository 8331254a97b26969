import Compute

/// The backbone: embeddings, decoder layers, final norm. Frozen but for the low-rank pairs in its layers.
public final class LlamaModel: Sendable {
  let embedding: Weight
  let layers: [DecoderLayer]
  let norm: RMSNorm
  let inverseFrequencies: [Float]
  /// First layer with a trainable pair; below it there is no gradient.
  let lowestAdapted: Int
  /// Whether a pass keeps only each layer's input and runs the layer again in the pullback.
  let recomputes: Bool

  init(
    embedding: Weight, layers: [DecoderLayer], norm: RMSNorm, inverseFrequencies: [Float],
    recomputes: Bool = false
  ) {
    self.embedding = embedding
    self.layers = layers
    self.norm = norm
    self.inverseFrequencies = inverseFrequencies
    self.recomputes = recomputes
    lowestAdapted = layers.firstIndex(where: \.isAdapted) ?? layers.count
  }

  /// Width of the hidden states.
  public var width: Int { embedding.columns }
  /// Number of token ids.
  public var vocabulary: Int { embedding.rows }

  /// Tokens (N) → hidden states after the final norm (N, width; of a pass with `answers` those rows alone), and the
  /// pullback that fills the pass's gradients.
  ///
  /// `known` are the states that enter the lowest adapted layer, where somebody has kept them (`statesBelowAdapters`).
  /// `observe` sees the embeddings, the output of every layer but the last, and the final hidden states, in
  /// transformers' numbering. Ids must be below `vocabulary`.
  public func callAsFunction(
    _ tokens: [Int32], _ pass: Pass, known: Tensor? = nil, observe: ((Int, Tensor) -> Void)? = nil
  ) -> (Tensor, (Tensor) -> Void) {
    precondition(tokens.count == pass.packing.rows, "tokens do not fill the packing")
    precondition(
      tokens.allSatisfy { $0 >= 0 && $0 < vocabulary }, "a token id outside the vocabulary")
    let first = known == nil ? 0 : lowestAdapted
    var x = known ?? Ops.embed(embedding, tokens)
    observe?(first, x)
    var pullbacks: [DecoderLayer.LayerPullback] = []
    for (index, layer) in layers.enumerated().dropFirst(first) {
      let isLast = index + 1 == layers.count
      // The last layer's pullback runs first, while its activations are still at hand: keeping them costs no memory.
      let (y, pullback) =
        recomputes && !isLast ? layer.recomputing(x, pass) : layer(x, pass, answering: isLast)
      if pass.gradients != nil && index >= lowestAdapted { pullbacks.append(pullback) }
      x = y
      if index + 1 < layers.count { observe?(index + 1, x) }
    }
    let (hidden, dNorm) = norm(x)
    observe?(layers.count, hidden)
    return (
      hidden,
      { dHidden in
        guard !pullbacks.isEmpty else { return }
        var dx = dNorm(dHidden)
        // Taking each pullback off the list frees what it captured as soon as it has run.
        while let pullback = pullbacks.popLast() {
          guard let next = pullback(dx, !pullbacks.isEmpty) else { return }
          dx = next
        }
      }
    )
  }

  /// Tokens (N) → the states (N, width) that enter the lowest adapted layer: no training changes them.
  func statesBelowAdapters(_ tokens: [Int32], _ pass: Pass) -> Tensor {
    layers.prefix(lowestAdapted).reduce(Ops.embed(embedding, tokens)) { x, layer in layer(x, pass).0 }
  }

  /// Shows `body` what the head would read after each number of layers: the states under the final norm.
  func visit(_ tokens: [Int32], _ pass: Pass, body: (_ layers: Int, _ states: Tensor) -> Void) {
    var x = Ops.embed(embedding, tokens)
    for (index, layer) in layers.enumerated() {
      x = layer(x, pass).0
      body(index + 1, norm(x).0)
    }
  }

  /// Angles for sequences up to `positions` tokens.
  public func ropeTable(positions: Int) -> RopeTable {
    RopeTable(
      inverseFrequencies: inverseFrequencies, positions: max(positions, 1),
      on: embedding.storage.backend)
  }
}
