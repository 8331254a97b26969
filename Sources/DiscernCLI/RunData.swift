import ArgumentParser
import Discern
import Formats

extension TrainCommand {
  /// The data that a run was evaluated on, read again: its files with the columns that were named, or the part of a split.
  ///
  /// Says where they are not what they were.
  static func dev(ofRun run: String) throws -> Dataset {
    let manifest = try RunManifest(ofRun: run)
    let dev: Dataset
    do {
      dev = try readDev(ofRun: run, manifest)
    } catch let fault as NoDevData {
      throw FormatError(
        run, found: fault.found, expected: "data to report on", remedy: "Give labelled data with --data.")
    }
    if let known = manifest.dev, RunManifest.Source(dev).examplesHash != known.examplesHash {
      Messages.warning("\(dev.name): it is no longer what the run was evaluated on")
    }
    return dev
  }

  /// A run whose dev data nobody can read again.
  struct NoDevData: Error {
    let found: String
  }

  /// The same without a word; throws `NoDevData` where a run does not say where they are.
  static func readDev(ofRun run: String, _ manifest: RunManifest) throws -> Dataset {
    guard let first = manifest.sessions.first, first.command.count > 2,
      let command = try? Self.parse(Array(first.command.dropFirst(2)))
    else { throw NoDevData(found: "a run whose command line says nothing of its data") }
    let files = try TrainFiles.parse(["--resume", run]).resolved(after: command.files, in: first)
    let paths = files.dev.isEmpty ? files.data : files.dev
    if paths.contains("-") { throw NoDevData(found: "a run whose data came from the standard input") }
    let dataset = try command.input.read(
      paths, task: manifest.recipe.task, known: AdapterFolder(run).labels ?? [])
    var division = command.division
    division.splitOut = nil
    let dev =
      try files.dev.isEmpty
      ? division.record(of: dataset, seed: manifest.recipe.seed, overwrite: false)?["dev"] : dataset
    guard let dev else { throw NoDevData(found: "a run without dev data") }
    return dev
  }
}
