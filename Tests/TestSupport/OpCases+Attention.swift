import Compute

extension OpCase {
  /// Attention in both directions under the masks that there are.
  static func attention(_ shape: OpShape) -> [OpCase] {
    let window = shape.packing.longest / 2
    return [("causal", true, nil), ("unmasked", false, nil), ("windowed", true, window)].flatMap {
      attention(shape, $0, causal: $1, window: $2)
    }
  }

  private static func attention(_ shape: OpShape, _ name: String, causal: Bool, window: Int?) -> [OpCase] {
    let attention = AttentionShape(
      heads: shape.heads, keyValueHeads: shape.keyValueWidth / shape.headSize, headSize: shape.headSize,
      causal: causal, window: window)
    let inputs = [shape.width, shape.keyValueWidth, shape.keyValueWidth, shape.width].map {
      (rows: shape.count, columns: $0)
    }
    let seen = shape.lengths.reduce(0) { $0 + pairs($1, causal: causal, window: window) }
    let operations = 4 * Double(shape.width) * Double(seen)
    return [
      OpCase("attention \(name)", inputs, operations: operations) { tensors, _ in
        { [Ops.attention(tensors[0], tensors[1], tensors[2], attention, shape.packing).0] }
      },
      OpCase("attention \(name) backward", inputs, operations: 2.5 * operations) { tensors, _ in
        let pullback = Ops.attention(tensors[0], tensors[1], tensors[2], attention, shape.packing).1
        return {
          let (dq, dk, dv) = pullback(tensors[3])
          return [dq, dk, dv]
        }
      },
    ]
  }

  /// Pairs of a token and one that it sees.
  private static func pairs(_ length: Int, causal: Bool, window: Int?) -> Int {
    (0..<length).reduce(0) { $0 + (causal ? min($1 + 1, window ?? length) : length) }
  }
}
