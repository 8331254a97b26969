import Compute
import Formats
import Glibc
import Synchronization

extension Trainer {
  /// Trains into a folder: each new best adapter is saved with its facts, steps and evaluations are logged, and
  /// checkpoints are written.
  ///
  /// In a folder that was opened to go on with, the run goes on after its newest checkpoint; it throws where model, data
  /// or recipe are not those that the run began with. Where the run fails before anything was saved, the folder is
  /// removed again. The rest is as in `run(train:dev:save:observe:shouldStop:)`.
  public func run(
    train: Dataset, dev: Dataset?, into folder: RunFolder,
    observe: @escaping @Sendable (TrainingEvent) -> Void = { _ in },
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> TrainingResult {
    let record = RunRecord(train: train, dev: dev, recipe: recipe, threads: threads)
    var subject: ReportSubject?
    var hashes: ModelHashes?
    defer { _ = hashes?.files(waits: false) }
    do {
      let content = try begin(train, dev, folder, record)
      let identity = RunIdentity(folder.manifest)
      let found = ModelHashes(of: base.files)
      hashes = found
      if folder.isResumed && content == nil { observe(.resumed(step: 0, damaged: [])) }
      let result = try run(
        train: train, dev: dev, from: content?.training, warmStart: folder.manifest.warmStart?.path,
        hooks: TrainingHooks(
          save: { classifier, evaluation, step in
            subject = Self.subject(classifier, evaluation, dev)
            try folder.save(classifier, facts: record.facts(evaluation, subject, step: step))
            // The last adapter of a run that is stopped may be one of a single step.
            if evaluation != nil { try folder.dropReplaced() }
          },
          restored: { classifier, evaluation in subject = Self.subject(classifier, evaluation, dev) },
          accepted: { try Self.accept(content, folder) },
          checkpoint: { moment, snapshot in
            if let failure = record.failure { throw failure }
            try folder.note(found.filesOnce(), observe)
            try folder.withCheckpoints {
              guard $0.isDue(moment, step: record.step) else { return }
              try $0.write(snapshot(), log: record.json, identity: identity)
            }
          },
          observe: { event in
            record.note { try Self.log(event, record, folder) }
            observe(event)
          },
          shouldStop: { shouldStop() || record.failure != nil }))
      if let failure = record.failure { throw failure }
      try Report(folder.path, subject).write()
      _ = found.files(waits: folder.manifest.model?.files.isEmpty != false)
      try folder.note(found.filesOnce(), observe)
      try folder.finish(record, result)
      return result
    } catch {
      // What ended the run is told, not what its report and its notes then met on a full disk.
      // One that ends before it has gone on leaves the page as it was.
      if error is CancellationError, folder.hasAdapter, dev == nil || subject != nil {
        try? Report(folder.path, subject).write()
      }
      if !folder.abandon() { try? folder.end(error is CancellationError ? .stopped : .failed, record) }
      throw record.failure ?? error
    }
  }

  /// What a report shows of an evaluation on dev.
  private static func subject(_ classifier: Classifier, _ evaluation: Evaluation?, _ dev: Dataset?) -> ReportSubject? {
    guard let evaluation, let dev else { return nil }
    return ReportSubject(classifier, dev, evaluation, classifier.fitCalibration(evaluation, dev))
  }

  /// Notes what the run is made of, and finds where it goes on.
  private func begin(
    _ train: Dataset, _ dev: Dataset?, _ folder: RunFolder, _ record: RunRecord
  ) throws -> CheckpointFolder.Content? {
    try folder.note { manifest in
      try manifest.check(recipe, place: "recipe")
      try manifest.check(
        model: try RunManifest.Model(base),
        train: RunManifest.Source(train), dev: dev.map { RunManifest.Source($0) })
      manifest.sessions[manifest.sessions.count - 1].threads = threads
      if !folder.isResumed { try manifest.noteWarmStart() }
    }
    guard folder.isResumed else { return nil }
    let identity = RunIdentity(folder.manifest)
    guard let content = try folder.withCheckpoints({ try $0.newest(of: identity) }) else {
      if folder.hasAdapter { throw RunFolder.adapterWithoutCheckpoint(folder.path) }
      // A checkpoint has the head as it was left: where it began may be gone by then, but not sooner.
      try folder.note { try $0.checkWarmStart() }
      return nil
    }
    try record.restore(content)
    return content
  }

  /// Brings a folder to where its run goes on.
  private static func accept(_ content: CheckpointFolder.Content?, _ folder: RunFolder) throws {
    if let content { return try folder.withCheckpoints { try $0.accept(content) } }
    if folder.isResumed { for file in RunFolder.logs { unlink("\(folder.path)/\(file)") } }
  }

  private static func log(_ event: TrainingEvent, _ record: RunRecord, _ folder: RunFolder) throws {
    if case .started(let steps, _, _, _, _) = event {
      try folder.note { manifest in
        manifest.steps = steps
        manifest.sessions[manifest.sessions.count - 1].firstStep = record.step
      }
    }
    if let entry = record.entry(for: event) { try folder.log(entry) }
  }
}

extension RunFolder {
  /// Notes the hashes of the model's files, once they are known, and tells where they are not those of an earlier session.
  fileprivate func note(
    _ files: [RunManifest.File]?, _ observe: @Sendable (TrainingEvent) -> Void
  ) throws {
    guard let files, let known = manifest.model?.files else { return }
    if known.isEmpty { return try note { $0.model?.files = files } }
    for text in RunManifest.changes(from: known, to: files) { observe(.modelChanged(text)) }
  }

