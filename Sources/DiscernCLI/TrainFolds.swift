import ArgumentParser
import Discern
import Formats

extension TrainCommand {
  /// Trains and measures a run for each fold of the data.
  func train(_ recipe: Recipe, folds count: Int, into out: String) throws {
    try FoldFolder.check(out, overwrite: overwrite)
    try train(recipe, folds: count) { split in
      try FoldFolder(out, recipe: recipe, split: split, overwrite: overwrite, command: CommandLine.arguments)
    }
  }

  /// Goes on with the folds that are left: with the options of the session that began them, and their own recipe.
  func resumeFolds(_ out: String) throws {
    let record = try FoldRecord(ofFolder: out)
    guard record.manifest.outcome != .finished else {
      Messages.note("\(out): all folds are done; there is nothing to go on with")
      return
    }
    let command = try goingOn(with: record.manifest, of: out)
    if !quiet { Messages.note("\(record.done) of \(record.count) folds are done") }
    try command.train(record.manifest.recipe, folds: record.count) { _ in
      try FoldFolder(resuming: out, command: CommandLine.arguments)
    }
  }

  private func train(_ recipe: Recipe, folds count: Int, into open: (SplitRecord) throws -> FoldFolder) throws {
    let checkpoint = try openCheckpoint(files.model ?? "")
    let data = try input.read(files.data, task: recipe.task)
    try data.labels.checkTrainable(for: recipe.task, place: data.name)
    let names = (0..<count).map { FoldRecord.name($0) }
    let split = try SplitRecord(data, names: names, shares: names.map { _ in 1 }, seed: recipe.seed)
    let base = try base(checkpoint)
    let trainer = Trainer(base, tokenizer: try checkpoint.tokenizer(), recipe: recipe, threads: threads.threads)
    Interruption.listen("stopping after this step; once more to stop at once")
    let folder = try open(split)
    let training = FoldTraining(
      trainer: trainer, base: base, checkpoint: checkpoint, data: data, recipe: recipe, split: split, folder: folder,
      plan: checkpoints.plan, isQuiet: quiet, threads: threads.threads)
    try report(try training.run(), in: folder.path)
  }

  private func report(_ scores: FoldScores, in out: String) throws {
    var output = StandardOutput()
    let result: JSON = ["out": JSON(out), "folds": .integer(scores.folds.count), "metrics": scores.json]
    try output.write(json ? result.serialized() + "\n" : scores.table)
    try output.flush()
  }
}
