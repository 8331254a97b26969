import ArgumentParser
import Compute
import Discern
import Formats

struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Says how many layers a task needs, before any training.",
    discussion: """
      Runs the data once through the frozen model, fits a linear head to the states after every layer for \
      every pooling, and scores it on --dev, or on each text with heads fitted without it. Proposes the \
      fewest layers within one standard error of the best; --save keeps that head to start a training from.

      The states take 4 bytes for each text (tagging: word), layer, pooling and dimension: in memory up to \
      half of what is free, else in a file without a name in $XDG_CACHE_HOME/discern (~/.cache/discern), \
      gone at the end. --limit bounds both.

      Examples:
        discern probe models/SmolLM2.gguf --data train.jsonl --plot layers.svg
        discern probe models/SmolLM2.gguf --data train.jsonl --dev dev.jsonl \\
          --attention causal --save head.json
        discern train --model models/SmolLM2.gguf --data train.jsonl \\
          --attention causal --layers 18 --pooling mean \\
          --warm-start head.json --out runs/warm
      """)

  @Argument(help: ArgumentHelp("Model folder or .gguf file.", valueName: "model"))
  var model: String
  @Option(
    help: ArgumentHelp(
      "Labelled data to fit heads to: a file or a pattern; - is the standard input. Can be given more than once.",
      valueName: "file"))
  var data: [String] = []
  @Option(help: ArgumentHelp("Labelled data to score heads on. Can be given more than once.", valueName: "file"))
  var dev: [String] = []
  @Option(help: RecipeOptions.help("task"))
  var task: String?
  @Option(
    help: ArgumentHelp(
      "A mask to probe; may stand more than once. (default: causal and unmasked)", valueName: "pattern"))
  var attention: [String] = []
  @Option(help: RecipeOptions.help("max_length", "n"))
  var maxLength: String?
  @Option(help: ArgumentHelp("At most so many texts, drawn by the seed.", valueName: "n"))
  var limit = 10_000
  @Option(help: RecipeOptions.help("seed", "n"))
  var seed: String?
  @Option(help: ArgumentHelp("Write scores and the proposed head, for train --warm-start.", valueName: "file"))
  var save: String?
  @Option(help: ArgumentHelp("Draw the scores by layer: .svg, or .html with the table.", valueName: "file"))
  var plot: String?
  @OptionGroup var work: WorkOptions

  func validate() throws {
    guard !data.isEmpty else { throw ValidationError("Missing expected argument '--data <file>'") }
    guard limit >= 2 else { throw ValidationError("--limit: found \(limit); expected 2 or more.") }
  }

  func run() throws {
    let recipe = try recipe()
    let patterns: [AttentionPattern] =
      attention.isEmpty ? [.causal, .unmasked(from: 0)] : try attention.map { try pattern($0) }
    for path in [save, plot].compactMap({ $0 }) { try OutputPath.check(path) }
    let checkpoint = try openCheckpoint(model)
    let train = try work.input.read(data, task: recipe.task)
    let dev = self.dev.isEmpty ? nil : try work.input.read(self.dev, task: recipe.task)
    let base = try BaseModel(checkpoint, on: CPUBackend())
    let probe = try Probe(
      base, tokenizer: try checkpoint.tokenizer(), recipe: recipe, attentions: patterns, limit: limit,
      threads: work.threads)
    try finish(work.withProgress { try probe.run(train: train, dev: dev, progress: $0) })
  }

  private func finish(_ report: ProbeReport) throws {
    if report.texts < report.textsOfAll {
      Messages.note("\(report.texts) of \(report.textsOfAll) texts were drawn: --limit")
    }
    if let save { try report.save(to: save) }
    if let plot { try report.plot(to: plot) }
    var output = StandardOutput()
    if work.json {
      try output.write(report.json().serialized() + "\n")
    } else {
      try output.write(report.table + "\n" + report.plot + "\n" + report.conclusion)
      let start = save.map { " --warm-start \($0)" } ?? ""
      let files = data.map { "--data \($0)" }.joined(separator: " ")
      try output.write("next:     discern train --model \(model) \(files) \(report.options)\(start) --out RUN\n")
    }
    try output.flush()
    if !work.quiet {
      let room = report.folder.map { "a file in \($0)" } ?? "memory"
      Messages.note("\(report.seconds.clock) in all; the states took \(report.bytes / 1_000_000) MB in \(room)")
    }
  }

  private func recipe() throws -> Recipe {
    let own: [(String, String?)] = [("task", task), ("max_length", maxLength), ("seed", seed)]
    return try RecipeChoice.recipe(own, verb: "probe")
  }

  private func pattern(_ text: String) throws -> AttentionPattern {
    do {
      return try AttentionPattern(text)
    } catch {
      throw WrongUsage(verb: "probe", message: "--\(error)")
    }
  }
}
