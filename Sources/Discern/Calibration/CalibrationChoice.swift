/// What a run does about its probabilities once it has dev data.
public enum CalibrationChoice: String, Sendable, CaseIterable, Codable {
  /// A temperature (for numbers: intervals), where there are texts or words enough to fit one.
  case auto
  case none, temperature, vector

  /// The fewest answers on dev that `auto` fits a temperature to.
  public static let fewestAnswers = 50

  /// What is fitted to so many answers of a task; nil for nothing.
  public func method(answers: Int, task: Dataset.Task = .sequence) -> Calibration.Method? {
    switch self {
    case .auto where answers < Self.fewestAnswers: nil
    case .auto: task == .regression ? .interval : .temperature
    case .none: nil
    case .temperature: .temperature
    case .vector: .vector
    }
  }
}
