import Compute
import Formats

/// A base model with an adapter: texts in, labels and probabilities out.
///
/// ```swift
/// let classifier = try Classifier(adapter: "runs/tickets")
/// for answer in try classifier.predict(["where is my card?"]) {
///   print(answer.label, answer.probability)
/// }
/// ```
public final class Classifier: Sendable {
  /// The frozen model.
  public let base: BaseModel
  /// The model as this adapter runs it: its first layers alone where the recipe says so.
  public let configuration: ModelConfiguration
  /// What was trained, with the calibration in its head.
  public let adapter: Adapter
  /// How its probabilities were calibrated, if they were.
  public let calibration: Calibration?
  /// The model's own tokenizer.
  public let tokenizer: Tokenizer
  /// Label names in the order of the logits.
  public let labels: LabelSet
  /// Turns texts into tokens as the recipe says.
  public let encoder: ExampleEncoder
  /// Threads used for a call; the results do not depend on it.
  public let threads: Int
  /// How tags are chosen.
  public let decoding: Decoding
  let runner: StepRunner
  /// What the scheme of the tags forbids, where decoding heeds it.
  private let legal: TagChain
  /// By what learnt transitions are multiplied.
  private let transitionScale: Double

  /// Lays an adapter over a loaded model; a calibration goes into its head.
  ///
  /// `decoding` replaces the recipe's way to choose tags.
  public init(
    _ base: BaseModel, _ adapter: Adapter, tokenizer: Tokenizer, calibration: Calibration? = nil,
    decoding: Decoding? = nil, threads: Int? = nil
  ) throws {
    let adapter = calibration.map(adapter.calibrated) ?? adapter
    self.base = base
    configuration = try base.configuration.cut(for: adapter.recipe)
    self.adapter = adapter
    self.calibration = calibration
    self.tokenizer = tokenizer
    self.threads = threads ?? Processors.count
    labels = LabelSet(adapter.labels, isPlain: adapter.hasPlainTags)
    self.decoding = decoding ?? adapter.recipe.decode
    let free = TagChain(count: adapter.recipe.task.tagsWords ? labels.count : 0)
    transitionScale = 1
    legal = self.decoding == .viterbi && adapter.recipe.task.tagsWords ? free.legal(for: labels) : free
    encoder = try ExampleEncoder(
      tokenizer, recipe: adapter.recipe, labels: labels, model: base.configuration)
    runner = StepRunner(
      model: try base.adapted(by: adapter), adapter: adapter, threads: self.threads)
  }

  /// The same classifier with frozen states at hand.
  init(_ other: Classifier, frozen: FrozenStates) {
    (base, configuration, adapter, tokenizer) = (other.base, other.configuration, other.adapter, other.tokenizer)
    (calibration, labels, encoder, threads) = (other.calibration, other.labels, other.encoder, other.threads)
    (decoding, legal, transitionScale) = (other.decoding, other.legal, other.transitionScale)
    var runner = other.runner
    runner.frozen = frozen
    self.runner = runner
  }

  /// The classifier that judges logits which have been scaled: learnt transitions are scaled alike. Its own logits are
  /// not.
  private init(_ other: Classifier, transitionScale: Double) {
    (base, configuration, adapter, tokenizer) = (other.base, other.configuration, other.adapter, other.tokenizer)
    (calibration, labels, encoder, threads) = (other.calibration, other.labels, other.encoder, other.threads)
    (decoding, legal, runner) = (other.decoding, other.legal, other.runner)
    self.transitionScale = transitionScale
  }

  /// What judges this classifier's logits once a scaling has been applied to them.
  func judging(_ scaling: LogitScaling) -> Classifier {
    adapter.transitions == nil ? self : Classifier(self, transitionScale: scaling.scales[0])
  }

  /// Opens a trained adapter folder with the base model that it names, or another copy of it.
  ///
  /// `attention` and `pooling` are for adapters that PEFT wrote, which do not say theirs. `otherBase` allows a base model
  /// with other weights than those it was trained on, where family and shapes agree. With `calibrated` false the logits
  /// are those of the training.
  public convenience init(
    adapter path: String, model: String? = nil, attention: AttentionPattern? = nil, pooling: Pooling? = nil,
    otherBase: Bool = false, calibrated: Bool = true, decoding: Decoding? = nil, threads: Int? = nil
  ) throws {
    let folder = try AdapterFolder(path, attention: attention, pooling: pooling)
    let checkpoint = try openCheckpoint(try folder.resolvedBase(model))
    let base = try BaseModel(checkpoint, on: CPUBackend())
    try self.init(
      base, try folder.adapter(for: base, otherBase: otherBase), tokenizer: try checkpoint.tokenizer(),
      calibration: calibrated ? try folder.calibration() : nil, decoding: decoding, threads: threads)
  }

  /// The scores of neighbouring tags as they are now.
  var chain: TagChain { legal.adding(adapter.transitions?.value, scale: transitionScale) }

  /// The same without rules, as in training.
  var freeChain: TagChain {
    TagChain(count: labels.count).adding(adapter.transitions?.value, scale: transitionScale)
  }

