import ArgumentParser
import Discern
import Formats

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Looks for what is wrong with data before it is trained on.",
    discussion: """
      Rows that cannot be read, empty texts, duplicates, one text with two labels, texts of dev and \
      test that stand in train (exactly or almost), rare and unknown labels, illegal tags, faults of \
      encoding, and what a limit on length would cut.

      Examples:
        discern check train.jsonl --dev dev.jsonl --test test.jsonl
        discern check 'part-*.conll.gz' --model models/SmolLM2.gguf --max-length 256
        discern check train.csv --json | jq '.findings[].message'

      Texts are compared in Unicode's form NFC, in lower case, with single spaces. Almost the same are \
      those whose character 5-grams have a Jaccard similarity of --similarity or more, estimated by \
      MinHash. Exit code: 65 if there is an error, with --strict also if there is a warning, else 0.
      """)

  @Argument(
    help: ArgumentHelp("Training data: files or patterns; - is the standard input.", valueName: "data"))
  var data: [String]
  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Data to choose the best adapter by.", valueName: "file"))
  var dev: [String] = []
  @Option(parsing: .upToNextOption, help: ArgumentHelp("Data for the last measurement.", valueName: "file"))
  var test: [String] = []
  @Option(
    help: ArgumentHelp("Model or adapter whose tokens measure lengths. (default: words)", valueName: "path"))
  var model: String?
  @Option(
    help: ArgumentHelp(
      "Longest text in tokens that training will read; with --model. (default: \(Recipe().maxLength))", valueName: "n"))
  var maxLength: Int?
  @Option(
    help: ArgumentHelp(
      "What training will do with longer texts: truncate, window or error; with --model.", valueName: "what"))
  var overflow = Recipe().overflow
  @Option(help: ArgumentHelp("From which similarity on two texts are almost the same.", valueName: "x"))
  var similarity = DataCheck.Options().similarity
  @Option(help: ArgumentHelp("A label with fewer examples is rare.", valueName: "n"))
  var rare = DataCheck.Options().rareBelow
  @Option(help: ArgumentHelp("Task: sequence or tokens. (default: told by the first file)"))
  var task: Dataset.Task?
  @Flag(help: "Warnings end with exit code 65 as well.")
  var strict = false
  @Flag(help: "Print one JSON object.")
  var json = false
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var input: DataOptions

  func validate() throws {
    if (data + dev + test).count(where: { $0 == "-" }) > 1 {
      throw ValidationError("The standard input can be read only once.")
    }
    if maxLength != nil, model == nil {
      throw ValidationError("--max-length counts tokens: name the --model.")
    }
    if overflow != Recipe().overflow, model == nil {
      throw ValidationError("--overflow is about texts longer than --max-length, in tokens: name the --model.")
    }
    guard (0.5...1).contains(similarity) else {
      throw ValidationError("--similarity: found \(similarity); expected a number from 0.5 to 1.")
    }
    guard maxLength ?? 1 >= 1, rare >= 0 else {
      throw ValidationError("--max-length and --rare count: no negative numbers.")
    }
  }

  func run() throws {
    let report = try report()
    var output = StandardOutput()
    try output.write(json ? report.json.serialized() + "\n" : report.text)
    try output.flush()
    if report.count(.error) > 0 || strict && report.count(.warning) > 0 { throw ExitCode(65) }
  }

  private func report() throws -> CheckReport {
    let files = try [data, dev, test].map { try DataOptions.files($0) }
    let shape = try DataShape(files[0][0], task: task, input: input)
    var options = DataCheck.Options()
    options.format = input.format
    options.columns = input.columns
    options.scheme = input.scheme
    options.similarity = similarity
    options.rareBelow = rare
    if let threads = threads.threads { options.threads = threads }
    if let model {
      options.tokenizer = try Self.tokenizer(model)
      options.maxLength = maxLength ?? Recipe().maxLength
      options.readsWindows = overflow == .window
    }
    var check = DataCheck(task: shape.task, options: options)
    for (part, paths) in zip(DataCheck.Part.allCases, files) where !paths.isEmpty {
      let own = try part == .train ? shape : DataShape(paths[0], task: shape.task, input: input)
      try check.read(paths, as: part, labelled: own.isLabelled)
    }
    return check.report()
  }

  /// The tokenizer of a model, or of the model that an adapter was trained on.
  private static func tokenizer(_ path: String) throws -> Tokenizer {
    try DataOptions.require(path)
    if FileSystem.exists(path + "/adapter_config.json") { return try Classifier(adapter: path).tokenizer }
    return try openCheckpoint(path).tokenizer()
  }
}

extension CheckReport {
  /// The report for people.
  var text: String {
    let overview = overview.map { part in
      let name = Terminal.output.styled(part.part.padded(right: 7), .bold)
      return name + "  " + part.lines.map(\.onOneLine).joined(separator: "\n" + String(repeating: " ", count: 9))
        + "\n"
    }
    return overview.joined() + labelTable + cutTable + "\n" + findings.map(\.text).joined() + summary
  }

  private static let labelsShown = 20

  private var labelTable: String {
    let labels = labels
    guard !labels.isEmpty else { return "" }
    let names = self.overview.map(\.part)
    var table = TextTable(["label"] + names)
    for entry in labels.prefix(Self.labelsShown) {
      table.append([entry.label.onOneLine] + entry.counts.map(String.init))
    }
    let rest = labels.count - Self.labelsShown
    return "\n" + table.text + (rest > 0 ? "and \(rest) more labels (all of them with --json)\n" : "")
  }

  private var cutTable: String {
    let cuts = cuts
    let hasEntities = cuts.contains { $0.allEntities > 0 }
    let texts = readsWindows ? "texts in windows" : isInTokens ? "texts cut" : "texts longer"
    var table = TextTable(
      [isInTokens ? "max length" : "words", "part", texts, "share"]
        + (hasEntities ? [isInTokens ? "entities lost" : "entities beyond", "share"] : []),
      alignments: [.right, .left, .right, .right] + (hasEntities ? [.right, .right] : []))
    for cut in cuts {
      table.append(
        ["\(cut.limit)", cut.part, "\(cut.texts)", Self.share(cut.texts, cut.allTexts)]
          + (hasEntities ? ["\(cut.entities)", Self.share(cut.entities, cut.allEntities)] : []))
    }
    return "\n" + table.text
  }

  private static func share(_ count: Int, _ all: Int) -> String {
    "\((100 * Double(count) / Double(max(all, 1))).fixed(1)) %"
  }

  private var summary: String {
    if findings.isEmpty { return "Nothing found.\n" }
    func number(_ severity: CheckFinding.Severity) -> String {
      "\(count(severity)) \(severity.rawValue)\(count(severity) == 1 ? "" : "s")"
    }
    return "\(number(.error)), \(number(.warning)), \(number(.note))\n"
  }
}

extension CheckFinding {
  /// The finding in a few lines.
  fileprivate var text: String {
    let colour: Terminal.Style =
      switch severity {
      case .error: .red
      case .warning: .yellow
      case .note: .cyan
      }
    let name = Terminal.output.styled(severity.rawValue.padded(right: 7), .bold, colour)
    let indent = "\n" + String(repeating: " ", count: 9)
    return "\(name)  \(part): \(message.onOneLine)" + places.map { indent + $0.onOneLine }.joined()
      + "\(indent)\(remedy.onOneLine)\n"
  }
}
extension Overflow: ExpressibleByArgument {}
