import ArgumentParser
import Discern
import Formats

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Makes an adapter's probabilities match shares, on labelled data.",
    discussion: """
      Of the answers with a probability of 0.8, four of five should be right. Labelled data \
      decides by what the logits are multiplied for that. The thresholds of `predict \
      --min-precision` and the sets of `predict --coverage` rest on texts that the factors had not \
      seen: the data is halved (by --seed), and each half calibrated by the other. All of it goes \
      into discern.json; the weights stay as they are until `merge` folds the factors into the \
      head.

      Where several labels may apply, shares are counted label by label. A crf head takes a \
      temperature alone. Numbers are not scaled: what they are off by on the data decides how wide the \
      intervals of `predict --coverage` are.

      Training does this by itself on --dev. Data that the adapter was neither trained on nor chosen \
      by gives more honest promises.

      Examples:
        discern calibrate runs/tickets --data fresh.jsonl
        discern calibrate runs/tickets --data fresh.jsonl --method vector
        discern calibrate runs/tickets --remove
      """)

  @Argument(help: ArgumentHelp("Adapter folder.", valueName: "run"))
  var adapter: String
  @Option(help: ArgumentHelp(DataOptions.labelledHelp, valueName: "file"))
  var data: [String] = []
  @Option(
    help: ArgumentHelp(
      "temperature (one factor), vector (a factor for each label), or for numbers interval. "
        + "(default: temperature, or interval)",
      valueName: "name"))
  var method: Calibration.Method?
  @Option(help: ArgumentHelp("Decides which half is which. (default: the run's seed)", valueName: "n"))
  var seed: UInt64?
  @Flag(help: "Take the calibration away again.")
  var remove = false
  @OptionGroup var opening: AdapterOptions
  @OptionGroup var work: WorkOptions

  func validate() throws {
    guard remove == data.isEmpty else {
      throw ValidationError(remove ? "Give --data or --remove, not both." : "There is no data: give --data FILE.")
    }
  }

  func run() throws {
    let folder = try AdapterFolder(adapter)
    var output = StandardOutput()
    if data.isEmpty {
      try folder.replaceCalibration(nil)
      try output.write("\(adapter): without a calibration\n")
      try output.flush()
      return
    }
    let recipe = folder.recipe
    let dataset = try work.input.read(data, task: recipe.task, known: folder.labels ?? [], trained: folder.scheme)
    let classifier = try opening.classifier(adapter, threads: work.threads, calibrated: false)
    let methods = classifier.calibrationMethods
    guard let method = method ?? methods.first, methods.contains(method) else {
      let kind = recipe.head == .crf ? "has a crf head" : "is for the task \(recipe.task.rawValue)"
      let known = methods.map(\.rawValue).joined(separator: " or ")
      throw WrongUsage(verb: "calibrate", message: "\(adapter) \(kind): --method can be \(known).")
    }
    let progress = EvaluationProgress(count: dataset.examples.count, isQuiet: work.quiet)
    let (_, encoded, logits) = try classifier.evaluateWithLogits(dataset) { progress.add($0) }
    progress.finish()
    guard
      let calibration = classifier.fitCalibration(
        method, dataset, encoded, logits, seed: seed ?? folder.recipe.seed)
    else {
      throw FormatError(
        dataset.name, found: "\(dataset.examples.count) texts", expected: "at least four with an answer")
    }
    try folder.replaceCalibration(calibration)
    try output.write(work.json ? calibration.json.serialized() + "\n" : calibration.table)
    try output.flush()
    for note in calibration.notes { Messages.note(note) }
  }
}

extension Calibration.Method: ExpressibleByArgument {}
