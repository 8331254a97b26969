import ArgumentParser
import Discern
import Formats

/// Trains once for each fold of the data, without it, and measures on it.
///
/// The part that is held out chooses nothing: each run keeps its last adapter.
struct FoldTraining {
  let trainer: Trainer
  let data: Dataset
  let recipe: Recipe
  let count: Int
  let out: String
  let overwrite: Bool
  let isQuiet: Bool
  let threads: Int?

  static let resultFile = "folds.json"

  /// Throws where the runs cannot go into that folder.
  static func check(_ out: String, count: Int, overwrite: Bool) throws {
    guard FileSystem.exists(out) else { return try RunFolder.check(out) }
    let own = Set((1...count).map { "fold-\($0)" } + [resultFile])
    let names = FileSystem.isFolder(out) ? FileSystem.names(in: out) : [out]
    guard overwrite, let foreign = names.first(where: { !own.contains($0) }) else {
      if overwrite { return }
      throw DiscernError(
        .cannotCreate,
        "\(out): found something of that name; expected a new folder. Choose another name, or replace the runs with "
          + "--overwrite.")
    }
    throw DiscernError(
      .cannotCreate,
      "\(out): found \"\(foreign)\" in it; expected nothing but the runs of \(count) folds to overwrite. Choose another "
        + "name, or move what is yours.")
  }

  /// Trains and measures all folds.
  func run() throws -> FoldScores {
    let names = (1...count).map { "fold-\($0)" }
    let record = try SplitRecord(data, names: names, shares: names.map { _ in 1 }, seed: recipe.seed)
    var scores = FoldScores()
    // Nothing would go on from them: the folds after the one that was stopped would be missing still.
    var noCheckpoints = CheckpointPlan()
    noCheckpoints.kept = 0
    for (index, name) in names.enumerated() {
      let held = record.parts[index].dataset
      let folder = try RunFolder(
        "\(out)/\(name)", recipe: recipe, overwrite: overwrite && FileSystem.exists("\(out)/\(name)"),
        checkpoints: noCheckpoints)
      let progress = TrainProgress(isQuiet: isQuiet)
      if !isQuiet { Messages.note("\(name) of \(count): \(data.examples.count - held.examples.count) rows") }
      do {
        _ = try trainer.run(
          train: record.rest(without: index), dev: nil, into: folder, observe: { progress.observe($0) },
          shouldStop: { Interruption.isRequested })
      } catch {
        progress.clear()
        throw error is CancellationError ? ExitCode(Interruption.exitCode) : error
      }
      progress.clear()
      let classifier = try Classifier(adapter: "\(out)/\(name)", threads: threads)
      let evaluation = try classifier.evaluate(held)
      try Report("\(out)/\(name)", ReportSubject(classifier, held, evaluation, nil)).write()
      scores.add(evaluation.summary)
      if !isQuiet {
        Messages.note(
          "\(name): " + evaluation.summary.map { "\($0.name) \($0.value.fixed(4))" }.joined(separator: "  "))
      }
    }
    let result: JSON = ["folds": .integer(count), "metrics": scores.json, "split": record.json]
    try FileSystem.write(result.serialized() + "\n", to: "\(out)/\(Self.resultFile)")
    return scores
  }
}
