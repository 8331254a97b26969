import Compute
import Formats

/// What a training run tells while it goes on.
public enum TrainingEvent: Sendable {
  /// Before the first step: what will be done.
  case started(steps: Int, epochs: Int, parameters: Int, train: ExampleEncoder.Report, dev: ExampleEncoder.Report?)
  /// After a step of the optimiser. `tokens` went through the model in this step.
  case step(index: Int, epoch: Double, loss: Double, rate: Double, norm: Double, tokens: Int)
  /// While the frozen layers run once over all texts: texts done of all, the room that their states take, the folder of
  /// the file where that is not memory, and the seconds so far.
  case caching(done: Int, of: Int, bytes: Int, folder: String?, seconds: Double)
  /// During an evaluation: texts done of all.
  case evaluating(done: Int, of: Int)
  /// The run goes on after this step of a checkpoint (0: there was none); newer ones were damaged or of another run, as
  /// said.
  case resumed(step: Int, damaged: [String])
  /// A file of the model has other bytes than when the run began, as said.
  case modelChanged(String)
  /// After an evaluation on dev; `isBest`: the adapter has been saved.
  case evaluated(step: Int, epoch: Double, Evaluation, isBest: Bool)
}

/// How a run ended.
public struct TrainingResult: Sendable {
  /// Evaluation of the saved adapter on dev; `nil` without dev data.
  public let best: Evaluation?
  /// Step after which the saved adapter was taken.
  public let bestStep: Int
  /// Steps done.
  public let steps: Int
  /// Mean loss over the last epoch.
  public let loss: Double
  /// Seconds of the whole run and of the evaluations in it.
  public let seconds: Double, evaluationSeconds: Double
  /// Tokens trained on.
  public let tokens: Int
}

/// Trains an adapter; the best one after the task's metric on dev data is what remains.
public struct Trainer {
  let base: BaseModel
  let tokenizer: Tokenizer
  let recipe: Recipe
  let threads: Int

  /// A trainer for one base model.
  public init(_ base: BaseModel, tokenizer: Tokenizer, recipe: Recipe, threads: Int? = nil) {
    self.base = base
    self.tokenizer = tokenizer
    self.recipe = recipe
    self.threads = threads ?? Processors.count
  }

  /// Trains on `train`; without `dev` the last adapter is kept.
  ///
  /// `save` is called with each new best adapter and its evaluation. Throws what `save` throws, and where the data
  /// cannot be learnt from. Where `shouldStop`, asked from whatever thread, answers true, the run ends at once, after the
  /// step at hand, with a `CancellationError`; then the best adapter so far has been saved, or without `dev` the present
  /// one.
  public func run(
    train: Dataset, dev: Dataset?, save: @escaping (Classifier, Evaluation?, _ step: Int) throws -> Void,
    observe: @escaping @Sendable (TrainingEvent) -> Void = { _ in },
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> TrainingResult {
    try run(
      train: train, dev: dev,
      hooks: TrainingHooks(save: save, checkpoint: { _, _ in }, observe: observe, shouldStop: shouldStop))
  }

  /// Trains from the start, with the head in the file `warmStart` where the recipe names one, or from where `saved` says.
  func run(
    train: Dataset, dev: Dataset?, from saved: SavedTraining? = nil, warmStart: String? = nil, hooks: TrainingHooks
  ) throws -> TrainingResult {
    try train.labels.checkTrainable(for: recipe.task, place: train.name)
    try recipe.checkObjective()
    for dataset in [train, dev].compactMap({ $0 }) {
      try dataset.checkLabelled(for: recipe.task)
      try train.labels.checkKnown(in: dataset)
    }
    var adapter = try Adapter(
      recipe, labels: train.labels.names, for: base.configuration, on: base.backend)
    adapter.hasPlainTags = train.labels.isPlain
    // A checkpoint has the head as it was left: where it began may be gone by now.
    if saved == nil, !recipe.warmStart.isEmpty {
      try WarmStart(warmStart ?? recipe.warmStart).begin(adapter, over: base)
    }
    let classifier = try Classifier(base, adapter, tokenizer: tokenizer, threads: threads)
    var run = try TrainingRun(classifier, train: train, dev: dev, hooks: hooks)
    if let saved { try run.restore(saved) }
    // Nothing of a checkpoint reaches the run's folder before all of it has proved sound.
    try hooks.accepted()
    if let saved {
      hooks.observe(.resumed(step: saved.state.step, damaged: saved.damaged))
    }
    return try run.go()
  }
}
