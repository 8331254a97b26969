import CKernels
import Glibc
import Synchronization

/// The processor: float32 activations, kernels in C with run-time dispatch to AVX-512, AVX2 or portable code.
///
/// Kernels are single-threaded; threads work on whole chunks of sequences above this level. Freed blocks are kept for
/// reuse, so that a training step in its steady state asks the system for no memory.
public final class CPUBackend: Backend {
  private let pool = Mutex(BlockPool())

  /// Makes a backend with an empty pool.
  public init() {}

  /// Blocks that were asked of the system so far; constant in the steady state.
  public var systemAllocations: Int { pool.withLock { $0.systemAllocations } }

  /// Bytes of the blocks that were asked of the system so far, in use or kept for reuse.
  public var systemBytes: Int { pool.withLock { $0.systemBytes } }

  public var elementBytes: Int { MemoryLayout<Float>.size }

  public func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    // Pointers are not Sendable; their numbers are.
    UnsafeMutableRawPointer(bitPattern: pool.withLock { UInt(bitPattern: $0.take(byteCount)) })!
  }

  public func free(_ address: UnsafeMutableRawPointer, byteCount: Int) {
    let number = UInt(bitPattern: address)
    pool.withLock { $0.give(UnsafeMutableRawPointer(bitPattern: number)!) }
  }

  public func write(_ values: [Float], into y: Tensor) {
    precondition(values.count == y.count, "\(values.count) values into \(y.rows)×\(y.columns)")
    values.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { y.storage.address.copyMemory(from: base, byteCount: bytes.count) }
    }
  }

  public func read(_ x: Tensor) -> [Float] {
    Array(UnsafeBufferPointer(start: UnsafePointer(x.floats), count: x.count))
  }

  public func zero(_ y: Tensor) { memset(y.storage.address, 0, y.count * elementBytes) }

  public func embed(_ table: Weight, _ ids: [Int32], into y: Tensor) {
    var table = table.kernel
    dk_embed(&table, ids, Int64(ids.count), y.floats)
  }

  public func product(
    _ direction: Direction, _ segments: [Segment], bias: Tensor?, accumulate: Bool, into y: Tensor
  ) {
    let kernels = segments.map { segment in
      precondition(segment.fits(direction, y), "a product of shapes that do not fit")
      return dk_segment_t(
        weight: segment.weight.kernel, x: segment.x.floats, x_stride: Int64(segment.x.columns),
        scale: segment.scale)
    }
    withScratch(dk_product_scratch()) { scratch in
      dk_product(
        dk_direction_t(UInt32(direction.rawValue)), kernels, Int64(kernels.count), Int64(y.rows),
        bias?.floats, y.floats, Int64(y.columns), accumulate ? 1 : 0, 0, Int64(y.columns), scratch)
    }
  }

  public func outer(_ a: Tensor, _ b: Tensor, scale: Float, into g: Tensor) {
    precondition(a.rows == b.rows && g.rows == a.columns && g.columns == b.columns, "outer shapes")
    withScratch(dk_product_scratch()) { scratch in
      dk_outer(
        a.floats, Int64(a.columns), Int64(a.columns), b.floats, Int64(b.columns), Int64(b.columns),
        Int64(a.rows), scale, g.floats, Int64(g.columns), scratch)
    }
  }

  public func add(_ x: Tensor, into y: Tensor) {
    precondition(x.count == y.count, "add of \(x.count) into \(y.count)")
    dk_add(y.floats, x.floats, Int64(x.count))
  }

  public func addColumnSums(_ x: Tensor, into sums: Tensor) {
    dk_column_sums(x.floats, Int64(x.rows), Int64(x.columns), sums.floats)
  }

  public func gather(_ x: Tensor, rows: [Int32], into y: Tensor) {
    dk_gather(x.floats, Int64(x.columns), rows, Int64(rows.count), y.floats)
  }

  public func scatterAdd(_ dy: Tensor, rows: [Int32], into dx: Tensor) {
    dk_scatter_add(dy.floats, Int64(dy.columns), rows, Int64(rows.count), dx.floats)
  }

  public func rmsNorm(
    _ x: Tensor, _ weight: Tensor, epsilon: Float, into y: Tensor, inverse: Tensor
  ) {
    dk_rms_norm(
      x.floats, weight.floats, Int64(inverse.rows), Int64(weight.columns), epsilon, y.floats,
      inverse.floats)
  }

  public func rmsNormBackward(
    _ dy: Tensor, _ x: Tensor, _ weight: Tensor, inverse: Tensor, into dx: Tensor
  ) {
    dk_rms_norm_backward(
      dy.floats, x.floats, weight.floats, inverse.floats, Int64(inverse.rows),
      Int64(weight.columns), dx.floats)
  }

  public func gated(_ gate: Tensor, _ up: Tensor, into y: Tensor) {
    dk_gated(gate.floats, up.floats, Int64(gate.count), y.floats)
  }

  public func gatedBackward(
    _ gate: Tensor, _ up: Tensor, _ dy: Tensor, intoGate dGate: Tensor, intoUp dUp: Tensor
  ) {
    dk_gated_backward(
      gate.floats, up.floats, dy.floats, Int64(gate.count), dGate.floats, dUp.floats)
  }

  public func rope(
    _ x: Tensor, headSize: Int, positions: [Int32], cosine: Tensor, sine: Tensor, inverse: Bool,
    into y: Tensor
  ) {
    dk_rope(
      x.floats, Int64(x.rows), Int64(x.columns / headSize), Int64(headSize), positions,
      cosine.floats, sine.floats, inverse ? 1 : 0, y.floats)
  }

  public func dropout(_ x: Tensor, _ site: DropoutSite, into y: Tensor) {
    dk_dropout(
      x.floats, Int64(x.rows), Int64(x.columns), site.probability, site.seed, site.step, site.site,
      site.firstRow, y.floats)
  }

  public func attention(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, into y: Tensor,
    logsum: Tensor
  ) {
    withAttention(shape, packing) { attention, scratch in
      dk_attention(attention, q.floats, k.floats, v.floats, y.floats, logsum.floats, scratch)
    }
  }

  public func attentionBackward(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, y: Tensor,
    logsum: Tensor, dy: Tensor, intoQ dq: Tensor, intoK dk: Tensor, intoV dv: Tensor
  ) {
    withAttention(shape, packing) { attention, scratch in
      dk_attention_backward(
        attention, q.floats, k.floats, v.floats, y.floats, logsum.floats, dy.floats, dq.floats,
        dk.floats, dv.floats, scratch)
    }
  }

  public func pool(_ kind: PoolingKind, _ x: Tensor, _ packing: Packing, into y: Tensor) -> [Int32] {
    var winners = [Int32](repeating: 0, count: kind == .max ? y.count : 0)
    dk_pool(
      kind.kernel, x.floats, Int64(x.columns), packing.starts, Int64(packing.count), y.floats,
      &winners)
    return winners
  }

  public func poolBackward(
    _ kind: PoolingKind, _ dy: Tensor, _ packing: Packing, winners: [Int32], into dx: Tensor
  ) {
    dk_pool_backward(
      kind.kernel, dy.floats, Int64(dy.columns), packing.starts, Int64(packing.count), winners,
      dx.floats)
  }

  public func crossEntropy(_ logits: Tensor, labels: [Int32], weight: Float, into dLogits: Tensor)
    -> Double
  {
    dk_cross_entropy(
      logits.floats, labels, Int64(logits.rows), Int64(logits.columns), weight, dLogits.floats)
  }

  public func crossEntropy(
    _ logits: Tensor, labels: [Int32], _ shape: LossShape, weight: Float, into dLogits: Tensor
  ) -> Double {
    shape.withKernelShape {
      dk_shaped_cross_entropy(
        logits.floats, labels, Int64(logits.rows), Int64(logits.columns), $0, weight, dLogits.floats)
    }
  }

  public func binaryCrossEntropy(
    _ logits: Tensor, targets: [Float], _ shape: LossShape, weight: Float, into dLogits: Tensor
  ) -> Double {
    shape.withKernelShape {
      dk_binary_cross_entropy(
        logits.floats, targets, Int64(logits.rows), Int64(logits.columns), $0, weight, dLogits.floats)
    }
  }

  public func squaredError(_ y: Tensor, targets: [Float], weight: Float, into dy: Tensor) -> Double {
    dk_squared_error(y.floats, targets, Int64(y.count), weight, dy.floats)
  }

  public func chainLoss(
    _ logits: Tensor, labels: [Int32], starts: [Int32], transitions: Tensor, weight: Float, into dLogits: Tensor,
    addingTo dTransitions: Tensor
  ) -> Double {
    let longest = zip(starts, starts.dropFirst()).map { $1 - $0 }.max() ?? 0
    let classes = Int64(logits.columns)
    var loss = 0.0
    withScratch(Int(dk_chain_scratch(Int64(longest), classes))) {
      loss = dk_chain_loss(
        logits.floats, labels, starts, Int64(starts.count - 1), classes, transitions.floats, weight, dLogits.floats,
        dTransitions.floats, $0)
    }
    return loss
  }

  public func sumOfSquares(_ x: Tensor) -> Double { dk_sum_squares(x.floats, Int64(x.count)) }

  public func adamW(_ parameter: Tensor, gradient: Tensor, m: Tensor, v: Tensor, _ step: AdamWStep) {
    dk_adamw(
      parameter.floats, gradient.floats, m.floats, v.floats, Int64(parameter.count),
      step.gradientScale, step.rate, step.beta1, step.beta2, step.epsilon, step.weightDecay,
      Int64(step.step))
  }

  private func withScratch(_ byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
    let scratch = allocate(byteCount: byteCount)
    body(scratch)
    free(scratch, byteCount: byteCount)
  }

  private func withAttention(
    _ shape: AttentionShape, _ packing: Packing,
    _ body: (UnsafePointer<dk_attention_t>, UnsafeMutableRawPointer) -> Void
  ) {
    shape.withKernel(packing) { attention in
      withScratch(dk_attention_scratch(attention, Int64(packing.longest))) { body(attention, $0) }
    }
  }
}

