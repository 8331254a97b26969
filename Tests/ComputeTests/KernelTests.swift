import CKernels
import Testing

/// The suites that force an instruction set. One after the other: the set belongs to the process.
@Suite(.serialized) enum KernelTests {}

/// Runs the body under every instruction set that this machine has, and leaves the best one in force.
func onEverySet(_ body: (dk_isa_t) throws -> Void) rethrows {
  for set in [DK_ISA_GENERIC, DK_ISA_AVX2, DK_ISA_AVX512] where dk_isa_force(set) != 0 {
    try body(set)
  }
  _ = dk_isa_force(dk_isa_best())
}

/// Numbers that are the same in every run (SplitMix64).
struct Numbers {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Floats evenly spread over -range ..< range.
  mutating func floats(_ count: Int, range: Float = 1) -> [Float] {
    (0..<count).map { _ in (Float(next() >> 40) / 8_388_608 - 1) * range }
  }
}

extension [Float] {
  var doubles: [Double] { map(Double.init) }
}

/// Expects every value to be within `tolerance` of the wanted one, relative to it or, below 1, absolute.
func expectClose(
  _ found: [Float], _ wanted: [Double], _ tolerance: Double, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == wanted.count, sourceLocation: sourceLocation)
  for (i, (f, w)) in zip(found, wanted).enumerated()
  where Double(f) != w && !(abs(Double(f) - w) <= tolerance * max(1, abs(w))) {
    Issue.record("\(what)[\(i)] is \(f), not \(w)", sourceLocation: sourceLocation)
    return
  }
}

/// Expects the same bits.
func expectSame(
  _ found: [Float], _ wanted: [Float], _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(
    found.map(\.bitPattern) == wanted.map(\.bitPattern), "\(what) differs in bits",
    sourceLocation: sourceLocation)
}

/// The gradient of Σ dy · f(x) by central differences.
func differences(of f: ([Double]) -> [Double], at x: [Double], dy: [Double]) -> [Double] {
  let h = 1e-5
  var moved = x
  return x.indices.map { i in
    moved[i] = x[i] + h
    let above = f(moved)
    moved[i] = x[i] - h
    let below = f(moved)
    moved[i] = x[i]
    return dy.indices.reduce(0) { $0 + dy[$1] * (above[$1] - below[$1]) } / (2 * h)
  }
}
