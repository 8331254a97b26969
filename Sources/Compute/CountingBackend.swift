import CKernels
import Synchronization

/// A backend whose kernels do nothing: it records what a run on `CPUBackend` would allocate, and when.
///
/// Its addresses lead nowhere and what it reads back is zero, so that a run costs neither time nor memory. It is for
/// one thread; `MemorySimulation` lays the records of several beside each other.
public final class CountingBackend: Backend {
  private let record = Mutex(AllocationRecord())
  private let lastAddress = Atomic<UInt>(0)

  /// Makes a backend with an empty record.
  public init() {}

  /// What was allocated and freed since the last call.
  public func takeRecord() -> AllocationRecord {
    record.withLock { record in
      defer { record = AllocationRecord() }
      return record
    }
  }

  public var elementBytes: Int { MemoryLayout<Float>.size }

  public func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    let address = lastAddress.wrappingAdd(64, ordering: .relaxed).newValue
    record.withLock { $0.events.append(.take(block: address, byteCount: byteCount)) }
    return UnsafeMutableRawPointer(bitPattern: address)!
  }

  public func free(_ address: UnsafeMutableRawPointer, byteCount: Int) {
    let block = UInt(bitPattern: address)
    record.withLock { $0.events.append(.give(block: block)) }
  }

  /// What a kernel of `CPUBackend` takes for its own use.
  private func scratch(_ byteCount: Int) { free(allocate(byteCount: byteCount), byteCount: byteCount) }

  public func write(_ values: [Float], into y: Tensor) {}
  public func read(_ x: Tensor) -> [Float] { [Float](repeating: 0, count: x.count) }
  public func zero(_ y: Tensor) {}
  public func embed(_ table: Weight, _ ids: [Int32], into y: Tensor) {}

  public func product(
    _ direction: Direction, _ segments: [Segment], bias: Tensor?, accumulate: Bool, into y: Tensor
  ) {
    scratch(dk_product_scratch())
  }

  public func outer(_ a: Tensor, _ b: Tensor, scale: Float, into g: Tensor) { scratch(dk_product_scratch()) }
  public func add(_ x: Tensor, into y: Tensor) {}
  public func addColumnSums(_ x: Tensor, into sums: Tensor) {}
  public func gather(_ x: Tensor, rows: [Int32], into y: Tensor) {}
  public func scatterAdd(_ dy: Tensor, rows: [Int32], into dx: Tensor) {}

  public func rmsNorm(_ x: Tensor, _ weight: Tensor, epsilon: Float, into y: Tensor, inverse: Tensor) {}
  public func rmsNormBackward(
    _ dy: Tensor, _ x: Tensor, _ weight: Tensor, inverse: Tensor, into dx: Tensor
  ) {}
  public func gated(_ gate: Tensor, _ up: Tensor, into y: Tensor) {}
  public func gatedBackward(
    _ gate: Tensor, _ up: Tensor, _ dy: Tensor, intoGate dGate: Tensor, intoUp dUp: Tensor
  ) {}
  public func rope(
    _ x: Tensor, headSize: Int, positions: [Int32], cosine: Tensor, sine: Tensor, inverse: Bool, into y: Tensor
  ) {}
  public func dropoutMask(_ site: DropoutSite, rows: Int, columns: Int) -> DropoutMask {
    let bytes = max(rows * Int(dk_dropout_words(Int64(columns))), 1) * MemoryLayout<UInt32>.size
    return DropoutMask(probability: site.probability, storage: Storage(byteCount: bytes, on: self))
  }
  public func dropout(_ x: Tensor, _ mask: DropoutMask, accumulate: Bool, into y: Tensor) {}

  public func attention(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, into y: Tensor,
    logsum: Tensor
  ) {
    scratch(shape.scratchBytes(packing))
  }

  public func attentionBackward(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, y: Tensor,
    logsum: Tensor, dy: Tensor, intoQ dq: Tensor, intoK dk: Tensor, intoV dv: Tensor
  ) {
    scratch(shape.scratchBytes(packing))
  }

  public func pool(_ kind: PoolingKind, _ x: Tensor, _ packing: Packing, into y: Tensor) -> [Int32] {
    [Int32](repeating: 0, count: kind == .max ? y.count : 0)
  }

  public func poolBackward(
    _ kind: PoolingKind, _ dy: Tensor, _ packing: Packing, winners: [Int32], into dx: Tensor
  ) {}
  public func crossEntropy(_ logits: Tensor, labels: [Int32], weight: Float, into dLogits: Tensor) -> Double { 0 }
  public func crossEntropy(
    _ logits: Tensor, labels: [Int32], _ shape: LossShape, weight: Float, into dLogits: Tensor
  ) -> Double { 0 }
  public func binaryCrossEntropy(
    _ logits: Tensor, targets: [Float], _ shape: LossShape, weight: Float, into dLogits: Tensor
  ) -> Double { 0 }
  public func squaredError(_ y: Tensor, targets: [Float], weight: Float, into dy: Tensor) -> Double { 0 }
  public func chainLoss(
    _ logits: Tensor, labels: [Int32], starts: [Int32], transitions: Tensor, weight: Float, into dLogits: Tensor,
    addingTo dTransitions: Tensor
  ) -> Double {
    let longest = zip(starts, starts.dropFirst()).map { $1 - $0 }.max() ?? 0
    scratch(Int(dk_chain_scratch(Int64(longest), Int64(logits.columns))))
    return 0
  }
  public func sumOfSquares(_ x: Tensor) -> Double { 0 }
  public func adamW(_ parameter: Tensor, gradient: Tensor, m: Tensor, v: Tensor, _ step: AdamWStep) {}
}

/// What a run allocated and freed, in its order.
public struct AllocationRecord: Sendable {
  enum Event: Sendable {
    case take(block: UInt, byteCount: Int)
    case give(block: UInt)
  }

  var events: [Event] = []
}
