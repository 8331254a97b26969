import Compute
import TestSupport
import Testing

@testable import Discern

/// Every op, layer and head against central differences in float64; a forgotten term shows as an error above 0.1.
@Suite("Gradients") struct GradientTests {
  static let tolerance = 1e-6
  let backend = ReferenceBackend()
  let packing = Packing(lengths: [3, 1, 4])

  private func check(
    _ shapes: [(rows: Int, columns: Int)], sourceLocation: SourceLocation = #_sourceLocation,
    _ function: GradientCheck.Function
  ) {
    let error = GradientCheck.error(shapes, on: backend, function)
    #expect(error < GradientTests.tolerance, sourceLocation: sourceLocation)
  }

  @Test func rmsNormOverRowsAndHeads() {
    for width in [6, 3] {
      let weight = Tensor(
        (0..<width).map { 1 + 0.1 * Float($0) }, rows: 1, columns: width, on: backend)
      check([(4, 6)]) { inputs in
        let (y, pull) = Ops.rmsNorm(inputs[0], weight, epsilon: 1e-5)
        return (y, { [pull($0)] })
      }
    }
  }

  @Test func gatedUnit() {
    check([(3, 5), (3, 5)]) { inputs in
      let (y, pull) = Ops.gated(inputs[0], inputs[1])
      return (
        y,
        { dy in
          let (gate, up) = pull(dy)
          return [gate, up]
        }
      )
    }
  }

  @Test func rotaryPositions() {
    let table = RopeTable(inverseFrequencies: [1, 0.3], positions: 4, on: backend)
    check([(8, 8)]) { inputs in
      let (y, pull) = Ops.rope(inputs[0], headSize: 4, packing, table)
      return (y, { [pull($0)] })
    }
  }

  @Test(arguments: [(false, nil), (true, nil), (true, 2)] as [(Bool, Int?)])
  func attention(causal: Bool, window: Int?) {
    let shape = AttentionShape(heads: 4, keyValueHeads: 2, headSize: 4, causal: causal, window: window)
    check([(8, 16), (8, 8), (8, 8)]) { inputs in
      let (y, pull) = Ops.attention(inputs[0], inputs[1], inputs[2], shape, packing)
      return (
        y,
        { dy in
          let (dq, dk, dv) = pull(dy)
          return [dq, dk, dv]
        }
      )
    }
  }

  @Test func dropout() {
    let site = DropoutSite(probability: 0.4, seed: 3, step: 1, site: 2, firstRow: 5)
    check([(6, 7)]) { inputs in
      let (y, pull) = Ops.dropout(inputs[0], site)
      return (y, { [pull($0)] })
    }
  }

  @Test func gatheredRows() {
    check([(8, 3)]) { inputs in
      let (y, pull) = Ops.gather(inputs[0], rows: [6, 1, 1])
      return (y, { [pull($0)] })
    }
  }

  @Test(arguments: [PoolingKind.mean, .max]) func pooling(kind: PoolingKind) {
    check([(8, 3)]) { inputs in
      let (y, pull) = Ops.pool(inputs[0], kind, packing)
      return (y, { [pull($0)] })
    }
  }

  @Test func crossEntropy() {
    check([(4, 5)]) { inputs in
      let (loss, dLogits) = Ops.crossEntropy(inputs[0], labels: [2, -1, 0, 4], weight: 0.7)
      let value = Tensor(doubles: [loss], rows: 1, columns: 1, on: backend)
      return (
        value,
        { dy in
          let scaled = dLogits.doubles.map { $0 * dy[0, 0] }
          return [Tensor(doubles: scaled, rows: 4, columns: 5, on: backend)]
        }
      )
    }
  }

  @Test(arguments: [0, 0.3] as [Float]) func projectionsWithPairs(dropout: Float) {
    let weights = [(6, 5), (4, 5)].map { frozen(rows: $0.0, columns: $0.1) }
    // x, then A and B of both projections.
    check([(8, 5), (2, 5), (6, 2), (3, 5), (4, 3)]) { inputs in
      let parameters = inputs.dropFirst().enumerated().map {
        Parameter(name: "\($0)", index: $0, value: $1)
      }
      let members = (0..<2).map { index in
        Linear(
          weight: weights[index], bias: nil,
          lora: LoRA(
            a: parameters[2 * index], b: parameters[2 * index + 1], scale: 1.5, dropout: dropout,
            site: UInt32(index)))
      }
      let gradients = Gradients(like: parameters, on: backend)
      let pass = pass(gradients)
      let (results, pull) = Projections(members: members)(inputs[0], pass)
      return (
        sideBySide(results),
        { dy in
          gradients.clear()
          let dx = pull(split(dy, [6, 4]), true)
          return [dx] + gradients.tensors
        }
      )
    }
  }

  @Test func spreadRows() {
    check([(3, 4)]) { inputs in
      let (y, pull) = Ops.spread(inputs[0], rows: [5, 0, 2], of: 7)
      return (y, { [pull($0)] })
    }
  }

  @Test(arguments: [true, false], [true, false])
  func decoderLayer(causal: Bool, hasHeadNorms: Bool) { checkLayer(causal: causal, hasHeadNorms: hasHeadNorms) }

