import CKernels
import Foundation
import Testing

extension KernelSuites {
  @Suite struct LossTests {
    // MARK: pooling

    static let kinds = [DK_POOL_LAST, DK_POOL_FIRST, DK_POOL_MEAN, DK_POOL_MAX]

    func pool(_ kind: dk_pooling_t, _ x: [Double], width: Int, starts: [Int32]) -> [Double] {
      zip(starts, starts.dropFirst()).flatMap { first, last in
        (0..<width).map { c in
          let column = (Int(first)..<Int(last)).map { x[$0 * width + c] }
          return switch kind {
          case DK_POOL_LAST: column.last!
          case DK_POOL_FIRST: column.first!
          case DK_POOL_MEAN: column.reduce(0, +) / Double(column.count)
          default: column.max()!
          }
        }
      }
    }

    @Test(arguments: 0..<4) func pooling(kind: Int) {
      let kind = Self.kinds[kind]
      var random = Random(1)
      let width = 21
      let starts: [Int32] = [0, 1, 6, 14]
      let x = random.floats(14 * width)
      let dy = random.floats(3 * width)
      let wanted = pool(kind, x.doubles, width: width, starts: starts)
      let gradient = differences(
        of: { pool(kind, $0, width: width, starts: starts) }, at: x.doubles, dy: dy.doubles)
      onEverySet { set in
        var y = [Float](repeating: .nan, count: 3 * width)
        var argmax = [Int32](repeating: -1, count: 3 * width)
        dk_pool(kind, x, Int64(width), starts, 3, &y, &argmax)
        expectClose(y, wanted, 1e-6, "y")
        var dx = [Float](repeating: .nan, count: x.count)
        dk_pool_backward(kind, dy, Int64(width), starts, 3, argmax, &dx)
        expectClose(dx, gradient, 1e-6, "dx")
      }
    }

    @Test func firstOfEqualsWins() {
      var y: [Float] = [0, 0]
      var argmax: [Int32] = [-1, -1]
      dk_pool(DK_POOL_MAX, [1, 2, 3, 2, 3, .nan], 2, [0, 3], 1, &y, &argmax)
      #expect(y[0] == 3 && argmax == [1, 2])
      #expect(y[1].isNaN)
    }

    // MARK: cross-entropy

    func loss(_ logits: [Double], _ labels: [Int32], classes: Int, weight: Double) -> Double {
      labels.enumerated().reduce(0) { sum, item in
        guard item.element >= 0 else { return sum }
        let row = logits[item.offset * classes..<(item.offset + 1) * classes]
        let most = row.max()!
        let logSum = most + log(row.reduce(0) { $0 + exp($1 - most) })
        return sum + weight * (logSum - row[row.startIndex + Int(item.element)])
      }
    }

    @Test(arguments: [1, 2, 5, 16, 33, 300]) func crossEntropy(classes: Int) {
      var random = Random(2)
      let rowCount = 4
      let logits = random.floats(rowCount * classes, range: 6)
      let labels: [Int32] = [0, Int32(classes - 1), -100, Int32(classes / 2)]
      let weight: Float = 1.0 / 3
      let wanted = loss(logits.doubles, labels, classes: classes, weight: Double(weight))
      let gradient = differences(
        of: { [loss($0, labels, classes: classes, weight: Double(weight))] }, at: logits.doubles,
        dy: [1])
      onEverySet { set in
        var d = [Float](repeating: .nan, count: logits.count)
        let found = dk_cross_entropy(logits, labels, Int64(rowCount), Int64(classes), weight, &d)
        #expect(abs(found - wanted) < 1e-6 * max(1, wanted))
        expectClose(d, gradient, 1e-6, "dlogits")
        #expect(d[2 * classes..<3 * classes].allSatisfy { $0 == 0 })
        #expect(dk_cross_entropy(logits, labels, Int64(rowCount), Int64(classes), weight, nil) == found)
        var over = logits
        let again = over.withUnsafeMutableBufferPointer {
          dk_cross_entropy($0.baseAddress, labels, Int64(rowCount), Int64(classes), weight, $0.baseAddress)
        }
        #expect(again == found)
        expectSame(over, d, "dlogits over logits")
      }
    }

    /// 50,000 classes and logits far from zero: the loss keeps its digits.
    @Test func crossEntropyOfAVocabulary() {
      var random = Random(3)
      let classes = 50_000
      let logits = random.floats(classes, range: 8).map { $0 + 1000 }
      let wanted = loss(logits.doubles, [77], classes: classes, weight: 1)
      onEverySet { set in
        #expect(abs(dk_cross_entropy(logits, [77], 1, Int64(classes), 1, nil) - wanted) < 1e-6)
      }
    }

    @Test func crossEntropyAtTheEnds() {
      onEverySet { set in
        var d: [Float] = [0, 0]
        // Certain and right: the loss is e^-90 and not negative.
        #expect(dk_cross_entropy([90, 0], [0], 1, 2, 1, &d) >= 0)
        #expect(d == [0, 0])
        // Certain and wrong.
        #expect(dk_cross_entropy([-3e4, 3e4], [0], 1, 2, 1, &d) == 6e4)
        #expect(d == [-1, 1])
        // NaN is not hidden.
        #expect(dk_cross_entropy([.nan, 1], [1], 1, 2, 1, nil).isNaN)
        #expect(dk_cross_entropy([1, .nan], [0], 1, 2, 1, nil).isNaN)
      }
    }

    /// The exponential itself, from 1 down to where it would be subnormal, relative to its value.
    @Test func exponentials() {
      let x = (0...50_000).map { -Float($0) / 573 } + [-88, -1000, -.infinity]
      let sum = x.reduce(0) { $0 + exp(Double($1)) }
      onEverySet { set in
        var y = [Float](repeating: .nan, count: x.count)
        // Beside the wanted class the gradient is the probability.
        _ = dk_cross_entropy(x, [0], 1, Int64(x.count), 1, &y)
        let worst = zip(x, y).dropFirst().dropLast(3).map { abs(Double($1) * sum / exp(Double($0)) - 1) }
          .enumerated().filter { x[$0.offset + 1] > -80 }.map(\.element).max()!
        #expect(worst < 3e-7)
        #expect(y.suffix(3).allSatisfy { $0 == 0 })
      }
    }
  }
}
