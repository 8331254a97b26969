import Compute
import Foundation

/// The oracle: every kernel as a plain loop in float64. Slow, obvious, and independent of the C kernels.
public final class ReferenceBackend: Backend {
  public init() {}

  public var elementBytes: Int { 8 }

  public func allocate(byteCount: Int) -> UnsafeMutableRawPointer { .allocate(byteCount: byteCount, alignment: 16) }
  public func free(_ address: UnsafeMutableRawPointer, byteCount: Int) { address.deallocate() }
  public func write(_ values: [Float], into y: Tensor) { set(y, values.map(Double.init)) }
  public func read(_ x: Tensor) -> [Float] { x.doubles.map { Float($0) } }
  public func zero(_ y: Tensor) { set(y, [Double](repeating: 0, count: y.count)) }

  func set(_ y: Tensor, _ values: [Double]) {
    precondition(values.count == y.count)
    for (index, value) in values.enumerated() { y.elements[index] = value }
  }

  public func embed(_ table: Weight, _ ids: [Int32], into y: Tensor) {
    let values = table.doubles
    for (row, id) in ids.enumerated() {
      for column in 0..<y.columns { y[row, column] = values[Int(id) * y.columns + column] }
    }
  }

  public func product(
    _ direction: Direction, _ segments: [Segment], bias: Tensor?, accumulate: Bool, into y: Tensor
  ) {
    let weights = segments.map(\.weight.doubles)
    for row in 0..<y.rows {
      for column in 0..<y.columns {
        var sum = (accumulate ? y[row, column] : 0) + (bias?[0, column] ?? 0)
        for (segment, values) in zip(segments, weights) {
          for inner in 0..<segment.x.columns {
            let index =
              direction == .forward
              ? column * segment.weight.columns + inner : inner * segment.weight.columns + column
            sum += Double(segment.scale) * segment.x[row, inner] * values[index]
          }
        }
        y[row, column] = sum
      }
    }
  }

  public func outer(_ a: Tensor, _ b: Tensor, scale: Float, into g: Tensor) {
    for i in 0..<a.columns {
      for j in 0..<b.columns {
        for row in 0..<a.rows { g[i, j] += Double(scale) * a[row, i] * b[row, j] }
      }
    }
  }

  public func add(_ x: Tensor, into y: Tensor) {
    for index in 0..<x.count { y.elements[index] += x.elements[index] }
  }

  public func addColumnSums(_ x: Tensor, into sums: Tensor) {
    for row in 0..<x.rows { for column in 0..<x.columns { sums[0, column] += x[row, column] } }
  }

  public func gather(_ x: Tensor, rows: [Int32], into y: Tensor) {
    for (row, source) in rows.enumerated() {
      for column in 0..<x.columns { y[row, column] = x[Int(source), column] }
    }
  }

  public func scatterAdd(_ dy: Tensor, rows: [Int32], into dx: Tensor) {
    for (row, target) in rows.enumerated() {
      for column in 0..<dy.columns { dx[Int(target), column] += dy[row, column] }
    }
  }

  public func rmsNorm(_ x: Tensor, _ weight: Tensor, epsilon: Float, into y: Tensor, inverse: Tensor) {
    let width = weight.columns
    for run in 0..<inverse.rows {
      let values = (0..<width).map { x.elements[run * width + $0] }
      let mean = values.reduce(0) { $0 + $1 * $1 } / Double(width)
      inverse.elements[run] = 1 / (mean + Double(epsilon)).squareRoot()
      for column in 0..<width {
        y.elements[run * width + column] = values[column] * inverse.elements[run] * weight[0, column]
      }
    }
  }

