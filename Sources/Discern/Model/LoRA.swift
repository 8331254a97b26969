import Compute

/// A low-rank pair beside a frozen projection: scale · dropout(x)·Aᵀ·Bᵀ (Hu et al. 2021).
public struct LoRA: Sendable {
  /// A (rank, in).
  public let a: Parameter
  /// B (out, rank).
  public let b: Parameter
  /// alpha / rank, or alpha / √rank for rsLoRA.
  public let scale: Float
  /// Probability of dropout on x, and which dropout of the model it is.
  public let dropout: Float
  let site: UInt32

  /// h (N, rank) = dropout(x)·Aᵀ. The rest of the pair rides along with the frozen product (`Projections`).
  func narrowed(_ x: Tensor, _ pass: Pass) -> Tensor {
    let (kept, _) = droppedOut(x, pass)
    let h = Tensor(rows: x.rows, columns: a.value.rows, on: x.backend)
    x.backend.product(
      .forward, [Segment(Weight(a.value), kept)], bias: nil, accumulate: false, into: h)
    return h
  }

  /// Adds dA and dB; returns dh (N, rank), from which `widened` makes the pair's part of dx.
  func gradients(_ dy: Tensor, x: Tensor, h: Tensor, _ pass: Pass) -> Tensor {
    let backend = x.backend
    let dh = h.backend.made(rows: h.rows, columns: h.columns)
    backend.product(
      .backward, [Segment(Weight(b.value), dy, scale: scale)], bias: nil, accumulate: false,
      into: dh)
    if let gradients = pass.gradients {
      backend.outer(dy, h, scale: scale, into: gradients[b])
      // The mask is a function of its site: drawing it again is cheaper than keeping the dropped rows.
      backend.outer(dh, droppedOut(x, pass).0, scale: 1, into: gradients[a])
    }
    return dh
  }

  /// The pair's part of dx where dropout stands in between; without dropout it rides along as a segment.
  func widened(_ dh: Tensor, like x: Tensor, _ pass: Pass) -> Tensor {
    let dx = x.backend.made(rows: x.rows, columns: x.columns)
    x.backend.product(
      .backward, [Segment(Weight(a.value), dh)], bias: nil, accumulate: false, into: dx)
    return droppedOut(x, pass).1(dx)
  }

  func drops(_ pass: Pass) -> Bool { dropout > 0 && pass.dropout != nil }

  private func droppedOut(_ x: Tensor, _ pass: Pass) -> (Tensor, Pullback) {
    Ops.dropout(x, pass.dropout?.site(site, probability: dropout))
  }
}

extension Backend {
  func made(rows: Int, columns: Int) -> Tensor { Tensor(rows: rows, columns: columns, on: self) }
}