  /// Ends a run that has done all its steps: what it replaces and its checkpoints are needed no longer.
  fileprivate func finish(_ record: RunRecord, _ result: TrainingResult) throws {
    try dropReplaced()
    try end(.finished, record, result: result)
    withCheckpoints { $0.removeAll() }
  }

  /// Notes in the manifest how this process's part in the run ended.
  fileprivate func end(
    _ outcome: RunManifest.Outcome, _ record: RunRecord, result: TrainingResult? = nil
  ) throws {
    try note { manifest in
      manifest.outcome = outcome
      manifest.result = result?.json
      manifest.sessions[manifest.sessions.count - 1].end(outcome, step: record.step, seconds: record.sessionSeconds)
    }
  }
}

extension TrainingResult {
  /// The result for machines; the best adapter's metrics are null without dev data.
  public var json: JSON {
    [
      "steps": .integer(steps), "best_step": .integer(bestStep), "loss": .number(loss), "tokens": .integer(tokens),
      "seconds": .number(seconds), "evaluation_seconds": .number(evaluationSeconds), "metrics": best?.json ?? .null,
    ]
  }
}

/// Counts what happens in a run, for its log and for the facts beside its adapter.
private final class RunRecord: Sendable {
  private let data: JSON
  private let seed: UInt64
  private let threads: Int
  private let sessionStart = Clock.seconds
  private let state = Mutex(State())

  private struct State {
    /// The clock's time when the run began, earlier sessions counted.
    var start = Clock.seconds
    var step = 0
    var tokens = 0
    var steps = 1
    var loss = (sum: 0.0, steps: 0)
    var nextEntry = 0.0
    var reports = JSONObject()
    var failure: (any Error)?
  }

  init(train: Dataset, dev: Dataset?, recipe: Recipe, threads: Int) {
    data = ["train": train.json, "dev": dev?.json ?? .null]
    seed = recipe.seed
    self.threads = threads
  }

  /// The first failure of writing the log.
  var failure: (any Error)? { state.withLock { $0.failure } }
  /// Steps done.
  var step: Int { state.withLock { $0.step } }
  /// Seconds that this process has been at the run.
  var sessionSeconds: Double { Clock.seconds - sessionStart }

  /// What the log needs to go on, for a checkpoint.
  var json: JSON {
    state.withLock { state in
      [
        "loss_sum": .number(state.loss.sum), "loss_steps": .integer(state.loss.steps),
        "next_entry": .number(state.nextEntry),
      ]
    }
  }

