import Compute

extension OpCase {
  /// What stands at the end of a step: pooling, losses, the optimiser.
  static func ends(_ shape: OpShape) -> [OpCase] { pooling(shape) + losses(shape) + optimiser(shape) }

  private static func pooling(_ shape: OpShape) -> [OpCase] {
    let inputs = [(shape.count, shape.width), (shape.lengths.count, shape.width)] as [(rows: Int, columns: Int)]
    return [("mean", PoolingKind.mean), ("max", .max)].flatMap { name, kind in
      [
        OpCase("pool \(name)", inputs) { tensors, _ in { [Ops.pool(tensors[0], kind, shape.packing).0] } },
        OpCase("pool \(name) backward", inputs) { tensors, _ in
          let pullback = Ops.pool(tensors[0], kind, shape.packing).1
          return { [pullback(tensors[1])] }
        },
      ]
    }
  }

  private static func losses(_ shape: OpShape) -> [OpCase] {
    let (count, labels) = (shape.count, shape.labels)
    let wanted = (0..<count).map { $0 % 7 == 3 ? -1 : Int32($0 * 5 % labels) }
    let tagged = (0..<count).map { Int32($0 * 5 % labels) }
    let targets = (0..<count * labels).map { Float($0 % 3 == 0 ? 1 : 0) }
    let shaped = LossShape(classWeights: (0..<labels).map { 1 + Float($0) / 4 }, smoothing: 0.1, gamma: 0)
    func loss(_ name: String, _ body: @escaping @Sendable (Tensor) -> (Double, Tensor)) -> OpCase {
      OpCase(name, [(count, labels)]) { tensors, backend in
        {
          let (loss, gradient) = body(tensors[0])
          return [Tensor([Float(loss)], rows: 1, columns: 1, on: backend), gradient]
        }
      }
    }
    return [
      loss("cross-entropy") { Ops.crossEntropy($0, labels: wanted, weight: 0.5) },
      loss("cross-entropy, shaped") { Ops.crossEntropy($0, labels: wanted, shaped, weight: 0.5) },
      loss("binary cross-entropy") { Ops.binaryCrossEntropy($0, targets: targets, shaped, weight: 0.5) },
      loss("squared error") { Ops.squaredError($0, targets: targets, weight: 0.5) },
      // The oracle tries every path, so that the chains are short.
      OpCase("chain", [(count, labels), (labels + 2, labels)]) { tensors, backend in
        let starts = stride(from: 0, to: count, by: 4).map(Int32.init) + [Int32(count)]
        return {
          let gradient = Tensor(rows: count, columns: labels, on: backend)
          let transitions = Tensor.zeros(rows: labels + 2, columns: labels, on: backend)
          let loss = backend.chainLoss(
            tensors[0], labels: tagged, starts: starts, transitions: tensors[1], weight: 0.5, into: gradient,
            addingTo: transitions)
          return [Tensor([Float(loss)], rows: 1, columns: 1, on: backend), gradient, transitions]
        }
      },
    ]
  }

  private static func optimiser(_ shape: OpShape) -> [OpCase] {
    let parameter = (rows: shape.rank, columns: shape.width)
    return [
      OpCase("sum of squares", [parameter]) { tensors, backend in
        { [Tensor([Float(backend.sumOfSquares(tensors[0]))], rows: 1, columns: 1, on: backend)] }
      },
      OpCase("AdamW", [parameter, parameter]) { tensors, backend in
        let m = Tensor.zeros(rows: parameter.rows, columns: parameter.columns, on: backend)
        let v = Tensor.zeros(rows: parameter.rows, columns: parameter.columns, on: backend)
        let step = AdamWStep(
          gradientScale: 0.5, rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, step: 1)
        return {
          backend.adamW(tensors[0], gradient: tensors[1], m: m, v: v, step)
          return [tensors[0], m, v]
        }
      },
    ]
  }
}
