/// The gradient of an op: takes the gradient of its value, returns that of its input.
public typealias Pullback = (Tensor) -> Tensor

/// `y = x·Wᵀ` or `y = x·W`.
public enum Direction: Int32, Sendable { case forward, backward }

/// One summand of a product: `scale · x · op(weight)`.
public struct Segment: Sendable {
  /// The matrix, out × in.
  public let weight: Weight
  /// The rows that meet it.
  public let x: Tensor
  /// Factor of this summand.
  public let scale: Float

  /// Makes a summand.
  public init(_ weight: Weight, _ x: Tensor, scale: Float = 1) {
    self.weight = weight
    self.x = x
    self.scale = scale
  }
}

/// Where the sequences of a packed batch lie: laid end to end, no padding.
public struct Packing: Sendable {
  /// First row of each sequence, and behind the last the number of rows.
  public let starts: [Int32]
  /// Position of each row in its own sequence, from 0.
  public let positions: [Int32]

  /// Packs sequences of the given lengths (each ≥ 1).
  public init(lengths: [Int]) {
    var starts: [Int32] = [0]
    var positions: [Int32] = []
    for length in lengths {
      precondition(length > 0, "a sequence has at least one token")
      starts.append(starts.last! + Int32(length))
      positions.append(contentsOf: 0..<Int32(length))
    }
    self.starts = starts
    self.positions = positions
  }

  /// Number of sequences.
  public var count: Int { starts.count - 1 }
  /// Number of rows.
  public var rows: Int { positions.count }
  /// Length of the longest sequence.
  public var longest: Int { Int(positions.max() ?? -1) + 1 }
}

/// Shape and mask of one attention: who sees whom inside a sequence.
public struct AttentionShape: Sendable {
  /// Query heads, heads of keys and values, and the width of one.
  public let heads: Int, keyValueHeads: Int, headSize: Int
  /// Whether token i sees only j ≤ i.
  public let causal: Bool
  /// Causal only: token i sees j > i − window; `nil`: no limit.
  public let window: Int?

  /// Makes a shape.
  public init(heads: Int, keyValueHeads: Int, headSize: Int, causal: Bool, window: Int? = nil) {
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
    self.causal = causal
    self.window = window
  }
}

/// How the rows of a sequence become one.
public enum PoolingKind: Sendable { case mean, max }

/// Where a dropout mask is drawn: the mask is a function of these and of the row and column alone.
public struct DropoutSite: Sendable {
  /// Share of values set to zero.
  public let probability: Float
  /// The run's seed.
  public let seed: UInt64
  /// The optimiser's step.
  public let step: UInt32
  /// Which dropout of the model.
  public let site: UInt32
  /// Row of the whole batch that is row 0 here.
  public let firstRow: UInt32
  /// Rows, counted from `firstRow`, that the tensor's rows are; `nil`: all in a row.
  public let rows: [Int32]?

  /// Makes a site.
  public init(
    probability: Float, seed: UInt64, step: UInt32, site: UInt32, firstRow: UInt32, rows: [Int32]? = nil
  ) {
    self.probability = probability
    self.seed = seed
    self.step = step
    self.site = site
    self.firstRow = firstRow
    self.rows = rows
  }
}

/// The values that dropout keeps, in the backend's own form: drawn once, used forward and backward.
public struct DropoutMask: Sendable {
  /// Share of values set to zero.
  public let probability: Float
  /// The mask itself.
  public let storage: Storage

  /// Wraps a drawn mask.
  public init(probability: Float, storage: Storage) {
    self.probability = probability
    self.storage = storage
  }
}

/// AdamW's settings for one step.
public struct AdamWStep: Sendable {
  /// Factor on every gradient (clipping).
  public var gradientScale: Float
  /// Learning rate of this step.
  public var rate: Float
  /// Decay rates of the moments, and the guard of the division.
  public var beta1: Float, beta2: Float, epsilon: Float
  /// Decoupled weight decay.
  public var weightDecay: Float
  /// Counts from 1.
  public var step: Int

  /// Makes the settings of a step.
  public init(
    gradientScale: Float, rate: Float, beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float, step: Int
  ) {
    self.gradientScale = gradientScale
    self.rate = rate
    (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
    self.weightDecay = weightDecay
    self.step = step
  }
}

/// Kernels on one device: a device conforms to this and that is all. Shapes in the comments; N = rows of the batch.
///
/// Every `into` tensor is made by the caller and written by the kernel; only `add`, `accumulate` and the gradient
/// kernels (`outer`, `addColumnSums`) add to what is there.
public protocol Backend: AnyObject, Sendable {
  /// Bytes of an activation's element.
  var elementBytes: Int { get }
  /// New memory, contents undefined.
  func allocate(byteCount: Int) -> UnsafeMutableRawPointer
  /// Gives memory back.
  func free(_ address: UnsafeMutableRawPointer, byteCount: Int)
  /// Copies values in; `values.count` equals the tensor's count.
  func write(_ values: [Float], into y: Tensor)
  /// Copies values out.
  func read(_ x: Tensor) -> [Float]
  /// Sets all elements to zero.
  func zero(_ y: Tensor)

