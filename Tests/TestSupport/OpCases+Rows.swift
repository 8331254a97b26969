import Compute

extension OpCase {
  /// What works row by row, and what moves rows.
  static func rows(_ shape: OpShape) -> [OpCase] { norms(shape) + gates(shape) + dropouts(shape) + moves(shape) }

  private static func norms(_ shape: OpShape) -> [OpCase] {
    let (count, width) = (shape.count, shape.width)
    let table = [(count, width), (1, width), (count, width)] as [(rows: Int, columns: Int)]
    func rotation(_ name: String, inverse: Bool) -> OpCase {
      OpCase(name, [(count, width)]) { tensors, backend in
        let frequencies = (0..<shape.headSize / 2).map { 1 / Float(1 + $0) }
        let table = RopeTable(inverseFrequencies: frequencies, positions: shape.packing.longest, on: backend)
        return {
          let y = Tensor(rows: count, columns: width, on: backend)
          backend.rope(
            tensors[0], headSize: shape.headSize, positions: shape.packing.positions, cosine: table.cosine,
            sine: table.sine, inverse: inverse, into: y)
          return [y]
        }
      }
    }
    return [
      OpCase("norm", table) { tensors, _ in { [Ops.rmsNorm(tensors[0], tensors[1], epsilon: 1e-5).0] } },
      OpCase("norm backward", table) { tensors, _ in
        let pullback = Ops.rmsNorm(tensors[0], tensors[1], epsilon: 1e-5).1
        return { [pullback(tensors[2])] }
      },
      rotation("rotation", inverse: false),
      rotation("rotation back", inverse: true),
    ]
  }

  private static func gates(_ shape: OpShape) -> [OpCase] {
    let inputs = [(rows: Int, columns: Int)](repeating: (shape.count, shape.intermediate), count: 3)
    return [
      OpCase("gate", inputs) { tensors, _ in { [Ops.gated(tensors[0], tensors[1]).0] } },
      OpCase("gate backward", inputs) { tensors, _ in
        let pullback = Ops.gated(tensors[0], tensors[1]).1
        return {
          let (gate, up) = pullback(tensors[2])
          return [gate, up]
        }
      },
    ]
  }

  private static func dropouts(_ shape: OpShape) -> [OpCase] {
    let (count, width) = (shape.count, shape.width)
    let site = DropoutSite(probability: 0.1, seed: 1, step: 2, site: 3, firstRow: 4)
    let all = DropoutSite(probability: 0, seed: 1, step: 2, site: 3, firstRow: 4)
    return [
      OpCase("dropout's mask", [], tolerance: nil) { _, backend in
        {
          _ = backend.dropoutMask(site, rows: count, columns: width)
          return []
        }
      },
      OpCase("dropout that keeps all", [(count, width), (count, width)]) { tensors, backend in
        let mask = backend.dropoutMask(all, rows: count, columns: width)
        return {
          let y = Tensor.zeros(rows: count, columns: width, on: backend)
          backend.dropout(tensors[0], mask, accumulate: true, into: y)
          return [y]
        }
      },
    ]
  }

  private static func moves(_ shape: OpShape) -> [OpCase] {
    let (count, width) = (shape.count, shape.width)
    let some = (0..<Int32(count)).filter { $0 % 3 == 1 }
    return [
      OpCase("embedding q4_1", []) { _, backend in
        let table = Weight.random(rows: 1000, columns: width, .q4_1).borrowed(by: backend)
        let ids = (0..<count).map { Int32($0 * 37 % 1000) }
        return {
          let y = Tensor(rows: count, columns: width, on: backend)
          backend.embed(table, ids, into: y)
          return [y]
        }
      },
      OpCase("add", [(count, width), (count, width)]) { tensors, backend in
        {
          backend.add(tensors[0], into: tensors[1])
          return [tensors[1]]
        }
      },
      OpCase("column sums", [(count, width)]) { tensors, backend in
        {
          let sums = Tensor.zeros(rows: 1, columns: width, on: backend)
          backend.addColumnSums(tensors[0], into: sums)
          return [sums]
        }
      },
      OpCase("gather", [(count, width)]) { tensors, _ in { [Ops.gather(tensors[0], rows: some).0] } },
      OpCase("scatter", [(some.count, width)]) { tensors, _ in
        { [Ops.spread(tensors[0], rows: some, of: count).0] }
      },
    ]
  }
}
