import CKernels
import Compute
import Testing

extension KernelSuites {
  @Suite struct SymmetricInverseTests {
    /// xᵀ·x plus something on the diagonal.
    private func matrix(_ order: Int, using random: inout Random) -> [Double] {
      let x = (0..<2 * order * order).map { _ in Double.random(in: -1...1, using: &random) }
      return (0..<order * order).map { index in
        let (row, column) = (index / order, index % order)
        let product = (0..<2 * order).reduce(0.0) { $0 + x[$1 * order + row] * x[$1 * order + column] }
        return product + (row == column ? 0.1 : 0)
      }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 8, 16, 31, 37, 64, 97]) func productWithTheMatrixIsOne(order: Int) {
      var random = Random(UInt64(order))
      let a = matrix(order, using: &random)
      var inverse = SymmetricInverse(order: order)
      onEverySet { set in
        let b = inverse(a)!
        for row in 0..<order {
          for column in 0..<order {
            let product = (0..<order).reduce(0.0) { $0 + a[row * order + $1] * b[$1 * order + column] }
            #expect(abs(product - (row == column ? 1 : 0)) < 1e-9, "\(set) \(row) \(column)")
            #expect(b[row * order + column] == b[column * order + row])
          }
        }
      }
    }

    @Test func whatIsNotPositiveDefiniteIsRefused() {
      var inverse = SymmetricInverse(order: 2)
      onEverySet { _ in
        #expect(inverse([1, 2, 2, 1]) == nil)
        #expect(inverse([.nan, 0, 0, 1]) == nil)
        #expect(zip(inverse([2, 0, 0, 4])!, [0.5, 0, 0, 0.25]).allSatisfy { abs($0 - $1) < 1e-15 })
      }
    }
  }
}
