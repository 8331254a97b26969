import CKernels
import Testing

/// One summand with its data, and the same sum done naively.
private struct Segment {
  let weight: RandomWeight
  let x: [Float]
  let stride: Int
  let scale: Float

  /// x has `padding` floats between its rows.
  init(
    _ format: dk_format_t, direction: dk_direction_t, rowCount: Int, depth: Int, outputs: Int, scale: Float = 1,
    padding: Int = 3, using random: inout Random
  ) {
    let forward = direction == DK_FORWARD
    weight = RandomWeight(format, rows: forward ? outputs : depth, columns: forward ? depth : outputs, using: &random)
    stride = depth + padding
    x = random.floats(max(1, rowCount * stride))
    self.scale = scale
  }

  func weightValue(_ direction: dk_direction_t, _ k: Int, _ output: Int) -> Double {
    let columns = Int(weight.view.columns)
    return Double(weight.values[direction == DK_FORWARD ? output * columns + k : k * columns + output])
  }
}

private struct Sum {
  var value = 0.0, magnitude = 0.0
}

private func naive(_ direction: dk_direction_t, _ segments: [Segment], rowCount: Int, outputs: Int) -> [Sum] {
  var sums = [Sum](repeating: Sum(), count: rowCount * outputs)
  for segment in segments {
    let depth = Int(direction == DK_FORWARD ? segment.weight.view.columns : segment.weight.view.rows)
    for k in 0..<depth {
      for output in 0..<outputs {
        let w = segment.weightValue(direction, k, output) * Double(segment.scale)
        for row in 0..<rowCount {
          let term = Double(segment.x[row * segment.stride + k]) * w
          sums[row * outputs + output].value += term
          sums[row * outputs + output].magnitude += abs(term)
        }
      }
    }
  }
  return sums
}

/// The kernel's result, with `padding` untouched floats between rows of y.
private func product(
  _ direction: dk_direction_t, _ segments: [Segment], rows: Range<Int>, outputs: Int, bias: [Float]? = nil,
  onto y: [Float]? = nil, splits: [Int] = [], padding: Int = 2
) -> [Float] {
  let stride = outputs + padding
  var result = [Float](repeating: 99, count: max(1, rows.count * stride))
  if let y { for i in 0..<rows.count * outputs { result[i / outputs * stride + i % outputs] = y[i] } }
  let scratch = Scratch()
  let pointers = segments.map { segment in
    let copy = UnsafeMutablePointer<Float>.allocate(capacity: segment.x.count)
    copy.initialize(from: segment.x, count: segment.x.count)
    return copy
  }
  defer { for pointer in pointers { pointer.deallocate() } }
  let raw = zip(segments, pointers).map { segment, x in
    dk_segment_t(
      weight: segment.weight.view, x: UnsafePointer(x + rows.lowerBound * segment.stride),
      x_stride: Int64(segment.stride), scale: segment.scale)
  }
  let cuts = [0] + splits + [outputs]
  for (first, last) in zip(cuts, cuts.dropFirst()) {
    dk_product(
      direction, raw, Int64(raw.count), Int64(rows.count), bias, &result, Int64(stride), y == nil ? 0 : 1,
      Int64(first), Int64(last), scratch.pointer)
  }
  for row in 0..<rows.count {
    #expect(result[row * stride + outputs..<(row + 1) * stride].allSatisfy { $0 == 99 }, "wrote beside a row")
  }
  return (0..<rows.count * outputs).map { result[$0 / outputs * stride + $0 % outputs] }
}

private func expectClose(_ y: [Float], _ expected: [Sum], _ comment: Comment) {
  let worst = zip(y, expected).map { abs(Double($0) - $1.value) / ($1.magnitude + 1e-30) }.max() ?? 0
  #expect(worst < 2e-6, comment)
}

private let directions = [DK_FORWARD, DK_BACKWARD]

extension KernelSuites {
  @Suite struct ProductTests {
    @Test(arguments: allFormats, directions) func everyFormat(format: dk_format_t, direction: dk_direction_t) {
      var random = Random(UInt64(format.rawValue))
      let depth = direction == DK_FORWARD ? 512 : 70
      let outputs = direction == DK_FORWARD ? 70 : 512
      let segments = [
        Segment(format, direction: direction, rowCount: 9, depth: depth, outputs: outputs, using: &random)
      ]
      let expected = naive(direction, segments, rowCount: 9, outputs: outputs)
      onEverySet { set in
        expectClose(product(direction, segments, rows: 0..<9, outputs: outputs), expected, "set \(set.rawValue)")
      }
    }

    /// Tails of every kind: widths that fill no vector, no panel, no step; one row and many.
    @Test(arguments: [1, 3, 5, 16, 31, 33, 150, 171, 391], directions)
    func oddSizes(size: Int, direction: dk_direction_t) {
      var random = Random(UInt64(size))
      for (rowCount, other, format) in [(1, 391, DK_F32), (6, 1, DK_F16), (15, 64, DK_F32), (29, 71, DK_BF16)] {
        for (depth, outputs) in [(size, other), (other, size)] {
          let segments = [
            Segment(
              format, direction: direction, rowCount: rowCount, depth: depth, outputs: outputs, scale: 0.5,
              using: &random)
          ]
          let expected = naive(direction, segments, rowCount: rowCount, outputs: outputs)
          onEverySet { set in
            expectClose(
              product(direction, segments, rows: 0..<rowCount, outputs: outputs), expected,
              "set \(set.rawValue) rowCount \(rowCount) depth \(depth) outputs \(outputs)")
          }
        }
      }
    }

