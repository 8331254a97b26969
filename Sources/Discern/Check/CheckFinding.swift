/// Something that a check found in data: how bad it is, where it stands, and what can be done.
public struct CheckFinding: Equatable, Sendable {
  /// How bad it is.
  public enum Severity: String, Comparable, Sendable {
    /// Worth knowing.
    case note
    /// It costs quality, or it is a fault that a human must judge.
    case warning
    /// The data cannot be used as it is, or scores on it would be false.
    case error

    public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }

    private var rank: Int {
      switch self {
      case .note: 0
      case .warning: 1
      case .error: 2
      }
    }
  }

  /// How bad it is.
  public var severity: Severity
  /// A fixed name for machines.
  public var code: String
  /// The part of the data concerned: train, dev or test.
  public var part: String
  /// How many rows, texts, tags or labels are concerned.
  public var count: Int
  /// What was found.
  public var message: String
  /// What can be done about it.
  public var remedy: String
  /// The first places.
  public var places: [String] = []
}
