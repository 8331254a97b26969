/// How well numbers were predicted, for each target and on average.
public struct RegressionMetrics: Equatable, Sendable {
  /// The scores of one target, or their means.
  public struct Target: Equatable, Sendable {
    /// The target's name.
    public var name: String
    /// Mean squared error.
    public var squaredError: Double
    /// Mean absolute error.
    public var absoluteError: Double
    /// Coefficient of determination; `nil` with fewer than two examples or where the target never varies.
    public var r2: Double?
    /// Correlation of the values; `nil` where gold or predicted values never vary.
    public var pearson: Double?
    /// Correlation of their ranks, equal values sharing the mean of theirs; `nil` as above.
    public var spearman: Double?
  }

  /// How many examples there are.
  public let count: Int
  /// The scores of each target.
  public let targets: [Target]
  /// The means over the targets; a score that one of them lacks is `nil`.
  public let mean: Target

  /// Compares numbers; each row has one for each target. Rows that do not agree are a programmer error.
  public init(gold: [[Double]], predicted: [[Double]], targets labels: LabelSet) {
    precondition(gold.count == predicted.count, "as many predictions as examples are needed")
    count = gold.count
    targets = labels.names.enumerated().map { index, name in
      Target(name: name, gold: gold.map { $0[index] }, predicted: predicted.map { $0[index] })
    }
    mean = Target(meanOf: targets)
  }
}

extension RegressionMetrics.Target {
  fileprivate init(name: String, gold: [Double], predicted: [Double]) {
    self.name = name
    let errors = zip(gold, predicted).map { $0 - $1 }
    squaredError = Self.mean(errors.map { $0 * $0 })
    absoluteError = Self.mean(errors.map(abs))
    let center = Self.mean(gold)
    let spread = Self.mean(gold.map { ($0 - center) * ($0 - center) })
    r2 = gold.count < 2 || spread == 0 ? nil : 1 - squaredError / spread
    pearson = Self.correlation(gold, predicted)
    spearman = Self.correlation(Self.ranks(gold), Self.ranks(predicted))
  }

  fileprivate init(meanOf targets: [Self]) {
    func mean(_ score: (Self) -> Double?) -> Double? {
      let values = targets.compactMap(score)
      return values.count == targets.count ? Self.mean(values) : nil
    }
    self.init(
      name: "mean", squaredError: mean(\.squaredError) ?? 0, absoluteError: mean(\.absoluteError) ?? 0,
      r2: mean(\.r2), pearson: mean(\.pearson), spearman: mean(\.spearman))
  }

  private static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  private static func correlation(_ x: [Double], _ y: [Double]) -> Double? {
    let (meanX, meanY) = (mean(x), mean(y))
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (x, y) in zip(x, y) {
      xx += (x - meanX) * (x - meanX)
      yy += (y - meanY) * (y - meanY)
      xy += (x - meanX) * (y - meanY)
    }
    return xx == 0 || yy == 0 ? nil : max(-1, min(1, xy / (xx.squareRoot() * yy.squareRoot())))
  }

  /// Ranks from 1; equal values share the mean of theirs.
  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = [Double](repeating: 0, count: values.count)
    var first = 0
    while first < order.count {
      var last = first
      while last + 1 < order.count, values[order[last + 1]] == values[order[first]] { last += 1 }
      for index in first...last { ranks[order[index]] = Double(first + last) / 2 + 1 }
      first = last + 1
    }
    return ranks
  }
}
