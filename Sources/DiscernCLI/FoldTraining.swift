import ArgumentParser
import Discern
import Formats

/// Trains once for each fold of the data, without it, and measures on it.
///
/// The part that is held out chooses nothing: each run keeps its last adapter. Folds that an earlier process has done are
/// not done again.
struct FoldTraining {
  let trainer: Trainer
  let base: BaseModel
  let checkpoint: any Checkpoint
  let data: Dataset
  let recipe: Recipe
  let split: SplitRecord
  let folder: FoldFolder
  let plan: CheckpointPlan
  let isQuiet: Bool
  let threads: Int?

  /// Trains and measures the folds that are left.
  func run() throws -> FoldScores {
    do {
      try folder.begin(trainer, data: data, split: split)
      let results = folder.record.results
      let left = results.indices.filter { results[$0] == nil }
      for index in left {
        try train(index, isFirst: index == left.first)
        try measure(index)
      }
      try folder.end(.finished)
      return folder.record.scores
    } catch is CancellationError {
      if folder.abandon() {
        Messages.note("stopped before any fold had a checkpoint; \(folder.path) is as it was")
      } else {
        try? folder.end(.stopped)
        Messages.note("stopped; \(progress); \(goOn)")
        if let kept = folder.keptReplaced { Messages.note("the runs that they were to replace are kept as \(kept)") }
      }
      throw ExitCode(Interruption.exitCode)
    } catch {
      if !folder.abandon() {
        try? folder.end(.failed)
        let advice = TrainCommand.isFinal(error) ? TrainCommand.beginAnother : "\(goOn) when that is mended"
        Messages.note("\(progress): \(advice)")
      }
      throw error
    }
  }

  private var progress: String { "\(folder.record.done) of \(folder.record.count) folds are done" }
  private var goOn: String { "go on with `discern train --resume \(folder.path)`" }

  private func train(_ index: Int, isFirst: Bool) throws {
    if Interruption.isRequested { throw CancellationError() }
    guard let run = try folder.run(index, recipe: recipe, checkpoints: plan) else { return }
    let train = split.rest(without: index)
    if !isQuiet { Messages.note("\(FoldRecord.name(index)) of \(folder.record.count): \(train.examples.count) rows") }
    let summary = TrainSummary(
      base: base, checkpoint: checkpoint, recipe: recipe, train: train, dev: nil,
      threads: threads ?? Processors.count, isQuiet: isQuiet || !isFirst)
    _ = try trainer.run(summary, into: run, isQuiet: isQuiet)
  }

  /// Measures a fold's adapter on what was held out.
  private func measure(_ index: Int) throws {
    let (name, held) = split.parts[index]
    let run = folder.path(of: index)
    let classifier = try Classifier(adapter: run, model: base.place, threads: threads)
    let evaluation = try classifier.evaluate(held, shouldStop: { Interruption.isRequested })
    if let warning = evaluation.report.warning {
      Messages.warning("\(held.name): \(warning); max_length is \(recipe.maxLength)")
    }
    try Report(run, ReportSubject(classifier, held, evaluation, nil)).write()
    try folder.note(evaluation.summary, of: index)
    if !isQuiet {
      let scores = evaluation.summary.map { "\($0.name) \($0.value.fixed(4))" }
      Messages.note("\(name): \(scores.joined(separator: "  "))")
    }
  }
}
