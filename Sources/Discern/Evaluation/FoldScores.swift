import Formats

/// The metrics of each fold, with their mean and their standard deviation over the folds.
public struct FoldScores: Sendable {
  /// The headline metrics of each fold, in order.
  public private(set) var folds: [[(name: String, value: Double)]] = []

  /// Nothing yet.
  public init() {}

  /// Adds the metrics of the next fold; each fold has the same ones.
  public mutating func add(_ summary: [(name: String, value: Double)]) {
    precondition(folds.isEmpty || folds[0].map(\.name) == summary.map(\.name), "the same metrics in each fold")
    folds.append(summary)
  }

  /// A metric over all folds.
  public struct Score: Equatable, Sendable {
    public var name: String
    public var values: [Double]
    public var mean: Double
    /// The standard deviation of a sample (the sum of squares divided by one less than the folds).
    public var deviation: Double
  }

  /// Each metric, in the order in which the folds have them.
  public var scores: [Score] {
    (folds.first ?? []).indices.map { index in
      let values = folds.map { $0[index].value }
      let mean = values.reduce(0, +) / Double(values.count)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return Score(
        name: folds[0][index].name, values: values, mean: mean,
        deviation: (squares / Double(max(values.count - 1, 1))).squareRoot())
    }
  }

  /// A line for each metric: mean, deviation, and its value in each fold.
  public var table: String {
    var table = TextTable(["metric", "mean", "deviation"] + folds.indices.map { "fold \($0 + 1)" })
    for score in scores {
      table.append([score.name] + ([score.mean, score.deviation] + score.values).map { $0.fixed(4) })
    }
    return table.text
  }

  /// The same for machines.
  public var json: JSON {
    var object = JSONObject()
    for score in scores {
      object[score.name] = [
        "mean": .number(score.mean), "deviation": .number(score.deviation),
        "values": .array(score.values.map { .number($0) }),
      ]
    }
    return .object(object)
  }
}
