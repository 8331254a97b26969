import ArgumentParser
import Compute
import Discern
import Formats

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Finds the rows that are most likely mislabelled.",
    discussion: """
      Linear heads on the frozen model's states answer each text without having been fitted to it. Rows \
      whose label they doubt come first: texts, or when tagging spans that look wrong or missing. Nothing is \
      changed; look at the first ones, and mend your data.

      Without --layers some depths are tried and the one that tells the labels apart best judges. The states \
      take 4 bytes for each text (tagging: word), depth, pooling and dimension: in memory, or where that is \
      short in a file without a name in $XDG_CACHE_HOME/discern, gone at the end.

      Examples:
        discern audit --model models/SmolLM2.gguf --data train.jsonl --csv doubts.csv
        discern audit --model models/SmolLM2.gguf --data train.conll --task tokens \\
          --html doubts.html --top 50
        discern audit --model models/SmolLM2.gguf --data train.jsonl --json
      """)

  @Option(help: ArgumentHelp("Model folder or .gguf file.", valueName: "path"))
  var model: String
  @Option(help: ArgumentHelp(DataOptions.labelledHelp, valueName: "file"))
  var data: [String] = []
  @Option(help: RecipeOptions.help("task"))
  var task: String?
  @Option(help: ArgumentHelp("Layers of the model to run. (default: what does best)", valueName: "n"))
  var layers: Int?
  @Option(
    help: ArgumentHelp("How a text's states become one: last, mean, first, hidden-max. (default: what does best)"))
  var pooling: String?
  @Option(help: ArgumentHelp("Who sees whom, as for train.", valueName: "pattern"))
  var attention = "causal"
  @Option(help: RecipeOptions.help("max_length", "n"))
  var maxLength: String?
  @Option(help: ArgumentHelp("Rows of the table.", valueName: "n"))
  var top = 20
  @Option(help: ArgumentHelp("Write all rows, the most doubtful first.", valueName: "file"))
  var csv: String?
  @Option(help: ArgumentHelp("Write a page with the first 1000.", valueName: "file"))
  var html: String?
  @OptionGroup var work: WorkOptions

  func validate() throws {
    guard !data.isEmpty else { throw ValidationError("Missing expected argument '--data <file>'") }
    guard top >= 0 else { throw ValidationError("--top: found \(top); expected 0 or more.") }
  }

  func run() throws {
    let recipe = try recipe()
    for path in [csv, html].compactMap({ $0 }) { try OutputPath.check(path) }
    let checkpoint = try openCheckpoint(model)
    let dataset = try work.input.read(data, task: recipe.task)
    let base = try BaseModel(checkpoint, on: CPUBackend())
    let audit = try LabelAudit(
      base, tokenizer: try checkpoint.tokenizer(), recipe: recipe, attention: recipe.attention, layers: layers,
      pooling: pooling == nil ? nil : recipe.pooling, threads: work.threads)
    try finish(work.withProgress { try audit.run(dataset, progress: $0) })
  }

  private func finish(_ report: AuditReport) throws {
    try csv.map(report.writeCSV)
    try html.map(report.writeHTML)
    var output = StandardOutput()
    if work.json {
      try output.write(report.json.serialized() + "\n")
    } else {
      try output.write(report.summary)
      if top > 0, !report.issues.isEmpty { try output.write("\n" + report.table(top)) }
    }
    try output.flush()
    if !work.quiet { Messages.note("\(report.seconds.clock) in all") }
  }

  private func recipe() throws -> Recipe {
    let own: [(String, String?)] = [
      ("task", task), ("max_length", maxLength), ("pooling", pooling), ("attention", attention),
    ]
    return try RecipeChoice.recipe(own, verb: "audit")
  }
}