  /// Logits of encoded examples: one row for a text, one for each kept word in tagging. The batch does not matter:
  /// the same example gets the same bits in any company.
  public func logits(
    _ examples: [EncodedExample], progress: (@Sendable (_ done: Int) -> Void)? = nil
  ) -> [[[Float]]] {
    guard let logits = logits(examples, unless: { false }, progress: progress) else {
      preconditionFailure("nobody has stopped it")
    }
    return logits
  }

  /// The same; nil where `shouldStop` answers true before the last of them.
  func logits(
    _ examples: [EncodedExample], unless shouldStop: @escaping @Sendable () -> Bool,
    progress: (@Sendable (_ done: Int) -> Void)?
  ) -> [[[Float]]]? {
    let groups = Classifier.groups(examples)
    let longest = examples.flatMap(\.sequences).max() ?? 1
    let rope = runner.model.ropeTable(positions: longest)
    let classes = labels.count
    let results = Parallel.map(groups.count, threads: threads) { [runner] index -> [[Float]]? in
      if shouldStop() { return nil }
      let own = groups[index].map { examples[$0] }
      let chunk = Chunk(own, members: Array(own.indices), firstRow: 0)
      let values = runner.logits(chunk, rope: rope).values
      progress?(own.count)
      return stride(from: 0, to: values.count, by: classes).map { Array(values[$0..<$0 + classes]) }
    }
    var logits = [[[Float]]](repeating: [], count: examples.count)
    for (group, rows) in zip(groups, results) {
      guard let rows else { return nil }
      var next = 0
      for index in group {
        let count = adapter.recipe.task.tagsWords ? examples[index].rows.count : 1
        logits[index] = Array(rows[next..<next + count])
        next += count
      }
    }
    return logits
  }

  /// Encodes a data set and answers it.
  ///
  /// Throws where a text is too long and the recipe says `overflow: error`, where a logit is no number, and a
  /// `CancellationError` where `shouldStop`, asked from whatever thread, answers true before the end.
  public func checkedLogits(
    _ dataset: Dataset, progress: (@Sendable (_ done: Int) -> Void)? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> (encoded: [EncodedExample], logits: [[[Float]]], report: ExampleEncoder.Report) {
    let (encoded, report) = try encoder.encode(dataset, shouldStop: shouldStop)
    guard let logits = logits(encoded, unless: shouldStop, progress: progress) else { throw CancellationError() }
    if let index = Classifier.firstNotFinite(logits) {
      throw FormatError(
        dataset.place(ofExample: index), found: "logits that are not finite", expected: "numbers",
        remedy: "The weights of \(base.place) or of the adapter may be damaged; fetch or train them again.")
    }
    return (encoded, logits, report)
  }

  /// The first text with a logit that is not finite.
  static func firstNotFinite(_ logits: [[[Float]]]) -> Int? {
    logits.firstIndex { rows in !rows.allSatisfy { $0.allSatisfy(\.isFinite) } }
  }

  /// Rows of a chunk in inference; results do not depend on it.
  private static let inferenceRows = 256

  /// Indices of the examples in groups of about so many rows.
  static func groups(_ examples: [EncodedExample]) -> [[Int]] {
    // Sorting by length makes chunks of even work; windows keep the memory small.
    let order = examples.indices.sorted {
      (examples[$0].tokens.count, $0) < (examples[$1].tokens.count, $1)
    }
    var groups: [[Int]] = []
    var rows = Int.max / 2
    for index in order {
      let length = examples[index].tokens.count
      if rows + length > inferenceRows {
        groups.append([])
        rows = 0
      }
      groups[groups.count - 1].append(index)
      rows += length
    }
    // The longest groups first: the last thread to finish then has little left to do.
    return groups.reversed()
  }

  /// Runs `body` on chunks of all examples, several at a time, and in between `progress`, with how many more are done; what
  /// that throws ends it.
  static func forEachChunk(
    of examples: [EncodedExample], threads: Int, progress: (_ more: Int) throws -> Void,
    _ body: @escaping @Sendable (Chunk) -> Void
  ) rethrows {
    let groups = groups(examples)
    let wave = 4 * threads
    for first in stride(from: 0, to: groups.count, by: wave) {
      let part = Array(groups[first..<min(first + wave, groups.count)])
      Parallel.forEach(part.count, threads: threads) { index, _ in
        body(Chunk(examples, members: part[index], firstRow: 0))
      }
      try progress(part.reduce(0) { $0 + $1.count })
    }
  }
}

extension AdapterFolder {
  /// Path of the base model: the one given, or the one that the adapter names, if it is there.
  func resolvedBase(_ given: String?) throws -> String {
    if let given { return given }
    for candidate in [base, path + "/" + base] where !base.isEmpty && FileSystem.exists(candidate) {
      return candidate
    }
    throw FormatError(
      path, found: "its base model \"\(base)\", which is not there",
      expected: "the model that it was trained on", remedy: "Say where it is with --model.")
  }
}
