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

  /// What a pair keeps of a run for its gradient.
  struct Narrowed {
    /// dropout(x)·Aᵀ (N, rank).
    let h: Tensor
    /// What dropout kept of x; `nil`: everything.
    let mask: DropoutMask?
  }

  /// h = dropout(x)·Aᵀ. The rest of the pair rides along with the frozen product (`Projections`).
  func narrowed(_ x: Tensor, _ pass: Pass) -> Narrowed {
    let site = dropout > 0 ? pass.dropout?.site(site, probability: dropout) : nil
    let mask = site.map { x.backend.dropoutMask($0, rows: x.rows, columns: x.columns) }
    let h = Tensor(rows: x.rows, columns: a.value.rows, on: x.backend)
    x.backend.product(
      .forward, [Segment(Weight(a.value), Ops.dropout(x, mask))], bias: nil, accumulate: false, into: h)
    return Narrowed(h: h, mask: mask)
  }

  /// Adds dA and dB; returns dh (N, rank), from which `widen` makes the pair's part of dx.
  func gradients(_ dy: Tensor, x: Tensor, _ narrowed: Narrowed, _ pass: Pass) -> Tensor {
    let h = narrowed.h
    let backend = x.backend
    let dh = h.backend.made(rows: h.rows, columns: h.columns)
    backend.product(
      .backward, [Segment(Weight(b.value), dy, scale: scale)], bias: nil, accumulate: false,
      into: dh)
    if let gradients = pass.gradients {
      backend.outer(dy, h, scale: scale, into: gradients[b])
      // A bit for each value is kept, not the dropped rows.
      backend.outer(dh, Ops.dropout(x, narrowed.mask), scale: 1, into: gradients[a])
    }
    return dh
  }

  /// Adds the pair's part of dx where dropout stands in between; without dropout it rides along as a segment.
  func widen(_ dh: Tensor, _ mask: DropoutMask, addingTo dx: Tensor) {
    let part = dx.backend.made(rows: dx.rows, columns: dx.columns)
    dx.backend.product(
      .backward, [Segment(Weight(a.value), dh)], bias: nil, accumulate: false, into: part)
    dx.backend.dropout(part, mask, accumulate: true, into: dx)
  }
}

extension Backend {
  func made(rows: Int, columns: Int) -> Tensor { Tensor(rows: rows, columns: columns, on: self) }
}