extension AttentionShape {
  /// Bytes that either direction needs for its own use.
  func scratchBytes(_ packing: Packing) -> Int {
    withKernel(packing) { dk_attention_scratch($0, Int64(packing.longest)) }
  }

  fileprivate func withKernel<Result>(
    _ packing: Packing, _ body: (UnsafePointer<dk_attention_t>) -> Result
  ) -> Result {
    packing.starts.withUnsafeBufferPointer { starts in
      var attention = dk_attention_t(
        heads: Int64(heads), key_value_heads: Int64(keyValueHeads), head_size: Int64(headSize),
        scale: 1 / Float(headSize).squareRoot(), causal: causal ? 1 : 0, window: Int64(window ?? 0),
        starts: starts.baseAddress, sequence_count: Int64(packing.count))
      return body(&attention)
    }
  }
}

extension Tensor {
  var floats: UnsafeMutablePointer<Float> {
    storage.address.assumingMemoryBound(to: Float.self)
  }
}

extension Weight {
  /// The weight as the kernels see it; `native` is float32 here.
  var kernel: dk_weight_t {
    let format = dk_format_t(UInt32(self.format == .native ? 0 : self.format.rawValue))
    let rowBytes = Int64(columns) / dk_block_values(format) * dk_block_bytes(format)
    return dk_weight_t(
      data: storage.address, rows: Int64(rows), columns: Int64(columns), row_bytes: rowBytes,
      format: format)
  }

