import ArgumentParser
import Discern
import Formats

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Says what a model, an adapter or a data file is.",
    discussion: """
      Examples:
        discern inspect models/SmolLM2.gguf
        discern inspect runs/tickets
        discern inspect train.jsonl --model models/SmolLM2.gguf

      With --model, a data file's texts are measured in that model's tokens: the table says how many \
      a --max-length of that many tokens would cut.
      """)

  @Argument(
    help: ArgumentHelp("Model folder, .gguf file, adapter folder or data file.", valueName: "path"))
  var path: String
  @Option(
    help: ArgumentHelp("Model whose tokens measure the texts of a data file.", valueName: "path"))
  var model: String?
  @Option(
    help: ArgumentHelp(
      "Task of a data file: sequence, multi-label, regression or tokens. (default: told by its columns)"))
  var task: Dataset.Task?
  @Flag(help: "Print one JSON object.")
  var json = false
  @OptionGroup var input: DataOptions

  func run() throws {
    let report = try report()
    var output = StandardOutput()
    try output.write(json ? JSON.object(report.json).serialized() + "\n" : report.text)
    try output.flush()
  }

  private func report() throws -> InspectReport {
    try DataOptions.require(path)
    if FileSystem.exists(path + "/adapter_config.json") { return try .adapter(path) }
    if path.hasSuffix(".gguf") || path.hasSuffix(".safetensors") || FileSystem.isFolder(path) {
      return try .model(path)
    }
    return try .data(path, task: task, input: input, model: model)
  }
}

extension Dataset.Task: ExpressibleByArgument {}

/// What is known of a thing: lines for people, members for machines.
struct InspectReport {
  private var lines: [(name: String, text: String)] = []
  /// The same facts for machines.
  var json = JSONObject()

  init(kind: String) { json["kind"] = JSON(kind) }

  /// Adds a line.
  mutating func add(_ name: String, _ text: String) { lines.append((name, text)) }

  /// The lines under each other.
  var text: String {
    let width = lines.map(\.name.count).max() ?? 0
    return lines.map { line in
      let name = Terminal.output.styled(line.name.padded(right: width), .bold)
      let indented = line.text.split(separator: "\n", omittingEmptySubsequences: false)
        .map { String($0).onOneLine }
        .joined(separator: "\n" + String(repeating: " ", count: width + 2))
      return "\(name)  \(indented)\n"
    }.joined()
  }
}