  /// Goes on where a checkpoint was written.
  func restore(_ content: CheckpointFolder.Content) throws {
    let reader = MemberReader(json: content.log, place: content.training.place)
    let sum = try reader.number("loss_sum")
    let steps = try reader.count("loss_steps", to: content.training.state.step)
    let next = try reader.number("next_entry")
    state.withLock { state in
      state.loss = (sum, steps)
      state.nextEntry = next
      state.tokens = content.training.state.tokens
      state.step = content.training.state.step
      state.start = Clock.seconds - content.training.state.seconds
    }
  }

  /// Runs `body` and keeps its failure: observers cannot throw.
  func note(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      state.withLock { $0.failure = $0.failure ?? error }
    }
  }

  /// What is saved beside an adapter.
  func facts(_ evaluation: Evaluation?, _ subject: ReportSubject?, step: Int) -> [(String, JSON)] {
    let (tokens, reports, start) = state.withLock { ($0.tokens, $0.reports, $0.start) }
    var facts: [(String, JSON)] = []
    if let evaluation { facts.append(("metrics", evaluation.json)) }
    facts.append(("data", data))
    facts.append(("encoding", .object(reports)))
    facts.append(
      (
        "training",
        [
          "step": .integer(step), "tokens": .integer(tokens),
          "seconds": .number(((Clock.seconds - start) * 10).rounded() / 10),
          "threads": .integer(threads), "seed": JSON(String(seed)),
          "version": JSON(DiscernVersion.current),
          "instruction_set": JSON(InstructionSet.current.rawValue),
        ]
      ))
    if let calibration = subject?.calibration { facts.append(("calibration", calibration.json)) }
    if let subject { facts.append(("intervals", subject.analysis.json["intervals"] ?? .null)) }
    return facts
  }

  /// The line of the log that an event makes: steps are gathered into about a hundred lines, evaluations have their own.
  func entry(for event: TrainingEvent) -> JSON? {
    switch event {
    case .started(let steps, _, _, let train, let dev):
      state.withLock { state in
        state.steps = steps
        state.reports["train"] = train.json
        state.reports["dev"] = dev?.json
      }
      return nil
    case .step(let index, let epoch, let loss, let rate, let norm, let tokens):
      return state.withLock { state in
        state.step = index
        state.tokens += tokens
        state.loss = (state.loss.sum + loss, state.loss.steps + 1)
        guard Double(index) >= state.nextEntry || index == state.steps else { return nil }
        state.nextEntry = Double(index) + Double(state.steps) / 100
        defer { state.loss = (0, 0) }
        return [
          "step": .integer(index), "epoch": .number(epoch),
          "loss": .number(state.loss.sum / Double(state.loss.steps)),
          "learning_rate": .number(rate), "grad_norm": .number(norm),
          "tokens": .integer(state.tokens), "seconds": .number(Clock.seconds - state.start),
        ]
      }
    case .evaluating, .resumed, .caching, .modelChanged: return nil
    case .evaluated(let step, let epoch, let evaluation, let isBest):
      var object: JSONObject = ["step": .integer(step), "epoch": .number(epoch)]
      for (name, value) in evaluation.summary { object["eval_" + name] = .number(value) }
      object["metrics"] = evaluation.json
      object["best"] = .bool(isBest)
      object["seconds"] = .number(Clock.seconds - state.withLock { $0.start })
      return .object(object)
    }
  }
}

extension Dataset {
  /// Where the data came from and what is in it.
  fileprivate var json: JSON {
    var counts = JSONObject()
    for entry in facts.labelCounts {
      counts.append(JSONString(entry.label), .integer(entry.count))
    }
    return [
      "path": JSON(name), "rows": .integer(facts.rows), "labels": .object(counts),
      "pairs": .integer(facts.pairs), "scheme": facts.scheme.map { JSON($0.rawValue) } ?? .null,
    ]
  }
}