  /// Bytes of all rows; `nil` where the columns are no multiple of the format's block.
  public static func byteCount(rows: Int, columns: Int, format: WeightFormat) -> Int? {
    let kernel = dk_format_t(UInt32(format == .native ? 0 : format.rawValue))
    guard columns % Int(dk_block_values(kernel)) == 0 else { return nil }
    return rows * (columns / Int(dk_block_values(kernel)) * Int(dk_block_bytes(kernel)))
  }

  /// All values as float32, decoded row by row.
  public func decoded() -> [Float] {
    var weight = kernel
    return [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in
      for row in 0..<rows {
        dk_decode(
          &weight, Int64(row), 0, Int64(columns), buffer.baseAddress! + row * columns)
      }
      count = rows * columns
    }
  }
}

extension Segment {
  func fits(_ direction: Direction, _ y: Tensor) -> Bool {
    let (inputs, outputs) =
      direction == .forward ? (weight.columns, weight.rows) : (weight.rows, weight.columns)
    return x.rows == y.rows && x.columns == inputs && y.columns == outputs
  }
}

extension PoolingKind {
  fileprivate var kernel: dk_pooling_t { self == .mean ? DK_POOL_MEAN : DK_POOL_MAX }
}

extension LossShape {
  fileprivate func withKernelShape(_ body: (UnsafePointer<dk_loss_shape_t>) -> Double) -> Double {
    classWeights.withUnsafeBufferPointer { weights in
      var shape = dk_loss_shape_t(
        class_weights: weights.isEmpty ? nil : weights.baseAddress, smoothing: smoothing, gamma: gamma)
      return body(&shape)
    }
  }
}