  public func rmsNormBackward(
    _ dy: Tensor, _ x: Tensor, _ weight: Tensor, inverse: Tensor, into dx: Tensor
  ) {
    let width = weight.columns
    for run in 0..<inverse.rows {
      let r = inverse.elements[run]
      func scaled(_ column: Int) -> Double { dy.elements[run * width + column] * weight[0, column] }
      let dot = (0..<width).reduce(0) { $0 + scaled($1) * x.elements[run * width + $1] }
      for column in 0..<width {
        let value = x.elements[run * width + column]
        dx.elements[run * width + column] = r * (scaled(column) - value * dot * r * r / Double(width))
      }
    }
  }

  public func gated(_ gate: Tensor, _ up: Tensor, into y: Tensor) {
    for index in 0..<gate.count {
      let g = gate.elements[index]
      y.elements[index] = g / (1 + exp(-g)) * up.elements[index]
    }
  }

  public func gatedBackward(
    _ gate: Tensor, _ up: Tensor, _ dy: Tensor, intoGate dGate: Tensor, intoUp dUp: Tensor
  ) {
    for index in 0..<gate.count {
      let g = gate.elements[index]
      let sigmoid = 1 / (1 + exp(-g))
      let d = dy.elements[index]
      dGate.elements[index] = d * up.elements[index] * sigmoid * (1 + g * (1 - sigmoid))
      dUp.elements[index] = d * g * sigmoid
    }
  }

  public func rope(
    _ x: Tensor, headSize: Int, positions: [Int32], cosine: Tensor, sine: Tensor, inverse: Bool,
    into y: Tensor
  ) {
    let half = headSize / 2
    for row in 0..<x.rows {
      for head in 0..<x.columns / headSize {
        for pair in 0..<half {
          let c = cosine[Int(positions[row]), pair]
          let s = sine[Int(positions[row]), pair] * (inverse ? -1 : 1)
          let (i, j) = (head * headSize + pair, head * headSize + pair + half)
          let (a, b) = (x[row, i], x[row, j])
          (y[row, i], y[row, j]) = (a * c - b * s, b * c + a * s)
        }
      }
    }
  }

  /// A mask of its own: the kernels' Philox mask is tested against its definition elsewhere.
  public func dropoutMask(_ site: DropoutSite, rows: Int, columns: Int) -> DropoutMask {
    let mask = Tensor(rows: rows, columns: columns, on: self)
    for row in 0..<rows {
      var random = Random(
        seed: site.seed, stream: UInt64(site.step) << 32 | UInt64(site.site),
        counter: UInt64(site.firstRow) + UInt64(site.rows?[row] ?? Int32(row)) << 20)
      for column in 0..<columns { mask[row, column] = random.uniform() >= Double(site.probability) ? 1 : 0 }
    }
    return DropoutMask(probability: site.probability, storage: mask.storage)
  }

  public func dropout(_ x: Tensor, _ mask: DropoutMask, accumulate: Bool, into y: Tensor) {
    let kept = mask.storage.address.assumingMemoryBound(to: Double.self)
    for row in 0..<x.rows {
      for column in 0..<x.columns {
        let value = kept[row * x.columns + column] * x[row, column] / (1 - Double(mask.probability))
        y[row, column] = accumulate ? y[row, column] + value : value
      }
    }
  }

  public func pool(_ kind: PoolingKind, _ x: Tensor, _ packing: Packing, into y: Tensor) -> [Int32] {
    var winners = [Int32](repeating: 0, count: y.count)
    for sequence in 0..<packing.count {
      let rows = packing.rows(of: sequence)
      for column in 0..<x.columns {
        switch kind {
        case .mean:
          y[sequence, column] = rows.reduce(0) { $0 + x[$1, column] } / Double(rows.count)
        case .max:
          let winner = rows.reduce(rows.lowerBound) { x[$1, column] > x[$0, column] ? $1 : $0 }
          winners[sequence * x.columns + column] = Int32(winner)
          y[sequence, column] = x[winner, column]
        }
      }
    }
    return kind == .max ? winners : []
  }

