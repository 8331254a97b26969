import Compute
import Formats
import Synchronization

extension Trainer {
  /// Trains into a folder: each new best adapter is saved with its facts, and steps and evaluations are logged.
  ///
  /// Where the run fails before any adapter was saved, the folder is removed again. The rest is as in
  /// `run(train:dev:save:observe:shouldStop:)`.
  public func run(
    train: Dataset, dev: Dataset?, into folder: RunFolder,
    observe: @escaping @Sendable (TrainingEvent) -> Void = { _ in },
    shouldStop: @escaping () -> Bool = { false }
  ) throws -> TrainingResult {
    let record = RunRecord(train: train, dev: dev, recipe: recipe, threads: threads)
    var subject: ReportSubject?
    do {
      let result = try run(
        train: train, dev: dev,
        save: { classifier, evaluation, step in
          var facts = record.facts(evaluation, step: step)
          if let evaluation, let dev {
            let calibration = classifier.fitCalibration(evaluation, dev)
            if let calibration { facts.append(("calibration", calibration.json)) }
            let own = ReportSubject(classifier, dev, evaluation, calibration)
            facts.append(("intervals", own.analysis.json["intervals"] ?? .null))
            subject = own
          }
          try folder.save(classifier, facts: facts)
        },
        observe: { event in
          if let entry = record.entry(for: event) { record.note { try folder.log(entry) } }
          observe(event)
        },
        shouldStop: { shouldStop() || record.failure != nil })
      if let failure = record.failure { throw failure }
      try Report(folder.path, subject).write()
      return result
    } catch {
      if error is CancellationError, folder.hasAdapter { try Report(folder.path, subject).write() }
      folder.abandon()
      throw record.failure ?? error
    }
  }
}

/// Counts what happens in a run, for its log and for the facts beside its adapter.
private final class RunRecord: Sendable {
  private let data: JSON
  private let seed: UInt64
  private let threads: Int
  private let start = Clock.seconds
  private let state = Mutex(State())

  private struct State {
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

  /// Runs `body` and keeps its failure: observers cannot throw.
  func note(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      state.withLock { $0.failure = $0.failure ?? error }
    }
  }

  /// What is saved beside an adapter.
  func facts(_ evaluation: Evaluation?, step: Int) -> [(String, JSON)] {
    let (tokens, reports) = state.withLock { ($0.tokens, $0.reports) }
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
        state.tokens += tokens
        state.loss = (state.loss.sum + loss, state.loss.steps + 1)
        guard Double(index) >= state.nextEntry || index == state.steps else { return nil }
        state.nextEntry = Double(index) + Double(state.steps) / 100
        defer { state.loss = (0, 0) }
        return [
          "step": .integer(index), "epoch": .number(epoch),
          "loss": .number(state.loss.sum / Double(state.loss.steps)),
          "learning_rate": .number(rate), "grad_norm": .number(norm),
          "tokens": .integer(state.tokens), "seconds": .number(Clock.seconds - start),
        ]
      }
    case .evaluating, .resumed, .caching: return nil
    case .evaluated(let step, let epoch, let evaluation, let isBest):
      var object: JSONObject = ["step": .integer(step), "epoch": .number(epoch)]
      for (name, value) in evaluation.summary { object["eval_" + name] = .number(value) }
      object["metrics"] = evaluation.json
      object["best"] = .bool(isBest)
      object["seconds"] = .number(Clock.seconds - start)
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
      "scheme": facts.scheme.map { JSON($0.rawValue) } ?? .null,
    ]
  }
}
