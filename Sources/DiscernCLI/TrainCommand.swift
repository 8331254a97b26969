import ArgumentParser
import Compute
import Discern
import Formats

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains an adapter for labelled texts or tagged sentences.",
    discussion: """
      The best adapter on --dev, by the task's metric, is what remains in --out: PEFT's two files, \
      discern.json with labels and metrics, recipe.yaml, metrics.jsonl with the course of the run (and \
      the same for TensorBoard), a model card, and report.html, which shows all of it.

      Examples:
        discern train --model models/SmolLM2.gguf --out runs/tickets \\
          --data train.jsonl --dev dev.jsonl
        discern train --task tokens --attention unmasked --epochs 6 --rank 32 \\
          --model models/Llama-3.2-1B --out runs/entities \\
          --data train.conll --dev dev.conll
        discern train --recipe runs/tickets/recipe.yaml --seed 7 \\
          --model models/SmolLM2.gguf --out runs/topics \\
          --data train.csv --text-column body --label-column topic

      Settings come from a preset, over that from --recipe, over that from the options here. Ctrl-C \
      stops after the step; the best adapter so far is kept. --resume goes on with a run that was \
      stopped or died, and ends with the same bytes as if it had not been:
        discern train --resume runs/tickets
      """)

  @OptionGroup(title: "Input and output") var files: TrainFiles
  @OptionGroup(title: "Data") var input: DataOptions
  @OptionGroup(title: "Split") var division: SplitOptions
  @OptionGroup(title: "Recipe") var choice: RecipeChoice
  @OptionGroup(title: "Settings of the recipe") var settings: RecipeOptions
  @OptionGroup(title: "Checkpoints") var checkpoints: CheckpointOptions
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Replace a run that is there.")
  var overwrite = false
  @Flag(help: "No progress and no summary; warnings are still printed.")
  var quiet = false
  @Flag(help: "Print the result as one JSON object.")
  var json = false

  func run() throws {
    Interruption.ignoreLostReaders()
    try files.check()
    if let run = files.resume { return try resume(run) }
    let recipe = try choice.recipe(with: settings)
    try recipe.checkObjective()
    if division.makesDev, !files.dev.isEmpty {
      throw WrongUsage(verb: "train", message: "--split and --folds take dev data from --data: leave out --dev.")
    }
    if files.dev.isEmpty, division.split == nil { warnOfUnused() }
    if recipe.topLayers == 0, settings.cache != nil {
      Messages.warning("--cache: without --top-layers this has no effect")
    }
    let out = files.out ?? ""
    if let count = division.folds { return try train(recipe, folds: count, into: out) }
    try RunFolder.check(out, overwrite: overwrite)
    try train(recipe) { split in
      try RunFolder(
        out, recipe: recipe, split: split, overwrite: overwrite, command: CommandLine.arguments,
        checkpoints: checkpoints.plan)
    }
  }

  /// Goes on with a run: with the options of the session that began it, and its own recipe.
  private func resume(_ run: String) throws {
    try refuseWhatIsNew()
    if FoldRecord.isThere(in: run) { return try resumeFolds(run) }
    let manifest = try RunManifest(ofRun: run)
    guard manifest.outcome != .finished else {
      try RunFolder.tidy(run)
      Messages.note("\(run): it has finished; there is nothing to go on with")
      return
    }
    let command = try goingOn(with: manifest, of: run)
    try command.train(manifest.recipe) { _ in
      try RunFolder(resuming: run, command: CommandLine.arguments, checkpoints: command.checkpoints.plan)
    }
  }

  /// The command that began a run, with the options given now where they may differ.
  func goingOn(with manifest: RunManifest, of run: String) throws -> Self {
    guard let first = manifest.sessions.first, first.command.count > 2 else {
      let folds = FileSystem.parent(of: run)
      if FoldRecord.isThere(in: folds) {
        throw DiscernError(
          .configuration,
          "\(run): found the run of a fold; expected all folds. Go on with `discern train --resume \(folds)`.")
      }
      throw DiscernError(.configuration, "\(run): found a run that no command began; expected one of discern train")
    }
    guard var command = try? Self.parse(Array(first.command.dropFirst(2))) else {
      throw DiscernError(
        .configuration,
        "\(run): found a command line that this version does not understand: \(first.command.joined(separator: " "))")
    }
    command.files = try files.resumed(after: command.files, in: first)
    let earlier = EarlierSessions(manifest.sessions)
    command.checkpoints = checkpoints.completed(by: earlier.checkpoints)
    command.threads = threads.completed(by: earlier.threads)
    (command.quiet, command.json) = (quiet, json)
    // The session that began the run has written the parts.
    command.division.splitOut = nil
    for text in earlier.warnings { Messages.warning("\(run): \(text)") }
    return command
  }

  /// Throws where an option is given that a run had to have when it began.
  private func refuseWhatIsNew() throws {
    func refuse(_ names: [String], _ reason: String) throws {
      guard let name = names.first else { return }
      let option = name.map { $0 == "_" ? "-" : String($0) }.joined()
      throw WrongUsage(verb: "train", message: "--\(option): \(reason); give this option to a new run.")
    }
    try refuse(
      choice.chosen.map(\.name) + settings.chosen.map(\.name) + (overwrite ? ["overwrite"] : []),
      "a run goes on with its own recipe")
    try refuse(input.chosen + division.chosen, "a run reads and deals out its data as it began")
  }

  /// Reads model and data, opens the folder and trains.
  private func train(_ recipe: Recipe, into open: (SplitRecord?) throws -> RunFolder) throws {
    let checkpoint = try openCheckpoint(files.model ?? "")
    let data = try input.read(files.data, task: recipe.task)
    let split = try division.record(of: data, seed: recipe.seed, overwrite: overwrite)
    let train = split?["train"] ?? data
    try train.labels.checkTrainable(for: recipe.task, place: train.name)
    let dev =
      try files.dev.isEmpty
      ? split?["dev"] : input.read(files.dev, task: recipe.task, known: train.labels.names)
    if let dev { try train.labels.checkKnown(in: dev) }
    let tokenizer = try checkpoint.tokenizer()
    let base = try base(checkpoint)

    Interruption.listen("stopping after this step; once more to stop at once")
    let folder = try open(split)
    let summary = TrainSummary(
      base: base, checkpoint: checkpoint, recipe: recipe, train: train, dev: dev,
      threads: threads.threads ?? Processors.count, isQuiet: quiet)
    let result: TrainingResult
    do {
      let trainer = Trainer(base, tokenizer: tokenizer, recipe: recipe, threads: threads.threads)
      result = try trainer.run(summary, into: folder, isQuiet: quiet)
    } catch is CancellationError {
      Messages.note(Self.stopped(folder, hasDev: dev != nil))
      if let replaced = folder.keptReplaced { Messages.note("the run that it was to replace is kept as \(replaced)") }
      throw ExitCode(Interruption.exitCode)
    } catch {
      if folder.hasCheckpoint { Messages.note(Self.advice(after: error, folder)) }
      throw error
    }
    try finish(result, in: folder.path, hasDev: dev != nil, test: split?["test"])
  }

  /// Measures the adapter that remains on the test part, where there is one, and reports.
  private func finish(_ result: TrainingResult, in out: String, hasDev: Bool, test: Dataset?) throws {
    func measured() throws -> Evaluation? {
      try test.map {
        try Classifier(adapter: out, threads: threads.threads).evaluate($0, shouldStop: { Interruption.isRequested })
      }
    }
    do {
      try report(result, in: out, hasDev: hasDev, test: try measured())
    } catch is CancellationError {
      try report(result, in: out, hasDev: hasDev, test: nil)
      Messages.note("stopped: the run has finished, but its test part has not been measured")
      throw ExitCode(Interruption.exitCode)
    }
  }

  /// What to do about a run that failed and has checkpoints.
  private static func advice(after error: any Error, _ folder: RunFolder) -> String {
    isFinal(error) ? beginAnother : "its checkpoints are kept: \(goOn(folder)) when that is mended"
  }

  /// Whether a run that ended with this error would end with it again.
  static func isFinal(_ error: any Error) -> Bool { (error as? DiscernError)?.kind == .diverged }

  /// What to do then.
  static let beginAnother = "it would diverge again from its checkpoints: begin another run with other settings"

  private static func stopped(_ folder: RunFolder, hasDev: Bool) -> String {
    let adapter = "\(folder.path) has the \(hasDev ? "best" : "last") adapter so far"
    switch (folder.hasAdapter, folder.hasCheckpoint) {
    case (true, true): return "stopped; \(adapter); \(goOn(folder))"
    case (true, false): return "stopped; \(adapter)"
    case (false, true): return "stopped before any adapter was saved; \(goOn(folder))"
    case (false, false): return "stopped before any adapter was saved; \(folder.path) is as it was"
    }
  }

  private static func goOn(_ folder: RunFolder) -> String { "go on with `discern train --resume \(folder.path)`" }

  /// Names the options given that only an evaluation on dev data would heed.
  private func warnOfUnused() {
    let names = settings.chosen.map(\.name).filter(["evaluate_every", "metric", "patience", "calibration"].contains)
    guard !names.isEmpty else { return }
    let options = names.map { "--" + $0.map { $0 == "_" ? "-" : String($0) }.joined() }
    Messages.warning("\(options.joined(separator: ", ")): without --dev this has no effect")
  }

  /// Opens the base model and says what of it is not used.
  func base(_ checkpoint: any Checkpoint) throws -> BaseModel {
    let base = try BaseModel(checkpoint, on: CPUBackend())
    if let warning = base.unusedWarning { Messages.warning(warning) }
    return base
  }

  private func report(_ result: TrainingResult, in out: String, hasDev: Bool, test: Evaluation?) throws {
    var output = StandardOutput()
    if json {
      var object = result.json.object ?? JSONObject()
      object["out"] = JSON(out)
      if let test { object["test"] = test.json }
      object["peak_memory"] = .integer(ResidentMemory.peak)
      try output.write(JSON.object(object).serialized() + "\n")
    } else if let best = result.best {
      try output.write(best.table)
      try output.write(
        "\n\(out): the best adapter, after step \(result.bestStep) of \(result.steps)\n")
    } else {
      try output.write("\(out): the last adapter, after step \(result.steps)\n")
    }
    if let test, !json { try output.write("\nThe test part:\n\(test.table)") }
    try output.flush()
    if !hasDev {
      Messages.note("no --dev: the last adapter was kept, and nobody knows how good it is")
    }
    if !quiet {
      let speed = Double(result.tokens) / max(result.seconds - result.evaluationSeconds, 1e-3)
      Messages.note(
        "\(result.seconds.clock) in all, \(result.evaluationSeconds.clock) of it evaluation; "
          + "\(speed.fixed(0)) tokens/s, \((Double(ResidentMemory.peak) / 1e6).fixed(0)) MB at most")
    }
  }
}

extension BaseModel {
  /// Names tensors that are not used; a language model's own head never is.
  var unusedWarning: String? {
    let names = unused.filter { $0 != "lm_head.weight" && $0 != "rope_freqs.weight" }
    guard !names.isEmpty else { return nil }
    let shown = names.prefix(3).joined(separator: ", ")
    return "\(place): \(names.count) tensors are not used: \(shown)"
      + (names.count > 3 ? ", …" : "")
  }
}