  public func poolBackward(
    _ kind: PoolingKind, _ dy: Tensor, _ packing: Packing, winners: [Int32], into dx: Tensor
  ) {
    zero(dx)
    for sequence in 0..<packing.count {
      let rows = packing.rows(of: sequence)
      for column in 0..<dy.columns {
        switch kind {
        case .mean: for row in rows { dx[row, column] = dy[sequence, column] / Double(rows.count) }
        case .max: dx[Int(winners[sequence * dy.columns + column]), column] = dy[sequence, column]
        }
      }
    }
  }

  public func crossEntropy(_ logits: Tensor, labels: [Int32], weight: Float, into dLogits: Tensor) -> Double {
    zero(dLogits)
    var loss = 0.0
    for (row, label) in labels.enumerated() where label >= 0 {
      let powers = (0..<logits.columns).map { exp(logits[row, $0]) }
      let sum = powers.reduce(0, +)
      loss += Double(weight) * (log(sum) - logits[row, Int(label)])
      for column in 0..<logits.columns {
        let target = column == Int(label) ? 1.0 : 0
        dLogits[row, column] = Double(weight) * (powers[column] / sum - target)
      }
    }
    return loss
  }

  public func crossEntropy(
    _ logits: Tensor, labels: [Int32], _ shape: LossShape, weight: Float, into dLogits: Tensor
  ) -> Double {
    zero(dLogits)
    let factors = shape.factors(logits.columns)
    let smoothing = Double(shape.smoothing)
    let gamma = Double(shape.gamma)
    var loss = 0.0
    for (row, label) in labels.enumerated() where label >= 0 {
      let powers = (0..<logits.columns).map { exp(logits[row, $0]) }
      let p = powers.map { $0 / powers.reduce(0, +) }
      // Σ over classes of t·−log p, its slope in p, and the chain through softmax.
      var slopes = [Double](repeating: 0, count: p.count)
      for c in p.indices {
        let target = (c == Int(label) ? 1 - smoothing : 0) + smoothing / Double(p.count)
        let t = Double(weight) * target * factors[c]
        if t == 0 { continue }
        loss -= t * pow(1 - p[c], gamma) * log(p[c])
        slopes[c] = t * (gamma * pow(1 - p[c], gamma - 1) * log(p[c]) - pow(1 - p[c], gamma) / p[c])
      }
      let mean = zip(slopes, p).reduce(0) { $0 + $1.0 * $1.1 }
      for c in p.indices { dLogits[row, c] = p[c] * (slopes[c] - mean) }
    }
    return loss
  }

  public func binaryCrossEntropy(
    _ logits: Tensor, targets: [Float], _ shape: LossShape, weight: Float, into dLogits: Tensor
  ) -> Double {
    let factors = shape.factors(logits.columns)
    let gamma = Double(shape.gamma)
    var loss = 0.0
    for index in 0..<logits.count {
      let p = 1 / (1 + exp(-logits.elements[index]))
      let target = Double(targets[index]) * (1 - Double(shape.smoothing)) + Double(shape.smoothing) / 2
      let yes = Double(weight) * target * factors[index % logits.columns]
      let no = Double(weight) * (1 - target)
      loss -= yes * pow(1 - p, gamma) * log(p) + no * pow(p, gamma) * log(1 - p)
      let slopeYes = gamma * pow(1 - p, gamma - 1) * log(p) - pow(1 - p, gamma) / p
      let slopeNo = -gamma * pow(p, gamma - 1) * log(1 - p) + pow(p, gamma) / (1 - p)
      dLogits.elements[index] = (yes * slopeYes + no * slopeNo) * p * (1 - p)
    }
    return loss
  }

  public func squaredError(_ y: Tensor, targets: [Float], weight: Float, into dy: Tensor) -> Double {
    var loss = 0.0
    for index in 0..<y.count {
      let error = y.elements[index] - Double(targets[index])
      loss += Double(weight) * error * error
      dy.elements[index] = 2 * Double(weight) * error
    }
    return loss
  }

