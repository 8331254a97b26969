import Formats

/// Floating-point operations that a model's work needs, by its shapes alone.
///
/// With P the values of the projections in the layers that run (no embeddings, no LoRA, no head):
///
/// * forward: 2·P for each token;
/// * training: 4·P for each token, forward and the gradient to the input; frozen weights have no gradient;
/// * attention, in each layer: 4·d for each pair of a token and one that it sees, d = heads · head size; 2.5 times that
///   for its gradient, which is five products where the forward has two. A causal text of T tokens has T·(T+1)/2
///   pairs.
///
/// What a run leaves out (the gradient below the lowest adapter, rows of the last layer that do not answer) or does besides
/// (LoRA, norms, dropout) is not counted: the number is the same for everybody.
public struct WorkCount: Sendable {
  /// Values of the projections in all layers.
  public let parameters: Int
  private let layers: Int
  private let attentionWidth: Int

  /// The work of a model of these sizes.
  public init(_ model: ModelConfiguration) {
    layers = model.layers
    attentionWidth = model.heads * model.headSize
    let layer = Projection.allCases.reduce(0) { sum, projection in
      let (outputs, inputs) = model.shape(of: projection)
      return sum + outputs * inputs
    }
    parameters = layer * model.layers
  }

  /// Operations of one pass over causal texts of the given lengths.
  public func operations(lengths: [Int], training: Bool) -> Double {
    let tokens = lengths.reduce(0, +)
    let pairs = lengths.reduce(0) { $0 + $1 * ($1 + 1) / 2 }
    let attention = 4.0 * Double(pairs) * Double(attentionWidth) * Double(layers)
    let products = 2.0 * Double(tokens) * Double(parameters)
    return training ? 2 * products + 3.5 * attention : products + attention
  }
}
