import CKernels
import Glibc
import Synchronization

/// The processor: float32 activations, kernels in C with run-time dispatch to AVX-512, AVX2 or portable code.
///
/// Kernels are single-threaded; threads work on whole chunks of sequences above this level, or, where some are idle, on
/// parts of one kernel's work. Freed blocks are kept for reuse, so that a training step in its
/// steady state asks the system for no memory.
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

  public func add(_ x: Tensor, into y: Tensor) {
    precondition(x.count == y.count, "add of \(x.count) into \(y.count)")
    share(x.rows, width: x.columns) { part in
      dk_add(y.row(part.lowerBound), x.row(part.lowerBound), Int64(part.count * x.columns))
    }
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
    let width = weight.columns
    share(inverse.rows, width: width) { part in
      let first = part.lowerBound * width
      dk_rms_norm(
        x.floats + first, weight.floats, Int64(part.count), Int64(width), epsilon, y.floats + first,
        inverse.floats + part.lowerBound)
    }
  }

  public func rmsNormBackward(
    _ dy: Tensor, _ x: Tensor, _ weight: Tensor, inverse: Tensor, into dx: Tensor
  ) {
    let width = weight.columns
    share(inverse.rows, width: width) { part in
      let first = part.lowerBound * width
      dk_rms_norm_backward(
        dy.floats + first, x.floats + first, weight.floats, inverse.floats + part.lowerBound,
        Int64(part.count), Int64(width), dx.floats + first)
    }
  }

  public func gated(_ gate: Tensor, _ up: Tensor, into y: Tensor) {
    share(gate.rows, width: 4 * gate.columns) { part in
      let first = part.lowerBound
      dk_gated(gate.row(first), up.row(first), Int64(part.count * gate.columns), y.row(first))
    }
  }

  public func gatedBackward(
    _ gate: Tensor, _ up: Tensor, _ dy: Tensor, intoGate dGate: Tensor, intoUp dUp: Tensor
  ) {
    share(gate.rows, width: 4 * gate.columns) { part in
      let first = part.lowerBound
      dk_gated_backward(
        gate.row(first), up.row(first), dy.row(first), Int64(part.count * gate.columns), dGate.row(first),
        dUp.row(first))
    }
  }

  public func rope(
    _ x: Tensor, headSize: Int, positions: [Int32], cosine: Tensor, sine: Tensor, inverse: Bool,
    into y: Tensor
  ) {
    share(x.rows, width: x.columns) { part in
      positions.withUnsafeBufferPointer { positions in
        dk_rope(
          x.row(part.lowerBound), Int64(part.count), Int64(x.columns / headSize), Int64(headSize),
          positions.baseAddress! + part.lowerBound, cosine.floats, sine.floats, inverse ? 1 : 0,
          y.row(part.lowerBound))
      }
    }
  }

  public func dropoutMask(_ site: DropoutSite, rows: Int, columns: Int) -> DropoutMask {
    let words = Int(dk_dropout_words(Int64(columns)))
    let storage = Storage(byteCount: max(rows * words, 1) * MemoryLayout<UInt32>.size, on: self)
    @Sendable func draw(_ row: Int, _ count: Int, _ firstRow: UInt32) {
      dk_dropout_mask(
        Int64(count), Int64(columns), site.probability, site.seed, site.step, site.site, firstRow,
        storage.words + row * words)
    }
    share(rows, width: 4 * columns) { part in
      if let numbers = site.rows {
        for row in part { draw(row, 1, site.firstRow &+ UInt32(numbers[row])) }
      } else {
        draw(part.lowerBound, part.count, site.firstRow &+ UInt32(part.lowerBound))
      }
    }
    return DropoutMask(probability: site.probability, storage: storage)
  }

  public func dropout(_ x: Tensor, _ mask: DropoutMask, accumulate: Bool, into y: Tensor) {
    let words = Int(dk_dropout_words(Int64(x.columns)))
    share(x.rows, width: x.columns) { part in
      dk_dropout(
        x.row(part.lowerBound), mask.storage.words + part.lowerBound * words, Int64(part.count), Int64(x.columns),
        mask.probability, y.row(part.lowerBound), accumulate ? 1 : 0)
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

  /// Runs `body` with memory for one thread's kernel.
  func withScratch(_ byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
    let scratch = allocate(byteCount: byteCount)
    body(scratch)
    free(scratch, byteCount: byteCount)
  }
}

extension Tensor {
  var floats: UnsafeMutablePointer<Float> {
    storage.address.assumingMemoryBound(to: Float.self)
  }

  /// Where a row begins.
  func row(_ row: Int) -> UnsafeMutablePointer<Float> { floats + row * columns }
}

extension Storage {
  fileprivate var words: UnsafeMutablePointer<UInt32> { address.assumingMemoryBound(to: UInt32.self) }
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
