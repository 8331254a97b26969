import Compute

/// Another backend with a clock around every kernel.
///
/// The clock costs little beside a kernel, but not nothing: measure speed without it.
public final class ProfilingBackend: Backend {
  private let inner: any Backend
  private let tally = KernelTally()

  /// Wraps a backend.
  public init(_ inner: any Backend) { self.inner = inner }

  /// What ran since the last call, or since the beginning.
  public func takeProfile() -> KernelProfile { tally.take() }

  private func timed<Value>(_ group: KernelGroup, _ operations: Double = 0, _ body: () -> Value) -> Value {
    let start = Clock.seconds
    // A kernel that a team shares takes all of its threads' time.
    let team = Double(Parallel.team)
    defer { tally.add(group, seconds: team * (Clock.seconds - start), operations: operations) }
    return body()
  }

  public var elementBytes: Int { inner.elementBytes }

  public func allocate(byteCount: Int) -> UnsafeMutableRawPointer { inner.allocate(byteCount: byteCount) }

  public func free(_ address: UnsafeMutableRawPointer, byteCount: Int) {
    inner.free(address, byteCount: byteCount)
  }

  public func write(_ values: [Float], into y: Tensor) { timed(.copies) { inner.write(values, into: y) } }

  public func read(_ x: Tensor) -> [Float] { timed(.copies) { inner.read(x) } }

  public func zero(_ y: Tensor) { timed(.copies) { inner.zero(y) } }

  public func embed(_ table: Weight, _ ids: [Int32], into y: Tensor) {
    timed(.copies) { inner.embed(table, ids, into: y) }
  }

  public func product(
    _ direction: Direction, _ segments: [Segment], bias: Tensor?, accumulate: Bool, into y: Tensor
  ) {
    let isThin = segments.allSatisfy { $0.weight.format == .native }
    let group: KernelGroup =
      isThin ? .thinProducts : direction == .forward ? .forwardProducts : .backwardProducts
    let operations = segments.reduce(0.0) {
      $0 + 2 * Double(y.rows) * Double($1.weight.rows) * Double($1.weight.columns)
    }
    timed(group, operations) {
      inner.product(direction, segments, bias: bias, accumulate: accumulate, into: y)
    }
  }

  public func outer(_ a: Tensor, _ b: Tensor, scale: Float, into g: Tensor) {
    timed(.outerProducts, 2 * Double(a.rows) * Double(g.count)) {
      inner.outer(a, b, scale: scale, into: g)
    }
  }

  public func add(_ x: Tensor, into y: Tensor) { timed(.copies) { inner.add(x, into: y) } }

  public func addColumnSums(_ x: Tensor, into sums: Tensor) {
    timed(.outerProducts) { inner.addColumnSums(x, into: sums) }
  }

  public func gather(_ x: Tensor, rows: [Int32], into y: Tensor) {
    timed(.copies) { inner.gather(x, rows: rows, into: y) }
  }

  public func scatterAdd(_ dy: Tensor, rows: [Int32], into dx: Tensor) {
    timed(.copies) { inner.scatterAdd(dy, rows: rows, into: dx) }
  }

  public func rmsNorm(_ x: Tensor, _ weight: Tensor, epsilon: Float, into y: Tensor, inverse: Tensor) {
    timed(.rows) { inner.rmsNorm(x, weight, epsilon: epsilon, into: y, inverse: inverse) }
  }

  public func rmsNormBackward(
    _ dy: Tensor, _ x: Tensor, _ weight: Tensor, inverse: Tensor, into dx: Tensor
  ) {
    timed(.rows) { inner.rmsNormBackward(dy, x, weight, inverse: inverse, into: dx) }
  }

  public func gated(_ gate: Tensor, _ up: Tensor, into y: Tensor) {
    timed(.rows) { inner.gated(gate, up, into: y) }
  }

  public func gatedBackward(
    _ gate: Tensor, _ up: Tensor, _ dy: Tensor, intoGate dGate: Tensor, intoUp dUp: Tensor
  ) {
    timed(.rows) { inner.gatedBackward(gate, up, dy, intoGate: dGate, intoUp: dUp) }
  }

