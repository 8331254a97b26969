/// How far numbers were off on held-out data: what decides how wide an interval has to be (split conformal prediction with
/// the score |y − ŷ|, for each target by itself).
public struct ConformalIntervals: Equatable, Sendable {
  /// The errors of each target.
  let errors: [OrderStatistics]

  init(errors: [OrderStatistics]) { self.errors = errors }

  /// Takes the errors of numbers that the training has not seen: a row for each text, with a number for each target.
  public init(gold: [[Double]], predicted: [[Double]]) {
    precondition(gold.count == predicted.count, "as many predictions as gold rows")
    errors = (gold.first ?? []).indices.map { target in
      OrderStatistics(zip(gold, predicted).map { abs($0[target] - $1[target]) })
    }
  }

  /// How many texts were held out.
  public var count: Int { errors.first?.count ?? 0 }

  /// By how much the interval of that coverage lies around a number, for each target; nil where there are too few texts
  /// for the coverage: then only all numbers have it.
  public func halfWidths(coverage: Double) -> [Double]? {
    let widths = errors.compactMap { $0.limit(coverage: coverage) }
    return widths.count == errors.count ? widths : nil
  }
}