  @Test(arguments: [[2, 3, 7], [0, 1, 4, 6], [5]] as [[Int32]], [true, false])
  func layerThatAnswersForSomeRows(rows: [Int32], causal: Bool) {
    checkLayer(causal: causal, hasHeadNorms: true, answers: rows)
  }

  private func checkLayer(causal: Bool, hasHeadNorms: Bool, answers: [Int32]? = nil) {
    let shape = AttentionShape(heads: 4, keyValueHeads: 2, headSize: 4, causal: causal)
    let sizes: [Projection: (Int, Int)] = [
      .query: (16, 6), .key: (8, 6), .value: (8, 6), .output: (6, 16), .gate: (7, 6), .up: (7, 6),
      .down: (6, 7),
    ]
    let weights = Projection.allCases.map { frozen(rows: sizes[$0]!.0, columns: sizes[$0]!.1) }
    let shapes = Projection.allCases.flatMap { [(2, sizes[$0]!.1), (sizes[$0]!.0, 2)] }
    check([(8, 6)] + shapes) { inputs in
      let parameters = inputs.dropFirst().enumerated().map {
        Parameter(name: "\($0)", index: $0, value: $1)
      }
      func projections(_ members: Projection...) -> Projections {
        Projections(
          members: members.map { projection in
            let index = Projection.allCases.firstIndex(of: projection)!
            let lora = LoRA(
              a: parameters[2 * index], b: parameters[2 * index + 1], scale: 0.5, dropout: 0.2,
              site: UInt32(index))
            return Linear(weight: weights[index], bias: nil, lora: lora)
          })
      }
      let headNorm = hasHeadNorms ? norm(4) : nil
      let layer = DecoderLayer(
        inputNorm: norm(6), postNorm: norm(6), queryNorm: headNorm, keyNorm: headNorm,
        queryKeyValue: projections(.query, .key, .value), output: projections(.output),
        gateUp: projections(.gate, .up), down: projections(.down), shape: shape)
      let gradients = Gradients(like: parameters, on: backend)
      let (y, pull) = layer(inputs[0], pass(gradients, answers: answers), answering: answers != nil)
      return (
        y,
        { dy in
          gradients.clear()
          let dx = pull(dy, true)
          return [dx] + gradients.tensors
        }
      )
    }
  }

  @Test(arguments: Pooling.allCases.map(Optional.some) + [nil]) func head(pooling: Pooling?) {
    let rows: [Int32] = pooling == nil ? [0, 2, 3, 7] : [2, 3, 7]
    let biasShape = pooling == nil ? [(1, 4)] : []
    check([(8, 5), (4, 5)] + biasShape) { inputs in
      let parameters = inputs.dropFirst().enumerated().map {
        Parameter(name: "\($0)", index: $0, value: $1)
      }
      let head = Head(
        pooling: pooling, weight: parameters[0], bias: parameters.count > 1 ? parameters[1] : nil,
        dropout: 0.2)
      let gradients = Gradients(like: parameters, on: backend)
      let (y, pull) = head(inputs[0], rows: rows, pass(gradients))
      return (
        y,
        { dy in
          gradients.clear()
          let dx = pull(dy)
          return [dx] + gradients.tensors
        }
      )
    }
  }

  @Test func aForgottenTermShows() {
    let weight = Tensor([1, 1, 1], rows: 1, columns: 3, on: backend)
    let error = GradientCheck.error([(2, 3)], on: backend) { inputs in
      let (n, dNorm) = Ops.rmsNorm(inputs[0], weight, epsilon: 1e-5)
      // The residual's own gradient is left out on purpose.
      return (Ops.add(inputs[0], into: n), { [dNorm($0)] })
    }
    #expect(error > 0.1)
  }

  private func pass(_ gradients: Gradients, answers: [Int32]? = nil) -> Pass {
    Pass(
      packing: packing,
      rope: RopeTable(inverseFrequencies: [1, 0.3], positions: 4, on: backend),
      gradients: gradients, dropout: DropoutPlan(seed: 5, step: 2, firstRow: 0), answers: answers)
  }

  private func norm(_ width: Int) -> RMSNorm {
    let values = (0..<width).map { 0.8 + 0.1 * Float($0) }
    return RMSNorm(weight: Tensor(values, rows: 1, columns: width, on: backend), epsilon: 1e-5)
  }

  private func frozen(rows: Int, columns: Int) -> Weight {
    var random = Random(seed: UInt64(rows * 100 + columns), stream: 1)
    let values = (0..<rows * columns).map { _ in 0.4 * random.normal() }
    return Weight(Tensor(doubles: values, rows: rows, columns: columns, on: backend))
  }

  private func sideBySide(_ tensors: [Tensor]) -> Tensor {
    let rows = tensors[0].rows
    let values = (0..<rows).flatMap { row in
      tensors.flatMap { tensor in (0..<tensor.columns).map { tensor[row, $0] } }
    }
    return Tensor(
      doubles: values, rows: rows, columns: values.count / rows, on: backend)
  }

  private func split(_ tensor: Tensor, _ widths: [Int]) -> [Tensor] {
    var first = 0
    return widths.map { width in
      defer { first += width }
      let values = (0..<tensor.rows).flatMap { row in
        (first..<first + width).map { tensor[row, $0] }
      }
      return Tensor(doubles: values, rows: tensor.rows, columns: width, on: backend)
    }
  }
}