  /// y (N, width) = rows `ids` of the table.
  func embed(_ table: Weight, _ ids: [Int32], into y: Tensor)
  /// y (N, outputs) = [y +] bias + Σ scale · x · op(weight).
  func product(
    _ direction: Direction, _ segments: [Segment], bias: Tensor?, accumulate: Bool, into y: Tensor)
  /// g (a.columns, b.columns) += scale · aᵀ·b.
  func outer(_ a: Tensor, _ b: Tensor, scale: Float, into g: Tensor)
  /// y += x.
  func add(_ x: Tensor, into y: Tensor)
  /// sums (1, columns) += column sums of x.
  func addColumnSums(_ x: Tensor, into sums: Tensor)
  /// y (rows.count, columns) = those rows of x.
  func gather(_ x: Tensor, rows: [Int32], into y: Tensor)
  /// Row rows[i] of dx += row i of dy.
  func scatterAdd(_ dy: Tensor, rows: [Int32], into dx: Tensor)

  /// Normalises runs of `weight.columns` values: y like x, inverse (count / width, 1).
  func rmsNorm(_ x: Tensor, _ weight: Tensor, epsilon: Float, into y: Tensor, inverse: Tensor)
  /// dx of `rmsNorm`.
  func rmsNormBackward(
    _ dy: Tensor, _ x: Tensor, _ weight: Tensor, inverse: Tensor, into dx: Tensor)
  /// y = silu(gate) · up.
  func gated(_ gate: Tensor, _ up: Tensor, into y: Tensor)
  /// dgate and dup of `gated`.
  func gatedBackward(
    _ gate: Tensor, _ up: Tensor, _ dy: Tensor, intoGate dGate: Tensor, intoUp dUp: Tensor)
  /// Rotates halves of each head by position; cosine, sine (positions, headSize/2). y may be x.
  func rope(
    _ x: Tensor, headSize: Int, positions: [Int32], cosine: Tensor, sine: Tensor, inverse: Bool,
    into y: Tensor)
  /// Which of rows × columns values dropout keeps at a site.
  func dropoutMask(_ site: DropoutSite, rows: Int, columns: Int) -> DropoutMask
  /// y = [y +] x / (1 − probability) where the mask keeps it, else 0; its own gradient. y may be x.
  func dropout(_ x: Tensor, _ mask: DropoutMask, accumulate: Bool, into y: Tensor)
  /// q (N, heads·headSize), k, v (N, keyValueHeads·headSize) → y like q, logsum (N, heads).
  func attention(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, into y: Tensor,
    logsum: Tensor)
  /// dq, dk, dv of `attention`.
  func attentionBackward(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, y: Tensor,
    logsum: Tensor, dy: Tensor, intoQ dq: Tensor, intoK dk: Tensor, intoV dv: Tensor)

  /// y (sequences, columns); returns the winning rows for max, else an empty list.
  func pool(_ kind: PoolingKind, _ x: Tensor, _ packing: Packing, into y: Tensor) -> [Int32]
  /// dx (N, columns) of `pool`.
  func poolBackward(
    _ kind: PoolingKind, _ dy: Tensor, _ packing: Packing, winners: [Int32], into dx: Tensor)
  /// Σ weight · cross-entropy over rows with label ≥ 0; dLogits is written.
  func crossEntropy(_ logits: Tensor, labels: [Int32], weight: Float, into dLogits: Tensor)
    -> Double
  /// Σ weight · shaped cross-entropy over rows with label ≥ 0; dLogits is written.
  func crossEntropy(
    _ logits: Tensor, labels: [Int32], _ shape: LossShape, weight: Float, into dLogits: Tensor
  ) -> Double
  /// Σ weight · binary cross-entropy of each logit; targets like logits, from 0 to 1; dLogits is written.
  func binaryCrossEntropy(
    _ logits: Tensor, targets: [Float], _ shape: LossShape, weight: Float, into dLogits: Tensor
  ) -> Double
  /// Σ weight · (y − target)²; dy is written.
  func squaredError(_ y: Tensor, targets: [Float], weight: Float, into dy: Tensor) -> Double
  /// Σ weight · −log p(labels) over chains of words that start at `starts` (behind the last: the number of rows), in a
  /// conditional random field with transitions (K + 2, K); dLogits is written, dTransitions added to.
  func chainLoss(
    _ logits: Tensor, labels: [Int32], starts: [Int32], transitions: Tensor, weight: Float, into dLogits: Tensor,
    addingTo dTransitions: Tensor
  ) -> Double
  /// Σ x².
  func sumOfSquares(_ x: Tensor) -> Double
  /// One AdamW step on one tensor.
  func adamW(_ parameter: Tensor, gradient: Tensor, m: Tensor, v: Tensor, _ step: AdamWStep)
}
