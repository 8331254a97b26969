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

  /// x (N, width) → (N, width).
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> (Tensor, LayerPullback) {
    let (n, dInputNorm) = inputNorm(x)
    let (qkv, dQueryKeyValue) = queryKeyValue(n, pass)
    let (q, dQuery) = rotated(qkv[0], queryNorm, pass)
    let (k, dKey) = rotated(qkv[1], keyNorm, pass)
    let (a, dAttention) = Ops.attention(q, k, qkv[2], shape, pass.packing)
    let (r, dOutput) = output(a, pass)
    let h = Ops.add(x, into: r[0])

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
        let (dq, dk, dv) = dAttention(da)
        guard let dn = dQueryKeyValue([dQuery(dq), dKey(dk), dv], needsInput) else { return nil }
        return Ops.add(dh, into: dInputNorm(dn))
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