  public func rope(
    _ x: Tensor, headSize: Int, positions: [Int32], cosine: Tensor, sine: Tensor, inverse: Bool,
    into y: Tensor
  ) {
    timed(.rows) {
      inner.rope(
        x, headSize: headSize, positions: positions, cosine: cosine, sine: sine, inverse: inverse, into: y)
    }
  }

  public func dropoutMask(_ site: DropoutSite, rows: Int, columns: Int) -> DropoutMask {
    timed(.dropout) { inner.dropoutMask(site, rows: rows, columns: columns) }
  }

  public func dropout(_ x: Tensor, _ mask: DropoutMask, accumulate: Bool, into y: Tensor) {
    timed(.dropout) { inner.dropout(x, mask, accumulate: accumulate, into: y) }
  }

  public func attention(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, into y: Tensor,
    logsum: Tensor
  ) {
    timed(.attention, shape.operations(packing)) {
      inner.attention(shape, packing, q: q, k: k, v: v, into: y, logsum: logsum)
    }
  }

  public func attentionBackward(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, y: Tensor,
    logsum: Tensor, dy: Tensor, intoQ dq: Tensor, intoK dk: Tensor, intoV dv: Tensor
  ) {
    timed(.attentionBackward, 2.5 * shape.operations(packing)) {
      inner.attentionBackward(
        shape, packing, q: q, k: k, v: v, y: y, logsum: logsum, dy: dy, intoQ: dq, intoK: dk, intoV: dv)
    }
  }

  public func pool(_ kind: PoolingKind, _ x: Tensor, _ packing: Packing, into y: Tensor) -> [Int32] {
    timed(.loss) { inner.pool(kind, x, packing, into: y) }
  }

  public func poolBackward(
    _ kind: PoolingKind, _ dy: Tensor, _ packing: Packing, winners: [Int32], into dx: Tensor
  ) {
    timed(.loss) { inner.poolBackward(kind, dy, packing, winners: winners, into: dx) }
  }

  public func crossEntropy(_ logits: Tensor, labels: [Int32], weight: Float, into dLogits: Tensor) -> Double {
    timed(.loss) { inner.crossEntropy(logits, labels: labels, weight: weight, into: dLogits) }
  }

  public func crossEntropy(
    _ logits: Tensor, labels: [Int32], _ shape: LossShape, weight: Float, into dLogits: Tensor
  ) -> Double {
    timed(.loss) { inner.crossEntropy(logits, labels: labels, shape, weight: weight, into: dLogits) }
  }

  public func binaryCrossEntropy(
    _ logits: Tensor, targets: [Float], _ shape: LossShape, weight: Float, into dLogits: Tensor
  ) -> Double {
    timed(.loss) { inner.binaryCrossEntropy(logits, targets: targets, shape, weight: weight, into: dLogits) }
  }

  public func squaredError(_ y: Tensor, targets: [Float], weight: Float, into dy: Tensor) -> Double {
    timed(.loss) { inner.squaredError(y, targets: targets, weight: weight, into: dy) }
  }

  public func chainLoss(
    _ logits: Tensor, labels: [Int32], starts: [Int32], transitions: Tensor, weight: Float, into dLogits: Tensor,
    addingTo dTransitions: Tensor
  ) -> Double {
    timed(.loss) {
      inner.chainLoss(
        logits, labels: labels, starts: starts, transitions: transitions, weight: weight, into: dLogits,
        addingTo: dTransitions)
    }
  }

  public func sumOfSquares(_ x: Tensor) -> Double { timed(.optimizer) { inner.sumOfSquares(x) } }

  public func adamW(_ parameter: Tensor, gradient: Tensor, m: Tensor, v: Tensor, _ step: AdamWStep) {
    timed(.optimizer) { inner.adamW(parameter, gradient: gradient, m: m, v: v, step) }
  }
}

extension AttentionShape {
  /// Operations of the forward pass: 4·d for each pair of a token and one that it sees.
  fileprivate func operations(_ packing: Packing) -> Double {
    let lengths = zip(packing.starts.dropFirst(), packing.starts).map { Int($0 - $1) }
    let pairs = lengths.reduce(0) { $0 + (causal ? $1 * ($1 + 1) / 2 : $1 * $1) }
    return 4 * Double(pairs) * Double(heads * headSize)
  }
}
