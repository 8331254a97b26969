/// How often checkpoints are written and how many are kept. It has no influence on what is trained.
public struct CheckpointPlan: Equatable, Sendable {
  /// When the next one is due.
  public enum Interval: Equatable, Sendable {
    case steps(Int)
    case seconds(Double)
  }

  /// How many are kept; 0: none are written.
  public var kept = 2
  /// Between two evaluations; after an evaluation one is written anyway, unless writing would take much of the time.
  public var every = Interval.seconds(300)

  /// Two checkpoints, every five minutes.
  public init() {}

  /// A share of the run's time that writing after evaluations may take.
  static let evaluationShare = 0.02
}

extension CheckpointPlan.Interval {
  /// Reads `500` (steps), `30s`, `10m` or `1h`; nil for anything else.
  public init?(_ text: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    if let steps = Int(text) {
      guard steps > 0 else { return nil }
      self = .steps(steps)
    } else if let unit = text.last.flatMap({ units[$0] }), let count = Double(text.dropLast()),
      count > 0, count.isFinite
    {
      self = .seconds(count * unit)
    } else {
      return nil
    }
  }
}
