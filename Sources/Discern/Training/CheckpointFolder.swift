import Formats
import Glibc

/// The checkpoints of a run: sealed folders below `checkpoints`, the newest few of which are kept.
struct CheckpointFolder {
  static let name = "checkpoints"
  static let stateFile = "state.json"
  static let tensorsFile = "training.safetensors"
  /// Before the name of a file of the best adapter.
  static let bestPrefix = "best."

  /// What a checkpoint holds besides the tensors.
  struct Content: Sendable {
    let training: SavedTraining
    /// What the log needs to go on.
    let log: JSON
  }

  let run: String
  let plan: CheckpointPlan
  /// Names of the sound ones, oldest first.
  private(set) var sound: [String] = []
  private var lastStep = 0
  private var lastEnd = Clock.seconds
  private var lastCost = 0.0

  init(run: String, plan: CheckpointPlan) {
    self.run = run
    self.plan = plan
  }

  var path: String { "\(run)/\(Self.name)" }

  /// Whether the plan wants one now.
  func isDue(_ moment: TrainingHooks.Moment, step: Int) -> Bool {
    if plan.kept == 0 { return false }
    let elapsed = Clock.seconds - lastEnd
    switch moment {
    case .stop: return true
    case .evaluation where elapsed * CheckpointPlan.evaluationShare >= lastCost: return true
    case .step, .evaluation:
      switch plan.every {
      case .steps(let steps): return step - lastStep >= steps
      case .seconds(let seconds): return elapsed >= seconds
      }
    }
  }

  /// Writes a checkpoint and removes those that are too many.
  mutating func write(_ snapshot: TrainingSnapshot, log: JSON) throws {
    let start = Clock.seconds
    let state: JSON = ["discern": 1, "training": snapshot.state.json, "log": log]
    // Never made anew: what was taken away would come back as a run without its beginning.
    guard FileSystem.isFolder(run) else {
      throw DiscernError(
        .cannotCreate,
        "\(run): found no such folder any more; expected that of the run. Put it back where it was.")
    }
    if !FileSystem.exists(path) { try FileSystem.makeFolder(path) }
    // One step can have two: before its evaluation and after it.
    let digits = String(snapshot.state.step)
    let number = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    let name = "step-\(number)" + (snapshot.state.isEvaluationPending ? "" : "-done")
    var folder = try SealedFolder(at: "\(path)/\(name)")
    try folder.add(Self.tensorsFile) { try $0.write(snapshot.tensors, place: Self.tensorsFile) }
    for file in RunFolder.logs { try folder.add(file) { try Self.copy("\(run)/\(file)", into: &$0) } }
    if snapshot.state.best != nil {
      for file in AdapterFolder.files where FileSystem.exists("\(run)/\(file)") {
        try folder.add(Self.bestPrefix + file) { try Self.copy("\(run)/\(file)", into: &$0) }
      }
    }
    try folder.add(Self.stateFile) { try $0.write(state.serialized(pretty: true) + "\n") }
    try folder.commit()
    sound.removeAll { $0 == name }
    sound.append(name)
    sound = sound.suffix(plan.kept)
    removeOthers()
    (lastStep, lastEnd) = (snapshot.state.step, Clock.seconds)
    lastCost = lastEnd - start
  }

  /// The newest sound checkpoint; those after it are named in it. Nil where there are none.
  ///
  /// Throws where there are some and none is sound.
  mutating func newest() throws -> Content? {
    let names = Self.names(in: path)
    var damaged: [String] = []
    for (index, name) in names.enumerated().reversed() {
      do {
        try SealedFolder.check("\(path)/\(name)")
        let content = try read(name, damaged: damaged)
        sound = Array(names[...index])
        lastStep = content.training.state.step
        return content
      } catch let fault as FormatError {
        damaged.append("\(fault)")
      }
    }
    guard let first = damaged.first else { return nil }
    throw FormatError(
      path, found: "no checkpoint that is whole (\(damaged.count) damaged: \(first))", expected: "one to go on from",
      remedy: "Remove this folder, and --resume begins the run anew.")
  }

  /// The step of the newest checkpoint of a run, as its name says it.
  static func lastStep(in run: String) -> Int? {
    names(in: "\(run)/\(name)").last.flatMap { Int($0.dropFirst(5).prefix { $0.isNumber }) }
  }

  private static func names(in path: String) -> [String] {
    FileSystem.names(in: path).filter { $0.hasPrefix("step-") }
  }

  /// Puts the logs and the best adapter that the newest checkpoint knows back into the run's folder.
  func restore(_ content: Content) throws {
    guard let name = sound.last else { return }
    var files = FileSet()
    for file in RunFolder.logs {
      try files.add("\(run)/\(file)") { try Self.copy("\(path)/\(name)/\(file)", into: &$0) }
    }
    if content.training.state.best != nil {
      for file in AdapterFolder.files {
        let kept = "\(path)/\(name)/\(Self.bestPrefix)\(file)"
        if FileSystem.exists(kept) { try files.add("\(run)/\(file)") { try Self.copy(kept, into: &$0) } }
      }
    }
    try files.commit()
  }

  /// Removes all checkpoints.
  mutating func removeAll() {
    sound = []
    removeOthers()
    rmdir(path)
  }

  /// Removes what is not sound: older ones, damaged ones, and what a process that died left half-written.
  private func removeOthers() {
    for name in FileSystem.names(in: path) where !sound.contains(name) {
      SealedFolder.remove("\(path)/\(name)")
    }
  }

  private func read(_ name: String, damaged: [String]) throws -> Content {
    let place = "\(path)/\(name)/\(Self.stateFile)"
    let json = try JSON(contentsOf: place, limit: 1 << 24)
    guard json["discern"]?.int == 1, let training = json["training"], let log = json["log"] else {
      throw FormatError(place, found: "another layout", expected: "a checkpoint of this version of Discern")
    }
    return Content(
      training: SavedTraining(
        state: try TrainingState(json: training, place: place), place: place,
        tensors: try Safetensors("\(path)/\(name)/\(Self.tensorsFile)"), damaged: damaged),
      log: log)
  }

  /// Copies a file; one that is not there is empty.
  private static func copy(_ path: String, into sink: inout FileSink) throws {
    guard FileSystem.size(path) > 0 else { return }
    let file = try MappedFile(path)
    try file.withBytes { try sink.write($0) }
  }
}
