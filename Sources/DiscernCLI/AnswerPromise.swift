import ArgumentParser
import Discern
import Formats

/// What answers have to keep: a precision, for which some are withheld, or a coverage, for which sets or
/// intervals are given.
enum AnswerPromise {
  case none
  case precision(Double, PrecisionThresholds, limits: [JSONString: Double])
  case coverage(Double, ConformalScores)
  case intervals(Double, ConformalIntervals)

  /// What stands in a line in place of a label that is withheld.
  static let abstention = "abstain"

  /// Whether an answer of that class and probability is not given.
  func withholds(_ name: String, _ probability: Double) -> Bool {
    guard case .precision(_, _, let limits) = self else { return false }
    return limits[JSONString(name)].map { probability < $0 } ?? true
  }

  /// What the promise means for users, where it cannot mean what they expect.
  var note: String? {
    switch self {
    case .none: return nil
    case .precision(let precision, let thresholds, _):
      let never = thresholds.classes.indices.filter { thresholds.threshold($0, precision: precision) == nil }
      guard !never.isEmpty else { return nil }
      let all = never.count == thresholds.classes.count
      return "no probability showed a precision of \(precision) for "
        + (all ? "any class" : "\(never.count) of \(thresholds.classes.count) classes")
        + ": such answers are always withheld; calibrate on more data, or ask for less"
    case .coverage(let coverage, let scores):
      guard scores.limit(coverage: coverage) == nil else { return nil }
      return "\(scores.count) held-out texts are too few for a coverage of \(coverage): every set holds all labels"
    case .intervals(let coverage, let intervals):
      guard intervals.halfWidths(coverage: coverage) == nil else { return nil }
      return "\(intervals.count) held-out texts are too few for a coverage of \(coverage): intervals have no ends"
    }
  }
}

/// How a promise is asked for.
struct PromiseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Withhold answers that do not have this precision: their label is \(AnswerPromise.abstention).",
      valueName: "share"))
  var minPrecision: Double?
  @Option(
    help: ArgumentHelp(
      "Answer with sets of labels (numbers: intervals); this share of them holds the right one.",
      valueName: "share"))
  var coverage: Double?

  func validate() throws {
    for (name, value) in [("--min-precision", minPrecision), ("--coverage", coverage)] {
      if let value, !(value > 0 && value < 1) {
        throw ValidationError("\(name): found \(value); expected a number between 0 and 1.")
      }
    }
    if minPrecision != nil, coverage != nil {
      throw ValidationError("Ask for --min-precision or --coverage, not both.")
    }
  }

  /// The promise that a classifier can keep; throws where it was not calibrated for it.
  func promise(_ classifier: Classifier, adapter: String) throws -> AnswerPromise {
    guard minPrecision != nil || coverage != nil else { return .none }
    guard let calibration = classifier.calibration else {
      throw DiscernError(
        .configuration,
        "\(adapter): found no calibration; expected one to keep a precision or a coverage. "
          + "Make it with: discern calibrate \(adapter) --data FILE")
    }
    let task = classifier.adapter.recipe.task
    if let minPrecision {
      guard task != .regression else {
        throw WrongUsage(verb: "predict", message: "--min-precision is for labels; \(adapter) answers with numbers.")
      }
      let thresholds = calibration.thresholds
      var limits: [JSONString: Double] = [:]
      for (index, name) in thresholds.classes.enumerated() {
        limits[JSONString(name)] = thresholds.threshold(index, precision: minPrecision)
      }
      return .precision(minPrecision, thresholds, limits: limits)
    }
    let coverage = coverage ?? 0
    if let intervals = calibration.intervals { return .intervals(coverage, intervals) }
    guard let scores = calibration.conformal else {
      let kind = task == .tokens ? "is a tagger" : "answers with any number of labels"
      throw WrongUsage(
        verb: "predict", message: "--coverage is for classifiers with one label and for numbers; \(adapter) \(kind).")
    }
    return .coverage(coverage, scores)
  }
}
