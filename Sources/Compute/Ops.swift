/// The calculus, written once for every backend: each op returns its value and the pullback that reverses it.
///
/// Ops write only into tensors that they make. What a pullback captures is what stays in memory.
public enum Ops {
  /// x (N, width) = rows of the embedding table. Frozen: there is no pullback.
  public static func embed(_ table: Weight, _ ids: [Int32]) -> Tensor {
    let x = Tensor(rows: ids.count, columns: table.columns, on: table.storage.backend)
    x.backend.embed(table, ids, into: x)
    return x
  }

  /// RMSNorm over runs of `weight.columns` values: whole rows, or the heads of a row.
  public static func rmsNorm(_ x: Tensor, _ weight: Tensor, epsilon: Float) -> (Tensor, Pullback) {
    let backend = x.backend
    let y = x.like()
    let inverse = Tensor(rows: x.count / weight.columns, columns: 1, on: backend)
    backend.rmsNorm(x, weight, epsilon: epsilon, into: y, inverse: inverse)
    return (
      y,
      { dy in
        let dx = x.like()
        backend.rmsNormBackward(dy, x, weight, inverse: inverse, into: dx)
        return dx
      }
    )
  }

  /// silu(gate) · up.
  public static func gated(_ gate: Tensor, _ up: Tensor) -> (
    Tensor, (Tensor) -> (gate: Tensor, up: Tensor)
  ) {
    let backend = gate.backend
    let y = gate.like()
    backend.gated(gate, up, into: y)
    return (
      y,
      { dy in
        let dGate = gate.like()
        let dUp = up.like()
        backend.gatedBackward(gate, up, dy, intoGate: dGate, intoUp: dUp)
        return (dGate, dUp)
      }
    )
  }

  /// x + fresh, for residual connections: adds into `fresh`, which an op has just made for this and nobody else holds.
  public static func add(_ x: Tensor, into fresh: Tensor) -> Tensor {
    fresh.backend.add(x, into: fresh)
    return fresh
  }

  /// Rotary positions on a tensor of heads; the pullback rotates back.
  public static func rope(_ x: Tensor, headSize: Int, _ packing: Packing, _ table: RopeTable) -> (
    Tensor, Pullback
  ) {
    let backend = x.backend
    func rotated(_ x: Tensor, inverse: Bool) -> Tensor {
      let y = x.like()
      backend.rope(
        x, headSize: headSize, positions: packing.positions, cosine: table.cosine,
        sine: table.sine, inverse: inverse, into: y)
      return y
    }
    return (rotated(x, inverse: false), { dy in rotated(dy, inverse: true) })
  }

