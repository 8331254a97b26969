import Compute

/// One decoder layer of the family: Llama, Mistral, Qwen2 (biases), Qwen3 (norms on the heads of q and k).
///
/// Which mask it uses is its own property, because an adapter may unmask some layers and leave others causal.
public struct DecoderLayer: Sendable {
  let inputNorm, postNorm: RMSNorm
  let queryNorm, keyNorm: RMSNorm?
  let queryKeyValue, output, gateUp, down: Projections
  let shape: AttentionShape

  /// Gradient of the layer's value → gradient of x; `nil` where it is not asked for.
  public typealias LayerPullback = (_ dy: Tensor, _ needsInput: Bool) -> Tensor?

  /// Whether any projection has a trainable pair.
  public var isAdapted: Bool {
    [queryKeyValue, output, gateUp, down].contains(where: \.isAdapted)
  }

  /// x (N, width) → (N, width), or with `answering` only the rows that the pass asks for, with the same bits.
  public func callAsFunction(_ x: Tensor, _ pass: Pass, answering: Bool = false) -> (Tensor, LayerPullback) {
    let rows = answering ? pass.answers : nil
    let (n, dInputNorm) = inputNorm(x)
    let (a, dAttended) = rows.map { attended(n, by: $0, pass) } ?? attended(n, pass)
    let (residual, dResidual) = rows.map { Ops.gather(x, rows: $0) } ?? (x, { $0 })
    let pass = rows == nil ? pass : pass.onAnswers
    let (r, dOutput) = output(a, pass)
    let h = Ops.add(residual, into: r[0])

    let (m, dPostNorm) = postNorm(h)
    let (gu, dGateUp) = gateUp(m, pass)
    let (s, dGated) = Ops.gated(gu[0], gu[1])
    let (f, dDown) = down(s, pass)
    let y = Ops.add(h, into: f[0])

    return (
      y,
      { [self] dy, needsInput in
        let needsAttention = needsInput || queryKeyValue.isAdapted || output.isAdapted
        guard let ds = dDown([dy], needsAttention || gateUp.isAdapted) else { return nil }
        let (dg, du) = dGated(ds)
        guard let dm = dGateUp([dg, du], needsAttention) else { return nil }
        let dh = Ops.add(dy, into: dPostNorm(dm))
        guard let da = dOutput([dh], needsInput || queryKeyValue.isAdapted) else { return nil }
        guard let dn = dAttended(da, needsInput) else { return nil }
        return Ops.add(dResidual(dh), into: dInputNorm(dn))
      }
    )
  }

  /// Every row's attention over what it sees.
  private func attended(_ n: Tensor, _ pass: Pass) -> (Tensor, LayerPullback) {
    let (qkv, dQueryKeyValue) = queryKeyValue(n, pass)
    let (a, dAttention) = attention(qkv[0], qkv[1], qkv[2], pass)
    return (
      a,
      { da, needsInput in
        let (dq, dk, dv) = dAttention(da)
        return dQueryKeyValue([dq, dk, dv], needsInput)
      }
    )
  }

  /// The attention of some rows: keys and values are those of all.
  private func attended(_ n: Tensor, by rows: [Int32], _ pass: Pass) -> (Tensor, LayerPullback) {
    let query = Projections(members: [queryKeyValue.members[0]])
    let keyValue = Projections(members: Array(queryKeyValue.members[1...]))
    let (asking, dAsking) = Ops.gather(n, rows: rows)
    let (some, dQuery) = query(asking, pass.onAnswers)
    let (kv, dKeyValue) = keyValue(n, pass)
    // The other rows ask with zeros, and nobody looks at their answers.
    let (q, dSpread) = Ops.spread(some[0], rows: rows, of: n.rows)
    let (all, dAttention) = attention(q, kv[0], kv[1], pass)
    let (a, dGather) = Ops.gather(all, rows: rows)
    return (
      a,
      { da, needsInput in
        let (dq, dk, dv) = dAttention(dGather(da))
        let dSome = dQuery([dSpread(dq)], needsInput)
        guard let dn = dKeyValue([dk, dv], needsInput), let dSome else { return nil }
        return Ops.add(dAsking(dSome), into: dn)
      }
    )
  }

  private func attention(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ pass: Pass) -> (
    Tensor, (Tensor) -> (q: Tensor, k: Tensor, v: Tensor)
  ) {
    let (q, dQuery) = rotated(q, queryNorm, pass)
    let (k, dKey) = rotated(k, keyNorm, pass)
    let (a, dAttention) = Ops.attention(q, k, v, shape, pass.packing)
    return (
      a,
      { da in
        let (dq, dk, dv) = dAttention(da)
        return (dQuery(dq), dKey(dk), dv)
      }
    )
  }

  /// The same value and pullback, but only x is kept: the pullback runs the layer again.
  func recomputing(_ x: Tensor, _ pass: Pass) -> (Tensor, LayerPullback) {
    (self(x, pass).0, { [self] dy, needsInput in self(x, pass).1(dy, needsInput) })
  }

  /// Head norm (Qwen3) and rotary positions.
  private func rotated(_ x: Tensor, _ norm: RMSNorm?, _ pass: Pass) -> (Tensor, Pullback) {
    let (n, dNorm) = norm.map { $0(x) } ?? (x, { $0 })
    let (r, dRope) = Ops.rope(n, headSize: shape.headSize, pass.packing, pass.rope)
    return (r, { dNorm(dRope($0)) })
  }
}
