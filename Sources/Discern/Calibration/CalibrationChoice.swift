/// What a run does about its probabilities once it has dev data.
public enum CalibrationChoice: String, Sendable, CaseIterable, Codable {
  /// A temperature, where there are answers enough to fit one.
  case auto
  case none, temperature, vector

  /// The fewest answers on dev that `auto` fits a temperature to.
  public static let fewestAnswers = 50

  /// What is fitted to so many answers; nil for nothing.
  public func method(answers: Int) -> Calibration.Method? {
    switch self {
    case .auto: answers >= Self.fewestAnswers ? .temperature : nil
    case .none: nil
    case .temperature: .temperature
    case .vector: .vector
    }
  }
}
