import Compute

/// A frozen projection, with or without a low-rank pair.
public struct Linear: Sendable {
  /// W (out, in).
  public let weight: Weight
  /// (1, out), frozen.
  public let bias: Tensor?
  /// The trainable pair.
  public let lora: LoRA?
}

/// Projections of the same rows: yᵢ = x·Wᵢᵀ + bᵢ + scale · dropout(x)·Aᵢᵀ·Bᵢᵀ.
///
/// Their gradients to x are one product over all of them. A frozen weight keeps nothing of x.
public struct Projections: Sendable {
  /// The projections, in the order of the results.
  public let members: [Linear]

  /// Whether any has a trainable pair.
  public var isAdapted: Bool { members.contains { $0.lora != nil } }

  /// Gradients of the results → gradient of x; `nil` where it is not asked for.
  public typealias JointPullback = (_ dy: [Tensor], _ needsInput: Bool) -> Tensor?

  /// x (N, in) → one (N, outᵢ) for each member.
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> ([Tensor], JointPullback) {
    let narrowed = members.map { $0.lora?.narrowed(x, pass) }
    let results = zip(members, narrowed).map { member, narrowed in
      let y = x.backend.made(rows: x.rows, columns: member.weight.rows)
      var segments = [Segment(member.weight, x)]
      if let lora = member.lora, let narrowed {
        segments.append(Segment(Weight(lora.b.value), narrowed.h, scale: lora.scale))
      }
      x.backend.product(.forward, segments, bias: member.bias, accumulate: false, into: y)
      return y
    }
    // Without a pair nothing of x is needed: capture its shape alone.
    let kept = isAdapted ? x : nil
    let (rows, columns, backend) = (x.rows, x.columns, x.backend)
    return (
      results,
      { dy, needsInput in
        var segments: [Segment] = []
        var dropped: [(LoRA, dh: Tensor, DropoutMask)] = []
        for (member, (narrowed, dy)) in zip(members, zip(narrowed, dy)) {
          segments.append(Segment(member.weight, dy))
          guard let lora = member.lora, let narrowed, let x = kept else { continue }
          let dh = lora.gradients(dy, x: x, narrowed, pass)
          if let mask = narrowed.mask {
            dropped.append((lora, dh, mask))
          } else {
            segments.append(Segment(Weight(lora.a.value), dh))
          }
        }
        guard needsInput else { return nil }
        let dx = backend.made(rows: rows, columns: columns)
        backend.product(.backward, segments, bias: nil, accumulate: false, into: dx)
        for (lora, dh, mask) in dropped { lora.widen(dh, mask, addingTo: dx) }
        return dx
      }
    )
  }
}