    /// A frozen product with low-rank companions of several ranks; more of them than ride on one step.
    @Test(arguments: directions) func segmentsAddUp(direction: dk_direction_t) {
      var random = Random(3)
      let rowCount = 16
      let outputs = 96
      for ranks in [[1], [3, 5], [16], [64], [65], [40, 40, 40], [Int](repeating: 2, count: 11)] {
        var segments = [
          Segment(DK_Q4_1, direction: direction, rowCount: rowCount, depth: 320, outputs: outputs, using: &random)
        ]
        for rank in ranks {
          segments.append(
            Segment(
              DK_F32, direction: direction, rowCount: rowCount, depth: rank, outputs: outputs, scale: 2, using: &random)
          )
        }
        segments.append(
          Segment(DK_BF16, direction: direction, rowCount: rowCount, depth: 256, outputs: outputs, using: &random))
        let expected = naive(direction, segments, rowCount: rowCount, outputs: outputs)
        onEverySet { set in
          expectClose(
            product(direction, segments, rows: 0..<rowCount, outputs: outputs), expected, "set \(set.rawValue) \(ranks)"
          )
        }
      }
    }

    @Test(arguments: directions) func biasAndAccumulation(direction: dk_direction_t) {
      var random = Random(4)
      let rowCount = 19
      let outputs = 97
      let segments = [
        Segment(DK_F32, direction: direction, rowCount: rowCount, depth: 300, outputs: outputs, using: &random)
      ]
      let bias = random.floats(outputs)
      let y = random.floats(rowCount * outputs)
      for (withBias, onto) in [(true, false), (false, true), (true, true)] {
        var expected = naive(direction, segments, rowCount: rowCount, outputs: outputs)
        for i in expected.indices {
          if withBias { expected[i].value += Double(bias[i % outputs]) }
          if onto { expected[i].value += Double(y[i]) }
          expected[i].magnitude += 2
        }
        onEverySet { set in
          expectClose(
            product(
              direction, segments, rows: 0..<rowCount, outputs: outputs, bias: withBias ? bias : nil,
              onto: onto ? y : nil),
            expected, "set \(set.rawValue) bias \(withBias) accumulate \(onto)")
        }
      }
    }

    /// A row's bits are the same alone, among any number of rows, and at any place among them.
    @Test(arguments: [DK_F32, DK_BF16, DK_Q8_0], directions)
    func bitsDependOnTheRowAlone(format: dk_format_t, direction: dk_direction_t) {
      var random = Random(5)
      let rowCount = 61
      let outputs = 352
      let segments = [
        Segment(format, direction: direction, rowCount: rowCount, depth: 608, outputs: outputs, using: &random),
        Segment(
          DK_F32, direction: direction, rowCount: rowCount, depth: 12, outputs: outputs, scale: 2, using: &random),
      ]
      let bias = random.floats(outputs)
      onEverySet { set in
        let whole = product(direction, segments, rows: 0..<rowCount, outputs: outputs, bias: bias)
        for count in 1...30 {
          let first = Int.random(in: 0...rowCount - count, using: &random)
          let part = product(direction, segments, rows: first..<first + count, outputs: outputs, bias: bias)
          #expect(part == Array(whole[first * outputs..<(first + count) * outputs]), "set \(set.rawValue) \(count)")
        }
      }
    }

    @Test(arguments: [DK_F16, DK_Q4_1], directions)
    func splitOutputsGiveTheSameBits(format: dk_format_t, direction: dk_direction_t) {
      var random = Random(6)
      let panel = Int(dk_product_panel())
      let outputs = 32 * 21 - (format == DK_F16 ? 7 : 0)
      let segments = [
        Segment(format, direction: direction, rowCount: 20, depth: 320, outputs: outputs, using: &random),
        Segment(DK_F32, direction: direction, rowCount: 20, depth: 5, outputs: outputs, using: &random),
      ]
      onEverySet { set in
        let whole = product(direction, segments, rows: 0..<20, outputs: outputs)
        for cuts in [[panel], [5 * panel, 6 * panel], [20 * panel], [8 * panel, 16 * panel, 17 * panel]] {
          let split = product(direction, segments, rows: 0..<20, outputs: outputs, splits: cuts)
          #expect(split == whole, "set \(set.rawValue) \(cuts)")
        }
      }
    }

    @Test func noRowsWriteNothing() {
      var random = Random(7)
      let segments = [Segment(DK_F32, direction: DK_FORWARD, rowCount: 0, depth: 8, outputs: 8, using: &random)]
      onEverySet { _ in #expect(product(DK_FORWARD, segments, rows: 0..<0, outputs: 8).isEmpty) }
    }

    @Test(arguments: [(1, 576), (3, 150), (8, 33), (12, 576), (32, 65), (64, 40), (15, 15), (1, 1)], [0, 1, 30, 260])
    func outerProducts(shape: (Int, Int), rowCount: Int) {
      var random = Random(8)
      for (rows, columns) in [shape, (shape.1, shape.0)] {
        let a = random.floats(max(1, rowCount * (rows + 1)))
        let b = random.floats(max(1, rowCount * (columns + 2)))
        let start = random.floats(rows * columns)
        var expected = start.map { Sum(value: Double($0), magnitude: abs(Double($0))) }
        for m in 0..<rowCount {
          for i in 0..<rows * columns {
            let term = 2 * Double(a[m * (rows + 1) + i / columns]) * Double(b[m * (columns + 2) + i % columns])
            expected[i].value += term
            expected[i].magnitude += abs(term)
          }
        }
        let scratch = Scratch()
        onEverySet { set in
          var g = start
          dk_outer(
            a, Int64(rows + 1), Int64(rows), b, Int64(columns + 2), Int64(columns), Int64(rowCount), 2, &g,
            Int64(columns),
            scratch.pointer)
          expectClose(g, expected, "set \(set.rawValue) \(rows) × \(columns)")
        }
      }
    }
  }
}
