import Compute

/// How a text's tokens become one answer.
public enum Pooling: String, Sendable, CaseIterable, Codable {
  /// The last token's logits (LS-LLaMA).
  case last
  /// The first token's logits.
  case first
  /// The mean of all tokens' logits (LS-unLLaMA's default).
  case mean
  /// The largest logit of each label over all tokens, as in the official code.
  case max
  /// The largest value of each hidden dimension over all tokens, then the head.
  case hiddenMax = "hidden-max"
}

/// Projects hidden states into the label space. Always float32.
public struct Head: Sendable {
  /// How tokens become one row; `nil`: one row for each token (tagging).
  public let pooling: Pooling?
  /// (labels, width).
  public let weight: Parameter
  /// (1, labels); tagging only.
  public let bias: Parameter?
  /// Probability of dropout on the hidden states before it.
  public let dropout: Float
  static let dropoutSite: UInt32 = .max

  /// Whether it looks at some rows only, which are then all that the last layer need compute (`Pass.answers`).
  var asksForRows: Bool { pooling == nil || pooling == .last || pooling == .first }

  /// X (N, width) → logits: (sequences, labels), or for tagging (rows.count, labels).
  ///
  /// `rows` are the rows that are asked: of each sequence its last or first, or every row that carries a tag. Poolings
  /// over all tokens do not use it, and nobody does where the pass's `answers` have left only those rows in x.
  public func callAsFunction(_ x: Tensor, rows: [Int32], _ pass: Pass) -> (Tensor, Pullback) {
    switch pooling {
    case nil:
      let (dropped, dDropout) = Ops.dropout(
        x, pass.onAnswers.dropout?.site(Head.dropoutSite, probability: dropout))
      let (logits, dSelected) = selected(dropped, rows, pass)
      return (logits, { dDropout(dSelected($0)) })
    case .last, .first: return selected(x, rows, pass)
    // The head is linear and has no bias, so that the mean of logits is the logits of the mean.
    case .mean: return pooledFirst(x, .mean, pass)
    case .hiddenMax: return pooledFirst(x, .max, pass)
    case .max:
      let (each, dDense) = dense(x, pass)
      let (logits, dPool) = Ops.pool(each, .max, pass.packing)
      return (logits, { dDense(dPool($0)) })
    }
  }

  private func selected(_ x: Tensor, _ rows: [Int32], _ pass: Pass) -> (Tensor, Pullback) {
    guard pass.answers == nil else { return dense(x, pass) }
    let (gathered, dGather) = Ops.gather(x, rows: rows)
    let (logits, dDense) = dense(gathered, pass)
    return (logits, { dGather(dDense($0)) })
  }

  private func pooledFirst(_ x: Tensor, _ kind: PoolingKind, _ pass: Pass) -> (Tensor, Pullback) {
    let (pooled, dPool) = Ops.pool(x, kind, pass.packing)
    let (logits, dDense) = dense(pooled, pass)
    return (logits, { dPool(dDense($0)) })
  }

  private func dense(_ x: Tensor, _ pass: Pass) -> (Tensor, Pullback) {
    Ops.dense(x, weight, bias: bias, gradients: pass.gradients)
  }
}
