import Formats

extension Recipe {
  /// Throws where loss or metric do not fit the task, or each other.
  public func checkObjective() throws {
    guard labelSmoothing == 0 || focalGamma == 0 else {
      throw DiscernError(
        .configuration,
        "label_smoothing: found \(labelSmoothing) beside focal_gamma \(focalGamma); expected one of them")
    }
    if task == .regression {
      let settings = [
        ("class_weights", classWeights == .none), ("label_smoothing", labelSmoothing == 0),
        ("focal_gamma", focalGamma == 0),
      ]
      if let (name, _) = settings.first(where: { !$0.1 }) {
        throw DiscernError(.configuration, "\(name): found it set; the task regression has no classes")
      }
    }
    if head == .crf {
      guard task.tagsWords else {
        throw DiscernError(.configuration, "head: found crf; the task \(task.rawValue) has no neighbouring tags")
      }
      guard classWeights == .none, labelSmoothing == 0, focalGamma == 0 else {
        throw DiscernError(
          .configuration, "head: found crf beside class_weights, label_smoothing or focal_gamma; expected none of them")
      }
    }
    let isScaled = calibration == .temperature || calibration == .vector
    guard task != .regression || !isScaled, head != .crf || calibration != .vector else {
      let what = task == .regression ? "the task regression has no probabilities" : "a crf head takes one temperature"
      throw DiscernError(.configuration, "calibration: found \(calibration.rawValue); \(what); expected auto or none")
    }
    guard overflow != .window || paperPadding == 0 else {
      throw DiscernError(.configuration, "overflow: found window beside paper_padding; expected one of them")
    }
    let names = ["auto", "loss"] + Evaluation.metricNames(of: task)
    guard names.contains(metric) else {
      throw DiscernError(
        .configuration,
        "metric: found \(metric); expected for the task \(task.rawValue) one of \(names.joined(separator: ", "))")
    }
  }
}
