/// Ten classes of equal counts for each target of a regression, so that numbers can be dealt out as labels are.
///
/// Equal numbers are in one class; where many are equal, classes are fewer.
struct QuantileStrata {
  /// For each target the numbers with which its classes begin, but for the first.
  private let bounds: [[Double]]

  private static let classes = 10

  init(_ examples: some Sequence<Example>) {
    let rows = examples.map(\.values).filter { !$0.isEmpty }
    bounds = (rows.first ?? []).indices.map { target in
      let sorted = rows.map { $0[target] }.sorted()
      let starts = (1..<Self.classes).map { sorted[$0 * sorted.count / Self.classes] }
      return Set(starts).subtracting(sorted.prefix(1)).sorted()
    }
  }

  /// The class of each of a row's numbers, by the target's position.
  func labels(of values: [Double]) -> [String] {
    zip(values, bounds).enumerated().map { target, entry in
      "\(target):\(entry.1.count { $0 <= entry.0 })"
    }
  }
}
