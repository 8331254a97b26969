import ArgumentParser
import Discern

/// How often a run leaves a place to go on from.
struct CheckpointOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Checkpoints that are kept; 0: none are written.", valueName: "n"))
  var checkpoints = CheckpointPlan().kept
  @Option(
    help: ArgumentHelp(
      "Steps (100) or time (30s, 10m, 1h) between checkpoints, besides those after evaluations.",
      valueName: "interval"))
  var checkpointEvery = "5m"

  func validate() throws {
    guard (0...1000).contains(checkpoints) else {
      throw ValidationError("--checkpoints: found \(checkpoints); expected a number from 0 to 1000.")
    }
    guard CheckpointPlan.Interval(checkpointEvery) != nil else {
      throw ValidationError(
        "--checkpoint-every: found \"\(checkpointEvery)\"; expected steps, such as 100, or a time, such as 30s or 10m.")
    }
  }

  /// The plan; the interval has been checked.
  var plan: CheckpointPlan {
    var plan = CheckpointPlan()
    plan.kept = checkpoints
    plan.every = CheckpointPlan.Interval(checkpointEvery) ?? plan.every
    return plan
  }
}