  public func chainLoss(
    _ logits: Tensor, labels: [Int32], starts: [Int32], transitions: Tensor, weight: Float, into dLogits: Tensor,
    addingTo dTransitions: Tensor
  ) -> Double {
    zero(dLogits)
    var loss = 0.0
    for (first, end) in zip(starts, starts.dropFirst()) where first < end {
      let rows = Int(first)..<Int(end)
      let gold = labels[rows].map(Int.init)
      if gold.contains(where: { $0 < 0 }) { continue }
      // Every path there is, one after another.
      let classes = logits.columns
      var paths: [[Int]] = [[]]
      for _ in rows { paths = paths.flatMap { path in (0..<classes).map { path + [$0] } } }
      func edges(_ path: [Int]) -> [(Int, Int)] {
        [(classes, path[0]), (classes + 1, path.last!)] + zip(path, path.dropFirst()).map { ($0, $1) }
      }
      func score(_ path: [Int]) -> Double {
        let own = zip(rows, path).reduce(0) { $0 + logits[$1.0, $1.1] }
        return edges(path).reduce(own) { $0 + transitions[$1.0, $1.1] }
      }
      let powers = paths.map { exp(score($0)) }
      let sum = powers.reduce(0, +)
      loss += Double(weight) * (log(sum) - score(gold))
      for (path, power) in zip(paths + [gold], powers.map { $0 / sum } + [-1]) {
        for (row, tag) in zip(rows, path) { dLogits[row, tag] += Double(weight) * power }
        for (from, to) in edges(path) { dTransitions[from, to] += Double(weight) * power }
      }
    }
    return loss
  }

  public func sumOfSquares(_ x: Tensor) -> Double { x.doubles.reduce(0) { $0 + $1 * $1 } }

  public func adamW(_ parameter: Tensor, gradient: Tensor, m: Tensor, v: Tensor, _ step: AdamWStep) {
    let (beta1, beta2) = (Double(step.beta1), Double(step.beta2))
    for index in 0..<parameter.count {
      let g = gradient.elements[index] * Double(step.gradientScale)
      m.elements[index] = beta1 * m.elements[index] + (1 - beta1) * g
      v.elements[index] = beta2 * v.elements[index] + (1 - beta2) * g * g
      let first = m.elements[index] / (1 - pow(beta1, Double(step.step)))
      let second = v.elements[index] / (1 - pow(beta2, Double(step.step)))
      var p = parameter.elements[index]
      p -= Double(step.rate) * Double(step.weightDecay) * p
      parameter.elements[index] = p - Double(step.rate) * first / (second.squareRoot() + Double(step.epsilon))
    }
  }
}

extension Tensor {
  /// Elements of a tensor of `ReferenceBackend`.
  var elements: UnsafeMutablePointer<Double> { storage.address.assumingMemoryBound(to: Double.self) }

  /// All elements of a tensor of `ReferenceBackend`.
  public var doubles: [Double] { (0..<count).map { elements[$0] } }

  /// One element of a tensor of `ReferenceBackend`.
  public subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    nonmutating set { elements[row * columns + column] = newValue }
  }

  /// Makes a tensor of `ReferenceBackend` with full precision.
  public init(doubles: [Double], rows: Int, columns: Int, on backend: ReferenceBackend) {
    self.init(rows: rows, columns: columns, on: backend)
    backend.set(self, doubles)
  }
}

extension Weight {
  var doubles: [Double] {
    guard format == .native else { return decoded().map(Double.init) }
    let elements = storage.address.assumingMemoryBound(to: Double.self)
    return (0..<rows * columns).map { elements[$0] }
  }
}

extension Packing {
  func rows(of sequence: Int) -> Range<Int> { Int(starts[sequence])..<Int(starts[sequence + 1]) }
}

extension LossShape {
  fileprivate func factors(_ classes: Int) -> [Double] {
    classWeights.isEmpty ? [Double](repeating: 1, count: classes) : classWeights.map(Double.init)
  }
}
