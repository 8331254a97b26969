extension Evaluation {
  /// The metrics that can decide which model is best, of all tasks.
  static let metricNames = [
    "accuracy", "f1_macro", "f1_micro", "f1", "loss", "mse", "mae", "r2", "pearson", "spearman",
  ]

  /// Those of a task, but for the loss, which every task has.
  static func metricNames(of task: Dataset.Task) -> [String] {
    switch task {
    case .sequence, .multiLabel, .tokens: ["accuracy", "f1_macro", "f1_micro", "f1"]
    case .regression: ["mse", "mae", "r2", "pearson", "spearman"]
    }
  }

  /// The value of a metric of the recipe; larger is better (losses and errors are negated). A metric that is not
  /// defined on the data is worse than any.
  public func value(of metric: String) -> Double {
    if metric == "loss" { return -loss }
    switch metrics {
    case .sequence(let scores), .tags(let scores):
      switch metric {
      case "accuracy", "auto": return scores.accuracy
      case "f1_macro": return scores.macro.f1
      default: return scores.micro.f1
      }
    case .tokens(let scores):
      switch metric {
      case "accuracy": return scores.accuracy
      case "f1_macro": return scores.strict.macro.f1
      default: return scores.strict.micro.f1
      }
    case .multiLabel(let scores):
      switch metric {
      case "accuracy": return scores.exactMatch
      case "f1_macro": return scores.macro.f1
      default: return scores.micro.f1
      }
    case .regression(let scores):
      switch metric {
      case "mae": return -scores.mean.absoluteError
      case "r2": return scores.mean.r2 ?? -.infinity
      case "pearson": return scores.mean.pearson ?? -.infinity
      case "spearman": return scores.mean.spearman ?? -.infinity
      default: return -scores.mean.squaredError
      }
    }
  }
}
