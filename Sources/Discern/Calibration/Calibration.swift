import Compute
import Formats

/// How the probabilities of an adapter are brought to match shares, and what of them can be promised.
///
/// Each label's logit is multiplied by a positive number and, where the head has a bias, shifted. Both go into the head,
/// so that whatever runs the model is calibrated.
public struct Calibration: Equatable, Sendable {
  /// What is fitted.
  public enum Method: String, CaseIterable, Sendable {
    /// One number for all labels; the answers stay the same.
    case temperature
    /// A number for each label (and a shift, where the head has a bias); answers may change.
    case vector
    /// For numbers, which have no probabilities: nothing is scaled, and errors say how wide intervals have to be.
    case interval
  }

  /// How good probabilities are, the factors not having seen the texts.
  public struct Quality: Equatable, Sendable {
    public var logLoss: Double
    /// Expected calibration error, 15 bins of equal width.
    public var error: Double
  }

  /// What was fitted.
  public var method: Method
  /// By what each label's logit is multiplied, and what is added to it.
  public var scaling: LogitScaling
  /// The data it was fitted on.
  public var data: String
  /// How many texts.
  public var fitted: Int
  /// On these texts, as trained, and with the factors of the half that a text is not in.
  /// Numbers have none.
  public var before: Quality?, after: Quality?
  /// From which probability on answers reach a precision.
  public var thresholds: PrecisionThresholds
  /// How large sets of labels have to be, where a text has one.
  public var conformal: ConformalScores?
  /// How wide intervals of numbers have to be.
  public var intervals: ConformalIntervals?

  /// The temperature, where it is one number for all.
  public var temperature: Double? { method == .temperature ? scaling.scales.first.map { 1 / $0 } : nil }

  /// Logits as calibrated.
  public func applied(_ logits: [Float]) -> [Float] { scaling.applied(logits) }
}

extension Adapter {
  /// The adapter with the calibration in its head: a head is linear, and its poolings (mean, maximum, choice of a token)
  /// commute with positive factors.
  func calibrated(by calibration: Calibration) -> Adapter {
    precondition(calibration.scaling.scales.count == labels.count, "a scale for each label")
    var values: [String: Tensor] = [:]
    for parameter in parameters { values[parameter.name] = parameter.value }
    let weight = head.weight.value
    let scaled = weight.values.enumerated().map { index, value in
      Float(calibration.scaling.scales[index / weight.columns] * Double(value))
    }
    values[PEFT.headWeight] = Tensor(scaled, rows: weight.rows, columns: weight.columns, on: weight.backend)
    if let bias = head.bias?.value {
      values[PEFT.headBias] = Tensor(
        calibration.applied(bias.values), rows: 1, columns: bias.columns, on: bias.backend)
    }
    if let transitions = transitions?.value {
      // The factor of a field is one for all: a path's score is the sum of both.
      let factor = calibration.scaling.scales[0]
      values[Adapter.transitionsName] = Tensor(
        transitions.values.map { Float(factor * Double($0)) }, rows: transitions.rows, columns: transitions.columns,
        on: transitions.backend)
    }
    let layers = (pairs.keys.map(\.layer).max() ?? -1) + 1
    var adapter = Adapter(recipe, labels: labels, values: values, layers: layers) { self.pairs[$0]!.scale }
    adapter.hasPlainTags = hasPlainTags
    return adapter
  }
}
