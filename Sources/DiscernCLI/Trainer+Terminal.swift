import Discern

extension Trainer {
  /// Trains on what a summary tells of, with progress on the terminal, until the user wishes to stop.
  func run(_ summary: TrainSummary, into folder: RunFolder, isQuiet: Bool) throws -> TrainingResult {
    let progress = TrainProgress(isQuiet: isQuiet)
    defer { progress.clear() }
    return try run(
      train: summary.train, dev: summary.dev, into: folder,
      observe: { event in
        summary.observe(event)
        progress.observe(event)
      }, shouldStop: { Interruption.isRequested })
  }
}
