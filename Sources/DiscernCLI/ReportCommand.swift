import ArgumentParser
import Discern
import Formats

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes one page about a run: scores, curves, confusions, mistakes.",
    discussion: """
      Training leaves report.html with the scores on --dev. This makes it anew, or on other data. The \
      page needs no network and no other file; it can be mailed, printed, and read on a phone.

      Examples:
        discern report runs/tickets --data test.jsonl
        discern report runs/tickets --data test.jsonl --out test.html
      """)

  @Argument(help: ArgumentHelp("Adapter folder.", valueName: "run"))
  var adapter: String
  @Option(
    help: ArgumentHelp(
      DataOptions.labelledHelp + " (default: what the run was evaluated on)", valueName: "file"))
  var data: [String] = []
  @Option(help: ArgumentHelp("File to write. (default: report.html in the run's folder)", valueName: "file"))
  var out: String?
  @OptionGroup var opening: AdapterOptions
  @Flag(help: "No progress; warnings are still printed.")
  var quiet = false
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var input: DataOptions

  func run() throws {
    let folder = try AdapterFolder(adapter)
    guard let facts = folder.facts else {
      throw FormatError(
        adapter, found: "an adapter that PEFT wrote (no discern.json)", expected: "a run of Discern")
    }
    let dataset: Dataset
    if data.isEmpty {
      guard facts["data"]?["dev"]?["path"] != nil else {
        throw FormatError(
          adapter, found: "a run without dev data", expected: "data to report on",
          remedy: "Give labelled data with --data.")
      }
      dataset = try TrainCommand.dev(ofRun: adapter)
    } else {
      dataset = try input.read(data, task: folder.recipe.task, known: folder.labels ?? [], trained: folder.scheme)
    }
    let classifier = try opening.classifier(adapter, threads: threads.threads, calibrated: false)
    let progress = EvaluationProgress(count: dataset.examples.count, isQuiet: quiet)
    let evaluation = try classifier.evaluate(dataset) { progress.add($0) }
    progress.finish()
    let calibration = opening.uncalibrated ? nil : try folder.calibration()
    let path = out ?? "\(adapter)/\(Report.file)"
    try Report(adapter, ReportSubject(classifier, dataset, evaluation, calibration)).write(to: path)
    var output = StandardOutput()
    try output.write("\(path): a report on \(dataset.examples.count) texts of \(dataset.name)\n")
    try output.flush()
  }
}
