import Compute
import Discern
import Formats
import Synchronization

/// What a run is about to do, in a few lines; cut texts are always told.
struct TrainSummary: Sendable {
  let base: BaseModel
  let checkpoint: any Checkpoint
  let recipe: Recipe
  let train: Dataset
  let dev: Dataset?
  let threads: Int
  let isQuiet: Bool

  /// Prints when the run starts.
  func observe(_ event: TrainingEvent) {
    if case .modelChanged(let text) = event { Messages.warning(text) }
    if case .resumed(let step, let damaged) = event {
      for fault in damaged { Messages.warning("\(fault); the checkpoint before it is used") }
      let text = step == 0 ? "no checkpoint yet: the run begins anew" : "going on after step \(step)"
      if !isQuiet { Messages.note(text) }
    }
    guard case .started(let steps, _, let parameters, let trainReport, let devReport) = event else {
      return
    }
    if !isQuiet { printLines(steps, parameters, trainReport, devReport) }
    for (dataset, report) in [(train, trainReport), (dev, devReport)]
      as [(Dataset?, ExampleEncoder.Report?)]
    {
      if let dataset, let warning = report?.warning {
        Messages.warning("\(dataset.name): \(warning); max_length is \(recipe.maxLength)")
      }
      if let dataset, let warning = report?.warning(beyond: base.configuration.maximumPositions) {
        Messages.warning("\(dataset.name): \(warning)")
      }
    }
  }

  private func printLines(
    _ steps: Int, _ parameters: Int, _ trainReport: ExampleEncoder.Report,
    _ devReport: ExampleEncoder.Report?
  ) {
    let configuration = base.configuration
    let depth = recipe.layers > 0 ? "the first \(recipe.layers) of \(configuration.layers)" : "\(configuration.layers)"
    let size = ModelSize(checkpoint, unused: base.unused)
    line(
      "model",
      "\(configuration.family.rawValue), \(depth) layers, width \(configuration.width), "
        + "\(size.all.abbreviated) parameters (\(size.mainFormat)), \(base.place)")
    let share = 100 * Double(parameters) / Double(max(size.all, 1))
    line(
      "adapter",
      "\(parameters.abbreviated) trainable (\(share.fixed(2)) %): rank \(recipe.rank) on "
        + "\(targets), \(head) for \(train.labels.count) \(train.answers), attention \(recipe.attention)")
    line("train", train.headline)
    line("", trainReport.lengthLine)
    if let dev, let devReport {
      line("dev", "\(dev.headline); longest \(devReport.longest) tokens")
    }
    line(
      "run",
      "\(recipe.epochs) epochs, \(steps) steps, learning rate \(recipe.rate), seed \(recipe.seed), "
        + "\(threads) thread\(threads == 1 ? "" : "s"), \(InstructionSet.current.rawValue)")
  }

  private var targets: String {
    recipe.targets == Projection.allCases
      ? "all projections" : recipe.targets.map(\.shortName).joined(separator: ",")
  }

  private var head: String {
    recipe.task.tagsWords ? "a head on each word" : "\(recipe.pooling.rawValue) pooling"
  }

  private func line(_ name: String, _ text: String) {
    Messages.write("\(Terminal.error.styled(name.padded(right: 8), .bold)) \(text.onOneLine)\n")
  }
}

/// How many values a checkpoint's decoder has, and how they are stored.
struct ModelSize {
  /// Values that are used.
  var all = 0
  /// Values of the embedding.
  var embedding = 0
  /// Bytes that are used.
  var bytes = 0
  /// Values by format, most first.
  var formats: [(name: String, tensors: Int, values: Int)] = []

  init(_ checkpoint: any Checkpoint, unused: [String]) {
    let unused = Set(unused)
    var counts: [String: (tensors: Int, values: Int)] = [:]
    for listing in checkpoint.listings where !unused.contains(listing.name) {
      let values = listing.shape.reduce(1, *)
      all += values
      bytes += listing.byteCount ?? 0
      if listing.name == "model.embed_tokens.weight" { embedding = values }
      let entry = counts["\(listing.format)", default: (0, 0)]
      counts["\(listing.format)"] = (entry.tensors + 1, entry.values + values)
    }
    formats = counts.map { ($0.key, $0.value.tensors, $0.value.values) }
      .sorted { ($1.values, $0.name) < ($0.values, $1.name) }
  }

  /// The format of most values.
  var mainFormat: String { formats.first?.name ?? "none" }
}
