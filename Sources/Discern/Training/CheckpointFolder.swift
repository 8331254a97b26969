import Formats
import Glibc

/// The checkpoints of a run: sealed folders below `checkpoints`, the newest few of which are kept.
struct CheckpointFolder {
  static let name = "checkpoints"
  static let stateFile = "state.json"
  static let tensorsFile = "training.safetensors"
  /// Before the name of a file of the best adapter.
  static let bestPrefix = "best."
  /// Before the number of a step.
  private static let stepPrefix = "step-"
  /// Before the name of a checkpoint that was passed over.
  private enum Prefix {
    static let damaged = "damaged-"
    /// Of another run: perhaps somebody's only copy.
    static let foreign = "other-"
  }

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
  /// Names of those that were passed over, with what they will have before their names.
  private var passedOver: [(name: String, prefix: String)] = []
  /// The one that was written last or gone on from: the run's present state, while it has this name.
  private var current: String?
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
    // A run that died is never left with an adapter that it could not go on to.
    case .saving where sound.isEmpty: return true
    case .step, .saving, .evaluation:
      switch plan.every {
      case .steps(let steps): return step - lastStep >= steps
      case .seconds(let seconds): return elapsed >= seconds
      }
    }
  }

  /// Writes a checkpoint of the run that `identity` says and removes those that are too many; without effect where the
  /// newest one is of this very state.
  mutating func write(_ snapshot: TrainingSnapshot, log: JSON, identity: RunIdentity) throws {
    let name = Self.name(of: snapshot.state)
    if name == current { return }
    let start = Clock.seconds
    let state: JSON = ["discern": 1, "run": identity.json, "training": snapshot.state.json, "log": log]
    // Never made anew: what was taken away would come back as a run without its beginning.
    guard FileSystem.isFolder(run) else {
      throw DiscernError(
        .cannotCreate,
        "\(run): found no such folder any more; expected that of the run. Put it back where it was.")
    }
    if !FileSystem.exists(path) { try FileSystem.makeFolder(path) }
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
    sound = (sound + [name]).suffix(plan.kept)
    current = name
    removeOthers()
    (lastStep, lastEnd) = (snapshot.state.step, Clock.seconds)
    lastCost = lastEnd - start
  }

  /// The newest sound checkpoint of the run; those after it are named in it. Nil where there are none.
  ///
  /// Throws where there are some and none will do, and where it cannot be known: what cannot be read is not damaged.
  mutating func newest(of identity: RunIdentity) throws -> Content? {
    let names = try Self.names(in: path)
    var faults: [FormatError] = []
    passedOver = []
    for (index, name) in names.enumerated().reversed() {
      do {
        try SealedFolder.check("\(path)/\(name)")
        let content = try read(name, of: identity, faults: faults)
        sound = Array(names[...index])
        (current, lastStep) = (name, content.training.state.step)
        return content
      } catch let foreign as ForeignCheckpoint {
        passedOver.append((name, Prefix.foreign))
        faults.append(foreign.fault)
      } catch var fault as FormatError {
        guard fault.kind != .permission, fault.kind != .io else {
          fault.remedy += " Nothing was changed: go on when that is mended, or move \(name) away."
          throw fault
        }
        passedOver.append((name, Prefix.damaged))
        faults.append(fault)
      }
    }
    guard let first = faults.first else { return nil }
    guard passedOver.allSatisfy({ $0.prefix == Prefix.damaged }) else {
      throw FormatError(
        path, found: "no checkpoint of this run that is whole (\(faults.count) damaged or of another: \(first))",
        expected: "one to go on from", remedy: "Put the run's own checkpoints back, or choose another name.")
    }
    throw FormatError(
      path, found: "no checkpoint that is whole (\(faults.count) damaged: \(first))", expected: "one to go on from",
      remedy: "Where no adapter was saved yet, move this folder away, and --resume begins the run anew.")
  }

  /// The step of the newest checkpoint of a run, as its name says it. Throws where the system does not say.
  static func lastStep(in run: String) throws -> Int? {
    try names(in: "\(run)/\(name)").last.flatMap { Int($0.dropFirst(stepPrefix.count).prefix { $0.isNumber }) }
  }

  private static func names(in path: String) throws -> [String] {
    try SealedFolder.entries(of: path).filter { $0.hasPrefix(stepPrefix) }
  }

  /// One step can have two: before its evaluation and after it.
  private static func name(of state: TrainingState) -> String {
    let digits = String(state.step)
    let number = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    return stepPrefix + number + (state.isEvaluationPending ? "" : "-done")
  }

  /// Goes on from what `newest` found: what was passed over gets out of the way, and the logs and the best adapter that
  /// the checkpoint knows go back into the run's folder.
  mutating func accept(_ content: Content) throws {
    guard let name = sound.last else { return }
    for (name, prefix) in passedOver { try FileSystem.move("\(path)/\(name)", to: freePath(prefix + name)) }
    passedOver = []
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

  private func freePath(_ name: String) -> String {
    var (free, count) = ("\(path)/\(name)", 1)
    while FileSystem.exists(free) {
      count += 1
      free = "\(path)/\(name)-\(count)"
    }
    return free
  }

  /// Removes all checkpoints but those of other runs.
  mutating func removeAll() {
    sound = []
    removeOthers()
    for name in FileSystem.names(in: path) where name.hasPrefix(Prefix.damaged) {
      SealedFolder.remove("\(path)/\(name)")
    }
    rmdir(path)
  }

  /// The first thing among a run's checkpoints that is none of its own.
  static func foreignName(in run: String) -> String? {
    FileSystem.names(in: "\(run)/\(name)").first { name in
      !isOwn(name) && !name.hasPrefix(Prefix.damaged)
    }.map { "\(name)/\($0)" }
  }

  /// Removes what is not sound: older ones, and what a process that died left half-written.
  private func removeOthers() {
    for name in FileSystem.names(in: path) where Self.isOwn(name) && !sound.contains(name) {
      SealedFolder.remove("\(path)/\(name)")
    }
  }

  private static func isOwn(_ name: String) -> Bool { name.hasPrefix(stepPrefix) || FileSystem.isTemporary(name) }

  /// A whole checkpoint, but of another run.
  private struct ForeignCheckpoint: Error {
    let fault: FormatError
  }

  private func read(_ name: String, of identity: RunIdentity, faults: [FormatError]) throws -> Content {
    let place = "\(path)/\(name)/\(Self.stateFile)"
    let json = try JSON(contentsOf: place, limit: 1 << 24)
    // Earlier versions do not say of which run it is: what is in it must tell.
    let own = try json["run"].map { try RunIdentity(json: $0, place: "\(place): run") }
    if let own, let (ours, theirs) = identity.difference(to: own) {
      throw ForeignCheckpoint(
        fault: FormatError(
          "\(path)/\(name)", found: "a checkpoint of another run: \(theirs)", expected: "one of this run: \(ours)",
          remedy: "It is spared"))
    }
    guard json["discern"]?.int == 1, let training = json["training"], let log = json["log"] else {
      throw FormatError(place, found: "another layout", expected: "a checkpoint of this version of Discern")
    }
    return Content(
      training: SavedTraining(
        state: try TrainingState(json: training, place: place), place: place,
        tensors: try Safetensors("\(path)/\(name)/\(Self.tensorsFile)"), damaged: faults.map { "\($0)" },
        isIdentified: own != nil),
      log: log)
  }

  /// Copies a file; one that is not there is empty.
  private static func copy(_ path: String, into sink: inout FileSink) throws {
    guard FileSystem.size(path) > 0 else { return }
    let file = try MappedFile(path)
    try file.withBytes { try sink.write($0) }
  }
}
