import ArgumentParser
import Discern
import Formats

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Writes base model and adapter as one model for transformers.",
    discussion: """
      The folder holds config.json with the labels, the merged weights in safetensors, and the base \
      model's tokenizer files; AutoModelForSequenceClassification or AutoModelForTokenClassification \
      loads it without PEFT. What these classes cannot express is said on the standard error.

      Examples:
        discern merge runs/tickets --out models/tickets
        discern merge runs/tickets --out models/tickets-bf16 --format bf16
        discern merge runs/tickets --model models/SmolLM2-135M --other-base --out models/a
      """)

  @Argument(help: ArgumentHelp("Adapter folder.", valueName: "run"))
  var adapter: String
  @Option(help: ArgumentHelp("Folder to make.", valueName: "folder"))
  var out: String
  @OptionGroup var opening: AdapterOptions
  @Option(help: ArgumentHelp("Number type of the weights.", valueName: "format"))
  var format = Merge.Format.f32
  @Flag(help: "No progress; warnings are still printed.")
  var quiet = false

  func run() throws {
    Interruption.listen("stopping")
    let classifier = try opening.classifier(adapter)
    let line = ProgressLine()
    let report: Merge.Report
    do {
      report = try Merge(classifier, format: format).write(
        to: out,
        progress: { done, count in
          let share = Double(done) / Double(max(count, 1))
          if !quiet { line.show(share, "\(done.abbreviated)B of \(count.abbreviated)B written") }
        }, shouldStop: { Interruption.isRequested })
    } catch is CancellationError {
      line.clear()
      Messages.note("stopped; nothing was written")
      throw ExitCode(Interruption.exitCode)
    }
    line.clear()
    for note in report.notes { Messages.warning(note) }
    if let calibration = classifier.calibration, calibration.method != .interval {
      Messages.note("the calibration (\(calibration.headline)) is in the head's weights")
    }
    var output = StandardOutput()
    let files = report.shards == 1 ? "model.safetensors" : "\(report.shards) files"
    try output.write(
      "\(out): \(report.tensors) tensors, \(report.bytes.abbreviated)B in \(files)"
        + (report.copied.isEmpty ? "" : "; copied \(report.copied.joined(separator: ", "))") + "\n")
    try output.flush()
  }
}
