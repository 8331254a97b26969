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
      stops after the step; the best adapter so far is kept.
      """)

  @OptionGroup(title: "Input and output") var files: TrainFiles
  @OptionGroup(title: "Data") var input: DataOptions
  @OptionGroup(title: "Recipe") var choice: RecipeChoice
  @OptionGroup(title: "Settings of the recipe") var settings: RecipeOptions
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Replace a run that is there.")
  var overwrite = false
  @Flag(help: "No progress and no summary; warnings are still printed.")
  var quiet = false
  @Flag(help: "Print the result as one JSON object.")
  var json = false
  func run() throws {
    let recipe = try choice.recipe(with: settings)
    if files.dev.isEmpty { warnOfUnused() }
    if recipe.topLayers == 0, settings.cache != nil {
      Messages.warning("--cache: without --top-layers this has no effect")
    }
    try RunFolder.check(files.out, overwrite: overwrite)
    let checkpoint = try openCheckpoint(files.model)
    let train = try input.read(files.data, task: recipe.task)
    try train.labels.checkTrainable(place: train.name)
    let dev = files.dev.isEmpty ? nil : try input.read(files.dev, task: recipe.task)
    if let dev { try train.labels.checkKnown(in: dev) }
    let tokenizer = try checkpoint.tokenizer()
    let base = try BaseModel(checkpoint, on: CPUBackend())
    if let warning = base.unusedWarning { Messages.warning(warning) }

    Interruption.listen("stopping after this step; once more to stop at once")
    let folder = try RunFolder(files.out, recipe: recipe, overwrite: overwrite)
    let summary = TrainSummary(
      base: base, checkpoint: checkpoint, recipe: recipe, train: train, dev: dev,
      threads: threads.threads ?? Processors.count, isQuiet: quiet)
    let progress = TrainProgress(isQuiet: quiet)
    do {
      let trainer = Trainer(base, tokenizer: tokenizer, recipe: recipe, threads: threads.threads)
      let result = try trainer.run(
        train: train, dev: dev, into: folder,
        observe: { event in
          summary.observe(event)
          progress.observe(event)
        }, shouldStop: { Interruption.isRequested })
      progress.clear()
      try report(result, hasDev: dev != nil)
    } catch is CancellationError {
      progress.clear()
      Messages.note(
        folder.hasAdapter
          ? "stopped; \(files.out) has the \(dev == nil ? "last" : "best") adapter so far"
          : "stopped before any adapter was saved; \(files.out) is as it was")
      throw ExitCode(Interruption.exitCode)
    } catch {
      progress.clear()
      throw error
    }
  }

  /// Names the options given that only an evaluation on dev data would heed.
  private func warnOfUnused() {
    let names = settings.chosen.map(\.name).filter(["evaluate_every", "metric", "patience", "calibration"].contains)
    guard !names.isEmpty else { return }
    let options = names.map { "--" + $0.map { $0 == "_" ? "-" : String($0) }.joined() }
    Messages.warning("\(options.joined(separator: ", ")): without --dev this has no effect")
  }

  private func report(_ result: TrainingResult, hasDev: Bool) throws {
    var output = StandardOutput()
    if json {
      try output.write(result.json(out: files.out).serialized() + "\n")
    } else if let best = result.best {
      try output.write(best.table)
      try output.write(
        "\n\(files.out): the best adapter, after step \(result.bestStep) of \(result.steps)\n")
    } else {
      try output.write("\(files.out): the last adapter, after step \(result.steps)\n")
    }
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

extension TrainingResult {
  fileprivate func json(out: String) -> JSON {
    [
      "out": JSON(out), "steps": .integer(steps), "best_step": .integer(bestStep),
      "loss": .number(loss), "tokens": .integer(tokens), "seconds": .number(seconds),
      "evaluation_seconds": .number(evaluationSeconds), "peak_memory": .integer(ResidentMemory.peak),
      "metrics": best?.json ?? .null,
    ]
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
