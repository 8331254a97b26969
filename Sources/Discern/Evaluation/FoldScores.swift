import Formats

/// The metrics of each fold, with their mean and their standard deviation over the folds.
public struct FoldScores: Sendable {
  /// The headline metrics of each fold, in order.
  public private(set) var folds: [[(name: String, value: Double)]] = []

  /// Nothing yet.
  public init() {}

  /// Adds the metrics of the next fold; one that is not defined on its data is left out.
  public mutating func add(_ summary: [(name: String, value: Double)]) { folds.append(summary) }

  /// A metric over all folds.
  public struct Score: Equatable, Sendable {
    public var name: String
    /// The value in each fold; nil where it is not defined.
    public var values: [Double?]
    /// The mean of those that are defined.
    public var mean: Double
    /// The standard deviation of a sample (the sum of squares divided by one less than the values); nil of one value.
    public var deviation: Double?
  }

  /// Each metric that any fold has, in the order in which they first occur.
  public var scores: [Score] {
    var names: [String] = []
    for (name, _) in folds.joined() where !names.contains(name) { names.append(name) }
    return names.map { name in
      let values = folds.map { fold in fold.first { $0.name == name }?.value }
      let defined = values.compactMap(\.self)
      let mean = defined.reduce(0, +) / Double(defined.count)
      let squares = defined.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return Score(
        name: name, values: values, mean: mean,
        deviation: defined.count < 2 ? nil : (squares / Double(defined.count - 1)).squareRoot())
    }
  }

  /// A line for each metric: mean, deviation, and its value in each fold; `-` where there is none.
  public var table: String {
    var table = TextTable(["metric", "mean", "deviation"] + folds.indices.map { "fold \($0 + 1)" })
    for score in scores {
      table.append([score.name] + ([score.mean, score.deviation] + score.values).map { $0?.fixed(4) ?? "-" })
    }
    return table.text
  }

  /// The same for machines.
  public var json: JSON {
    var object = JSONObject()
    for score in scores {
      object[score.name] = [
        "mean": .number(score.mean), "deviation": score.deviation.map { .number($0) } ?? .null,
        "values": .array(score.values.map { value in value.map { .number($0) } ?? .null }),
      ]
    }
    return .object(object)
  }
}
