import Testing

extension Random {
  /// Floats evenly spread over -range ... range.
  mutating func floats(_ count: Int, range: Float) -> [Float] {
    floats(count).map { $0 * range }
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
