import ArgumentParser
import Discern

/// How often a run leaves a place to go on from.
struct CheckpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Checkpoints that are kept; 0: none are written. (default: \(CheckpointPlan().kept))", valueName: "n"))
  var checkpoints: Int?
  @Option(
    help: ArgumentHelp(
      "Steps (100) or time (30s, 10m, 1h) between checkpoints, besides those after evaluations. (default: 5m)",
      valueName: "interval"))
  var checkpointEvery: String?

  func validate() throws {
    if let checkpoints, !(0...1000).contains(checkpoints) {
      throw ValidationError("--checkpoints: found \(checkpoints); expected a number from 0 to 1000.")
    }
    if let checkpointEvery, CheckpointPlan.Interval(checkpointEvery) == nil {
      throw ValidationError(
        "--checkpoint-every: found \"\(checkpointEvery)\"; expected steps, such as 100, or a time, such as 30s or 10m.")
    }
  }

  /// These options, and the others where these say nothing.
  func completed(by others: CheckpointOptions?) -> CheckpointOptions {
    var options = self
    options.checkpoints = checkpoints ?? others?.checkpoints
    options.checkpointEvery = checkpointEvery ?? others?.checkpointEvery
    return options
  }

  /// The names of the options that were given.
  var chosen: [String] {
    (checkpoints == nil ? [] : ["checkpoints"]) + (checkpointEvery == nil ? [] : ["checkpoint-every"])
  }

  /// The plan; the interval has been checked.
  var plan: CheckpointPlan {
    var plan = CheckpointPlan()
    plan.kept = checkpoints ?? plan.kept
    plan.every = checkpointEvery.flatMap { CheckpointPlan.Interval($0) } ?? plan.every
    return plan
  }
}
