import CKernels
import TestSupport
import Testing

@testable import Compute

extension KernelSuites {
  /// Every kernel of a backend, on every instruction set, beside plain loops in float64.
  @Suite struct OpTableTests {
    @Test(arguments: OpCase.all(.small)) func agreesWithTheOracle(op: OpCase) {
      let oracle = ReferenceBackend()
      let wanted = op.prepare(op.randomInputs(on: oracle), oracle)().map(\.values)
      let backend = CPUBackend()
      onEverySet { set in
        let found = op.prepare(op.randomInputs(on: backend), backend)().map(\.values)
        guard let tolerance = op.tolerance else { return }
        #expect(found.count == wanted.count)
        for (found, wanted) in zip(found, wanted) {
          #expect(distance(found, wanted) <= tolerance, "\(op), set \(set.rawValue)")
        }
      }
    }

    /// A row's name is its address in the table of measurements.
    @Test func namesDiffer() {
      let names = OpCase.all(.small).map(\.name)
      #expect(names.count > 60 && Set(names).count == names.count)
    }

    private func distance(_ found: [Float], _ wanted: [Float]) -> Double {
      guard found.count == wanted.count else { return .infinity }
      let difference = zip(found.doubles, wanted.doubles).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let size = wanted.doubles.reduce(0) { $0 + $1 * $1 }
      return (difference / max(size, 1e-30)).squareRoot()
    }
  }
}
