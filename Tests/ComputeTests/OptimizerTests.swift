import CKernels
import Foundation
import Testing

extension KernelSuites {
  @Suite struct OptimizerTests {
    @Test(arguments: [0, 1, 15, 16, 17, 1000, 4099]) func sumOfSquares(count: Int) {
      var random = Random(1)
      let x = random.floats(count, range: 100)
      let wanted = x.reduce(0) { $0 + Double($1) * Double($1) }
      var sums: Set<Double> = []
      onEverySet { set in
        let sum = dk_sum_squares(x, Int64(count))
        #expect(abs(sum - wanted) <= 1e-14 * wanted)
        sums.insert(sum)
      }
      #expect(sums.count == 1, "the same bits on every set")
    }

    @Test(arguments: [1, 5, 16, 67]) func adamW(count: Int) {
      var random = Random(2)
      let start = random.floats(count)
      let gradients = (0..<5).map { _ in random.floats(count, range: 0.01) }
      let rate: Float = 2e-3
      let beta1: Float = 0.9
      let beta2: Float = 0.999
      let epsilon: Float = 1e-8
      let decay: Float = 0.1
      let scale: Float = 0.5

      var p = start.doubles
      var m = p.map { _ in 0.0 }
      var v = m
      for (index, gradient) in gradients.enumerated() {
        let step = Double(index + 1)
        for i in 0..<count {
          let g = Double(gradient[i]) * Double(scale)
          p[i] -= Double(rate) * Double(decay) * p[i]
          m[i] = Double(beta1) * m[i] + (1 - Double(beta1)) * g
          v[i] = Double(beta2) * v[i] + (1 - Double(beta2)) * g * g
          let unbiased = (v[i] / (1 - pow(Double(beta2), step))).squareRoot()
          p[i] -=
            Double(rate) / (1 - pow(Double(beta1), step)) * m[i] / (unbiased + Double(epsilon))
        }
      }

      onEverySet { set in
        var parameter = start
        var first = [Float](repeating: 0, count: count)
        var second = first
        for (index, gradient) in gradients.enumerated() {
          dk_adamw(
            &parameter, gradient, &first, &second, Int64(count), scale, rate, beta1, beta2, epsilon,
            decay, Int64(index + 1))
        }
        expectClose(parameter, p, 5e-7, "parameter")
        expectClose(first.map { $0 * 1e3 }, m.map { $0 * 1e3 }, 1e-6, "m")
        expectClose(second.map { $0 * 1e6 }, v.map { $0 * 1e6 }, 1e-6, "v")
      }
    }

    /// A gradient of zero leaves the parameter but for its decay.
    @Test func zeroGradient() {
      onEverySet { set in
        var p: [Float] = [1, -2, 0]
        var m: [Float] = [0, 0, 0]
        var v = m
        dk_adamw(&p, [0, 0, 0], &m, &v, 3, 1, 0.5, 0.9, 0.999, 1e-8, 0.5, 1)
        #expect(p == [0.75, -1.5, 0])
        #expect(m == [0, 0, 0] && v == [0, 0, 0])
      }
    }
  }
}
