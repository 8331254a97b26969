import Compute

extension OpCase {
  /// Products with frozen weights, in the formats that weights are most often stored in.
  static func products(_ shape: OpShape) -> [OpCase] {
    let sizes = [
      ("query", shape.width, shape.width), ("key", shape.keyValueWidth, shape.width),
      ("gate", shape.intermediate, shape.width), ("down", shape.width, shape.intermediate),
    ]
    return sizes.flatMap { name, outputs, inputs in
      [Direction.forward, .backward].flatMap { direction in
        [WeightFormat.f32, .bf16, .q8_0, .q4_1].map { format in
          product(
            "product \(direction) \(name) \(format)", direction, outputs: outputs, inputs: inputs, format,
            rows: shape.count)
        }
      }
    }
  }

  private static func product(
    _ name: String, _ direction: Direction, outputs: Int, inputs: Int, _ format: WeightFormat, rows: Int
  ) -> OpCase {
    let isForward = direction == .forward
    return OpCase(
      name, [(rows, isForward ? inputs : outputs)], operations: 2 * Double(rows * outputs * inputs)
    ) { tensors, backend in
      let weight = Weight.random(rows: outputs, columns: inputs, format).borrowed(by: backend)
      return {
        let y = Tensor(rows: rows, columns: isForward ? outputs : inputs, on: backend)
        backend.product(direction, [Segment(weight, tensors[0])], bias: nil, accumulate: false, into: y)
        return [y]
      }
    }
  }

  /// The thin products of a pair, their gradients, and a pair that rides along with a frozen product.
  static func lowRank(_ shape: OpShape) -> [OpCase] {
    let (rows, width, rank) = (shape.count, shape.width, shape.rank)
    let thin = 2 * Double(rows * width * rank)
    func narrow(_ name: String, _ direction: Direction, x: Int, weight: (rows: Int, columns: Int)) -> OpCase {
      OpCase(name, [(rows, x), weight], operations: thin) { tensors, backend in
        {
          let y = Tensor(rows: rows, columns: x == width ? rank : width, on: backend)
          let segment = Segment(Weight(tensors[1]), tensors[0])
          backend.product(direction, [segment], bias: nil, accumulate: false, into: y)
          return [y]
        }
      }
    }
    func outer(_ name: String, _ left: Int, _ right: Int) -> OpCase {
      OpCase(name, [(rows, left), (rows, right)], operations: thin) { tensors, backend in
        {
          let g = Tensor.zeros(rows: left, columns: right, on: backend)
          backend.outer(tensors[0], tensors[1], scale: 0.5, into: g)
          return [g]
        }
      }
    }
    return [
      narrow("low rank x·Aᵀ", .forward, x: width, weight: (rank, width)),
      narrow("low rank dy·B", .backward, x: width, weight: (width, rank)),
      narrow("low rank dh·A", .backward, x: rank, weight: (rank, width)),
      outer("low rank dA", rank, width),
      outer("low rank dB", width, rank),
      riding(shape),
    ]
  }

  private static func riding(_ shape: OpShape) -> OpCase {
    let (rows, width, rank) = (shape.count, shape.width, shape.rank)
    return OpCase(
      "product with a pair", [(rows, width), (rows, rank), (width, rank), (1, width)],
      operations: 2 * Double(rows * width * (width + rank))
    ) { tensors, backend in
      let frozen = Weight.random(rows: width, columns: width, .q4_1).borrowed(by: backend)
      let segments = [Segment(frozen, tensors[0]), Segment(Weight(tensors[2]), tensors[1], scale: 2)]
      return {
        let y = Tensor(rows: rows, columns: width, on: backend)
        backend.product(.forward, segments, bias: tensors[3], accumulate: false, into: y)
        return [y]
      }
    }
  }
}

extension Weight {
  /// A weight of random bytes that decode to ordinary numbers: what the bits of a scale may be is bounded by a mask.
  static func random(rows: Int, columns: Int, _ format: WeightFormat) -> Weight {
    let byteCount = byteCount(rows: rows, columns: columns, format: format)!
    let storage = Storage(byteCount: byteCount, on: CPUBackend())
    var random = Random(seed: 2, stream: 9)
    if format == .f32 {
      let floats = storage.address.assumingMemoryBound(to: Float.self)
      for index in 0..<rows * columns { floats[index] = Float(random.normal()) }
    } else {
      let bytes = storage.address.assumingMemoryBound(to: UInt8.self)
      for index in 0..<byteCount { bytes[index] = UInt8(truncatingIfNeeded: random.next()) & 0xbb }
    }
    return Weight(rows: rows, columns: columns, format: format, storage: storage)
  }
}
