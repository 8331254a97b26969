import CKernels
import Foundation
import Testing

extension KernelSuites {
  /// Kernels of rows.c and dropout.c against loops in double.
  @Suite struct RowsTests {
    // Shorter than a vector, whole vectors, and tails of every set.
    static let widths = [1, 3, 7, 16, 31, 64, 67, 576]

    @Test(arguments: widths) func addAndColumnSums(width: Int) {
      var random = Random(1)
      let rowCount = 5
      let x = random.floats(rowCount * width)
      let start = random.floats(rowCount * width)
      onEverySet { set in
        var sum = start
        dk_add(&sum, x, Int64(x.count))
        expectClose(sum, zip(start, x).map { Double($0) + Double($1) }, 1e-7, "sum")
        var columns = [Float](start[..<width])
        dk_column_sums(x, Int64(rowCount), Int64(width), &columns)
        expectClose(
          columns,
          (0..<width).map { c in
            (0..<rowCount).reduce(Double(start[c])) { $0 + Double(x[$1 * width + c]) }
          }, 1e-6, "column sums")
      }
    }

    @Test func gatherAndScatter() {
      var random = Random(2)
      let width = 37
      let x = random.floats(6 * width)
      let rows: [Int32] = [5, 0, 5, 3]
      onEverySet { set in
        var y = [Float](repeating: .nan, count: rows.count * width)
        dk_gather(x, Int64(width), rows, Int64(rows.count), &y)
        expectSame(y, rows.flatMap { x[Int($0) * width..<(Int($0) + 1) * width] }, "gathered")
        var dx = x
        dk_scatter_add(y, Int64(width), rows, Int64(rows.count), &dx)
        var wanted = x.doubles
        for (i, row) in rows.enumerated() {
          for c in 0..<width { wanted[Int(row) * width + c] += Double(y[i * width + c]) }
        }
        expectClose(dx, wanted, 1e-6, "scattered")
      }
    }

    @Test func embedding() {
      var random = Random(3)
      let width = 24
      let table = random.floats(10 * width)
      let ids: [Int32] = [9, 0, 4, 4]
      table.withUnsafeBytes { data in
        var weight = dk_weight_t(
          data: data.baseAddress, rows: 10, columns: Int64(width), row_bytes: Int64(width * 4),
          format: DK_F32)
        var y = [Float](repeating: .nan, count: ids.count * width)
        dk_embed(&weight, ids, Int64(ids.count), &y)
        expectSame(y, ids.flatMap { table[Int($0) * width..<(Int($0) + 1) * width] }, "rows")
      }
    }

    // MARK: RMSNorm

    func norm(_ x: [Double], _ weight: [Double], epsilon: Double) -> [Double] {
      let width = weight.count
      return stride(from: 0, to: x.count, by: width).flatMap { first in
        let row = x[first..<first + width]
        let inverse = 1 / (row.reduce(0) { $0 + $1 * $1 } / Double(width) + epsilon).squareRoot()
        return zip(row, weight).map { $0 * inverse * $1 }
      }
    }

    @Test(arguments: widths) func rmsNorm(width: Int) {
      var random = Random(4)
      let rowCount = width < 100 ? 3 : 1
      let epsilon: Float = 1e-5
      let x = random.floats(rowCount * width, range: 3)
      let weight = random.floats(width)
      let dy = random.floats(rowCount * width)
      let wanted = norm(x.doubles, weight.doubles, epsilon: Double(epsilon))
      let gradient = differences(
        of: { norm($0, weight.doubles, epsilon: Double(epsilon)) }, at: x.doubles, dy: dy.doubles)
      onEverySet { set in
        var y = [Float](repeating: .nan, count: x.count)
        var inverse = [Float](repeating: .nan, count: rowCount)
        dk_rms_norm(x, weight, Int64(rowCount), Int64(width), epsilon, &y, &inverse)
        expectClose(y, wanted, 1e-6, "y")
        var dx = [Float](repeating: .nan, count: x.count)
        dk_rms_norm_backward(dy, x, weight, inverse, Int64(rowCount), Int64(width), &dx)
        expectClose(dx, gradient, 1e-5, "dx")
        // In place.
        var both = dy
        both.withUnsafeMutableBufferPointer {
          dk_rms_norm_backward(
            $0.baseAddress, x, weight, inverse, Int64(rowCount), Int64(width), $0.baseAddress)
        }
        expectSame(both, dx, "dx over dy")
        // The last row alone.
        var alone = [Float](repeating: .nan, count: width)
        dk_rms_norm([Float](x.suffix(width)), weight, 1, Int64(width), epsilon, &alone, &inverse)
        expectSame(alone, [Float](y.suffix(width)), "a row alone")
      }
    }

