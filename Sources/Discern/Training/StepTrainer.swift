import Compute

/// Trains step by step, without data, schedule and evaluation around.
final class StepTrainer {
  private var runner: StepRunner
  private let gradients: Gradients
  private let workspace: Workspace
  private var optimizer: AdamW
  private let recipe: Recipe
  private var steps = 0

  init(_ recipe: Recipe, _ base: BaseModel, labels: [String] = ["0", "1"], threads: Int) throws {
    self.recipe = recipe
    let adapter = try Adapter(recipe, labels: labels, for: base.configuration, on: base.backend)
    runner = StepRunner(model: try base.adapted(by: adapter), adapter: adapter, threads: threads)
    gradients = Gradients(like: adapter.parameters, on: base.backend)
    workspace = Workspace(on: base.backend)
    optimizer = AdamW(adapter.parameters, on: base.backend)
  }

  /// From now on the states of the frozen layers are looked up.
  func use(_ states: FrozenStates) { runner.frozen = states }

  /// One step of the optimiser over the batches that it accumulates.
  func step(_ batches: [[EncodedExample]]) {
    gradients.clear()
    let result = runner.accumulate(
      batches, seed: recipe.seed, step: steps, into: gradients, workspace: workspace)
    let rate = Float(recipe.rate)
    optimizer.update(gradients, threads: runner.threads) { _ in rate }
    steps += 1
    precondition(result.rows > 0)
  }
}