  /// Softmax attention inside each sequence; q (N, heads·headSize), k and v (N, keyValueHeads·headSize).
  public static func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ shape: AttentionShape, _ packing: Packing
  ) -> (Tensor, (Tensor) -> (q: Tensor, k: Tensor, v: Tensor)) {
    let backend = q.backend
    let y = q.like()
    let logsum = Tensor(rows: q.rows, columns: shape.heads, on: backend)
    backend.attention(shape, packing, q: q, k: k, v: v, into: y, logsum: logsum)
    return (
      y,
      { dy in
        let dq = q.like()
        let dk = k.like()
        let dv = v.like()
        backend.attentionBackward(
          shape, packing, q: q, k: k, v: v, y: y, logsum: logsum, dy: dy, intoQ: dq, intoK: dk,
          intoV: dv)
        return (dq, dk, dv)
      }
    )
  }

  /// Inverted dropout at a site; the pullback keeps the mask, a bit for each value.
  public static func dropout(_ x: Tensor, _ site: DropoutSite?) -> (Tensor, Pullback) {
    guard let site, site.probability > 0 else { return (x, { $0 }) }
    let mask = x.backend.dropoutMask(site, rows: x.rows, columns: x.columns)
    return (dropout(x, mask), { dropout($0, mask) })
  }

  /// Inverted dropout by a mask that was drawn before; `nil`: none.
  public static func dropout(_ x: Tensor, _ mask: DropoutMask?) -> Tensor {
    guard let mask else { return x }
    let y = x.like()
    x.backend.dropout(x, mask, accumulate: false, into: y)
    return y
  }

  /// Some rows of x; the pullback leaves zeros elsewhere.
  public static func gather(_ x: Tensor, rows: [Int32]) -> (Tensor, Pullback) {
    let backend = x.backend
    let y = Tensor(rows: rows.count, columns: x.columns, on: backend)
    backend.gather(x, rows: rows, into: y)
    return (
      y,
      { dy in
        let dx = Tensor.zeros(rows: x.rows, columns: x.columns, on: backend)
        backend.scatterAdd(dy, rows: rows, into: dx)
        return dx
      }
    )
  }

  /// The reverse of `gather`, for distinct rows: x's rows at their places among `count`, zeros elsewhere.
  public static func spread(_ x: Tensor, rows: [Int32], of count: Int) -> (Tensor, Pullback) {
    let backend = x.backend
    let y = Tensor.zeros(rows: count, columns: x.columns, on: backend)
    backend.scatterAdd(x, rows: rows, into: y)
    return (
      y,
      { dy in
        let dx = Tensor(rows: rows.count, columns: dy.columns, on: backend)
        backend.gather(dy, rows: rows, into: dx)
        return dx
      }
    )
  }

  /// One row for each sequence.
  public static func pool(_ x: Tensor, _ kind: PoolingKind, _ packing: Packing) -> (
    Tensor, Pullback
  ) {
    let backend = x.backend
    let y = Tensor(rows: packing.count, columns: x.columns, on: backend)
    let winners = backend.pool(kind, x, packing, into: y)
    let (rows, columns) = (x.rows, x.columns)
    return (
      y,
      { dy in
        let dx = Tensor(rows: rows, columns: columns, on: backend)
        backend.poolBackward(kind, dy, packing, winners: winners, into: dx)
        return dx
      }
    )
  }

  /// Σ weight · cross-entropy over labelled rows (label ≥ 0) and the gradient of the logits.
  public static func crossEntropy(_ logits: Tensor, labels: [Int32], weight: Float) -> (
    loss: Double, dLogits: Tensor
  ) {
    precondition(labels.count == logits.rows, "\(labels.count) labels for \(logits.rows) rows")
    let dLogits = logits.like()
    let loss = logits.backend.crossEntropy(logits, labels: labels, weight: weight, into: dLogits)
    return (loss, dLogits)
  }

  /// The same with class weights, smoothing or a focus.
  public static func crossEntropy(
    _ logits: Tensor, labels: [Int32], _ shape: LossShape, weight: Float
  ) -> (loss: Double, dLogits: Tensor) {
    precondition(labels.count == logits.rows, "\(labels.count) labels for \(logits.rows) rows")
    shape.check(logits)
    let dLogits = logits.like()
    let loss = logits.backend.crossEntropy(logits, labels: labels, shape, weight: weight, into: dLogits)
    return (loss, dLogits)
  }

  /// Σ weight · binary cross-entropy of every logit, with its own target, and the gradient of the logits.
  public static func binaryCrossEntropy(
    _ logits: Tensor, targets: [Float], _ shape: LossShape, weight: Float
  ) -> (loss: Double, dLogits: Tensor) {
    precondition(targets.count == logits.count, "\(targets.count) targets for \(logits.count) logits")
    shape.check(logits)
    let dLogits = logits.like()
    let loss = logits.backend.binaryCrossEntropy(
      logits, targets: targets, shape, weight: weight, into: dLogits)
    return (loss, dLogits)
  }

  /// Σ weight · (y − target)² and the gradient of y.
  public static func squaredError(_ y: Tensor, targets: [Float], weight: Float) -> (loss: Double, dy: Tensor) {
    precondition(targets.count == y.count, "\(targets.count) targets for \(y.count) values")
    let dy = y.like()
    return (y.backend.squaredError(y, targets: targets, weight: weight, into: dy), dy)
  }

  /// Σ weight · −log p of the labels' paths through chains of `lengths` rows, and the gradient of the logits; that of the
  /// transitions (K + 2, K) is added to theirs.
  public static func chainLoss(
    _ logits: Tensor, labels: [Int32], lengths: [Int], _ transitions: Parameter, weight: Float, gradients: Gradients
  ) -> (loss: Double, dLogits: Tensor) {
    precondition(labels.count == logits.rows, "\(labels.count) labels for \(logits.rows) rows")
    let starts = lengths.reduce(into: [Int32(0)]) { $0.append($0.last! + Int32($1)) }
    precondition(starts.last! == Int32(logits.rows), "the chains do not fill the rows")
    let dLogits = logits.like()
    let loss = logits.backend.chainLoss(
      logits, labels: labels, starts: starts, transitions: transitions.value, weight: weight, into: dLogits,
      addingTo: gradients[transitions])
    return (loss, dLogits)
  }

  /// x (N, in) times a small trainable matrix (out × in), plus a bias: the head.
  public static func dense(
    _ x: Tensor, _ weight: Parameter, bias: Parameter?, gradients: Gradients?
  ) -> (Tensor, Pullback) {
    let backend = x.backend
    let y = Tensor(rows: x.rows, columns: weight.value.rows, on: backend)
    backend.product(
      .forward, [Segment(Weight(weight.value), x)], bias: bias?.value, accumulate: false, into: y)
    return (
      y,
      { dy in
        let dx = x.like()
        if let gradients {
          backend.outer(dy, x, scale: 1, into: gradients[weight])
          if let bias { backend.addColumnSums(dy, into: gradients[bias]) }
        }
        backend.product(
          .backward, [Segment(Weight(weight.value), dy)], bias: nil, accumulate: false, into: dx)
        return dx
      }
    )
  }
}

extension LossShape {
  fileprivate func check(_ logits: Tensor) {
    precondition(
      classWeights.isEmpty || classWeights.count == logits.columns,
      "\(classWeights.count) class weights for \(logits.columns) classes")
  }
}