    // MARK: SwiGLU

    func gated(_ gate: [Double], _ up: [Double]) -> [Double] {
      zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }
    }

    @Test(arguments: widths) func swiGLU(count: Int) {
      var random = Random(5)
      let gate = random.floats(count, range: 12)
      let up = random.floats(count, range: 2)
      let dy = random.floats(count)
      let wanted = gated(gate.doubles, up.doubles)
      // Elementwise: one difference for all elements at once.
      let h = 1e-5
      let above = gated(gate.map { Double($0) + h }, up.doubles)
      let below = gated(gate.map { Double($0) - h }, up.doubles)
      let wantedGate = (0..<count).map { Double(dy[$0]) * (above[$0] - below[$0]) / (2 * h) }
      let wantedUp = zip(gated(gate.doubles, up.map { _ in 1 }), dy).map { $0 * Double($1) }
      onEverySet { set in
        var y = [Float](repeating: .nan, count: count)
        dk_gated(gate, up, Int64(count), &y)
        expectClose(y, wanted, 1e-6, "y")
        var dGate = [Float](repeating: .nan, count: count)
        var dUp = dGate
        dk_gated_backward(gate, up, dy, Int64(count), &dGate, &dUp)
        expectClose(dGate, wantedGate, 1e-6, "dgate")
        expectClose(dUp, wantedUp, 1e-6, "dup")
        var over = dy
        var other = dy
        over.withUnsafeMutableBufferPointer {
          dk_gated_backward(gate, up, $0.baseAddress, Int64(count), $0.baseAddress, &other)
        }
        expectSame(over, dGate, "dgate over dy")
        over = dy
        over.withUnsafeMutableBufferPointer {
          dk_gated_backward(gate, up, $0.baseAddress, Int64(count), &other, $0.baseAddress)
        }
        expectSame(over, dUp, "dup over dy")
        // An element's bits do not depend on whether it lies in a tail.
        if count > 1 {
          var tail = [Float](repeating: .nan, count: count - 1)
          dk_gated([Float](gate.dropFirst()), [Float](up.dropFirst()), Int64(count - 1), &tail)
          expectSame(tail, [Float](y.dropFirst()), "y one further")
        }
      }
    }

    @Test func swiGLUAtTheEnds() {
      let gate: [Float] = [0, -0.0, 88, -88, 200, -200, 1e30, -1e30, .infinity, .nan]
      let ones = [Float](repeating: 1, count: gate.count)
      onEverySet { set in
        var y = ones
        dk_gated(gate, ones, Int64(gate.count), &y)
        #expect(y[9].isNaN)
        expectClose([Float](y[..<9]), [0, 0, 88, 0, 200, 0, 1e30, 0, .infinity], 1e-6, "y")
      }
    }

    // MARK: rotary positions

    @Test(arguments: [2, 12, 20, 28, 32, 64, 80]) func rope(headSize: Int) {
      var random = Random(6)
      let rowCount = 4
      let heads = 3
      let half = headSize / 2
      let positions: [Int32] = [7, 0, 3, 3]
      let angles = (0..<8 * half).map {
        Double($0 / half) * pow(10000, -Double($0 % half) / Double(half))
      }
      let cosine = angles.map { Float(cos($0)) }
      let sine = angles.map { Float(sin($0)) }
      let x = random.floats(rowCount * heads * headSize)
      var wanted = x.doubles
      for row in 0..<rowCount {
        for head in 0..<heads {
          for i in 0..<half {
            let at = (row * heads + head) * headSize + i
            let angle = angles[Int(positions[row]) * half + i]
            wanted[at] = Double(x[at]) * cos(angle) - Double(x[at + half]) * sin(angle)
            wanted[at + half] = Double(x[at + half]) * cos(angle) + Double(x[at]) * sin(angle)
          }
        }
      }
      onEverySet { set in
        var y = [Float](repeating: .nan, count: x.count)
        dk_rope(x, Int64(rowCount), Int64(heads), Int64(headSize), positions, cosine, sine, 0, &y)
        expectClose(y, wanted, 1e-6, "y")
        // A rotation's transpose is its inverse; in place.
        y.withUnsafeMutableBufferPointer {
          dk_rope(
            $0.baseAddress, Int64(rowCount), Int64(heads), Int64(headSize), positions, cosine, sine, 1,
            $0.baseAddress)
        }
        expectClose(y, x.doubles, 1e-6, "y rotated back")
      }
    }
  }
}
