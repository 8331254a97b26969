import Formats
import Glibc
import Synchronization

/// The folder of a training run: the recipe, a log of the run, the best adapter so far, and what the run goes on from.
///
/// ```swift
/// let folder = try RunFolder("runs/tickets", recipe: recipe)
/// let result = try trainer.run(train: train, dev: dev, into: folder)
/// ```
public final class RunFolder: Sendable {
  /// The folder.
  public let path: String
  /// Whether it was there, and the run goes on in it.
  public let isResumed: Bool
  private let replaced: String?
  private let lock: FolderLock
  private let saved: Mutex<Bool>
  private let state: Mutex<State>

  private struct State {
    var manifest: RunManifest
    var checkpoints: CheckpointFolder
  }

  static let recipeFile = "recipe.yaml"
  static let logFile = "metrics.jsonl"
  /// The files that grow while the run goes on; a run that is resumed goes back to what its checkpoint knew.
  static let logs = [logFile, EventFile.name]
  /// Every file that a run writes; checkpoints have a folder of their own.
  static let files = [recipeFile, Report.file, RunManifest.file, SplitRecord.file] + logs + AdapterFolder.files

  /// Makes the folder and writes recipe and manifest, and which rows went where, where the data were split.
  ///
  /// Throws where the path exists, unless `overwrite` says so and it is a run or an empty folder. What it replaces is
  /// kept beside it under the name `….replaced` until this run has come to its first evaluation or to its end.
  /// `command` is the command line for the manifest.
  public init(
    _ path: String, recipe: Recipe, split: SplitRecord? = nil, overwrite: Bool = false, command: [String] = [],
    checkpoints plan: CheckpointPlan = CheckpointPlan()
  ) throws {
    try Self.check(path, overwrite: overwrite)
    var manifest = RunManifest(recipe: recipe, session: RunSession(command: command))
    self.path = path
    isResumed = false
    saved = Mutex(false)
    let isThere = FileSystem.exists(path)
    if isThere { _ = try FolderLock(path) }
    replaced = isThere ? Self.replacedPath(path) : nil
    manifest.replaces = isThere
    state = Mutex(State(manifest: manifest, checkpoints: CheckpointFolder(run: path, plan: plan)))
    // Under another name first: a process that dies leaves a run that can go on, or nothing of that name.
    let temporary = FileSystem.temporaryPath(beside: path)
    do {
      try FileSystem.makeFolder(temporary)
      lock = try FolderLock(temporary)
      try FileSystem.write(recipe.yaml, to: "\(temporary)/\(Self.recipeFile)")
      if let split { try split.writeRecord(to: "\(temporary)/\(SplitRecord.file)") }
      try manifest.write(to: temporary)
      if let replaced { try FileSystem.move(path, to: replaced) }
      try FileSystem.move(temporary, to: path)
    } catch {
      FileSystem.remove(Self.files, in: temporary)
      if let replaced, !FileSystem.exists(path) { try? FileSystem.move(replaced, to: path) }
      throw error
    }
  }

  /// Opens the folder of a run that has not finished, to go on with it.
  ///
  /// Throws where there is no such run, where it has finished, or where another process is at it.
  public init(
    resuming path: String, command: [String] = [], checkpoints plan: CheckpointPlan = CheckpointPlan()
  ) throws {
    self.path = FileSystem.withoutSlash(path)
    isResumed = true
    // Once for its words where there is no run, and again: until it is locked another process may be at its end.
    _ = try RunManifest(ofRun: self.path)
    lock = try FolderLock(self.path)
    var manifest = try RunManifest(ofRun: self.path)
    guard manifest.outcome != .finished else {
      throw DiscernError(.cannotCreate, "\(path): found a finished run; expected one to go on with. \(Self.nextSteps)")
    }
    try manifest.checkRecipeFile(in: self.path)
    manifest.outcome = .running
    manifest.sessions.append(RunSession(command: command))
    // One of that name may be left from a run that this one has never replaced.
    replaced = manifest.replaces ? Self.replacedPath(self.path) : nil
    saved = Mutex(Self.hasAdapter(in: self.path))
    state = Mutex(State(manifest: manifest, checkpoints: CheckpointFolder(run: self.path, plan: plan)))
    FileSystem.removeTemporaries(in: self.path)
    try manifest.write(to: self.path)
  }

  /// Throws where a run cannot go into that folder: before the model is read is the time to know.
  public static func check(_ path: String, overwrite: Bool = false) throws {
    guard FileSystem.exists(path) else {
      var parent = FileSystem.parent(of: path)
      while !FileSystem.exists(parent) { parent = FileSystem.parent(of: parent) }
      guard FileSystem.isFolder(parent) else {
        throw DiscernError(
          .cannotCreate,
          "\(path): the folder cannot be made: \(parent) is a file. Choose another name.")
      }
      guard access(parent, W_OK | X_OK) == 0 else {
        throw FileSystem.fault("\(path): the folder cannot be made in \(parent)")
      }
      return
    }
    guard overwrite else {
      let (found, remedy) = FoldFolder.describe(path) ?? describe(path)
      throw DiscernError(.cannotCreate, "\(path): found \(found); expected a new folder. \(remedy)")
    }
    // Only what a run writes is ever moved or removed: a model or a home folder given by mistake must survive.
    let foreign = foreignName(in: path)
    guard FileSystem.isFolder(path), foreign == nil else {
      throw DiscernError(
        .cannotCreate,
        "\(path): found \(foreign.map { "\"\($0)\" in it" } ?? "a file"); expected nothing but the files of a run to "
          + "overwrite. Choose another name, or move what is yours.")
    }
    guard !FileSystem.exists(replacedPath(path)) else {
      throw DiscernError(
        .cannotCreate,
        "\(replacedPath(path)): found a run that was being replaced when its successor failed or was stopped; expected "
          + "no such folder. Rename it or remove it.")
    }
  }

  /// What lies in a folder besides the files of a run; nil where nothing does.
  static func foreignName(in path: String) -> String? {
    let names = FileSystem.names(in: path)
    let isRun = names.isEmpty || names.contains(recipeFile) || names.contains(PEFT.configurationFile)
    return names.first { name in
      !isRun || !files.contains(name) && name != CheckpointFolder.name && !FileSystem.isTemporary(name)
    } ?? CheckpointFolder.foreignName(in: path)
  }

  /// Whether there is a checkpoint to go on from.
  public var hasCheckpoint: Bool { withCheckpoints { !$0.sound.isEmpty } }

  /// Whether an adapter has been saved.
  public var hasAdapter: Bool { saved.withLock { $0 } }

  /// The run that this one replaces, while it is kept.
  public var keptReplaced: String? { replaced.flatMap { FileSystem.exists($0) ? $0 : nil } }

  /// Saves an adapter with its facts.
  public func save(_ classifier: Classifier, facts: [(String, JSON)]) throws {
    try classifier.adapter.write(
      to: path, base: classifier.base, basePath: FileSystem.absolute(classifier.base.place),
      tokenizer: classifier.tokenizer, facts: facts)
    saved.withLock { $0 = true }
  }

  /// Removes the run that this one replaces.
  func dropReplaced() throws {
    guard let replaced, manifest.replaces else { return }
    Self.remove(replaced)
    try note { $0.replaces = false }
  }

  /// Appends a line to the log, and its numbers to that of TensorBoard.
  public func log(_ entry: JSON) throws {
    let file = "\(path)/\(Self.logFile)"
    try FileSystem.append(to: file) { _ in Array((entry.serialized() + "\n").utf8) }
    try EventFile(path: "\(path)/\(EventFile.name)").append(
      EventFile.scalars(of: entry), step: entry["step"]?.int ?? 0)
  }

  /// What the run was made of, as far as known.
  public var manifest: RunManifest { state.withLock { $0.manifest } }

  /// Changes the manifest and writes it.
  func note(_ change: (inout RunManifest) throws -> Void) throws {
    try state.withLock { state in
      try change(&state.manifest)
      try state.manifest.write(to: path)
    }
  }

  /// Calls `body` with the run's checkpoints.
  func withCheckpoints<Result: Sendable>(_ body: (inout CheckpointFolder) throws -> Result) rethrows -> Result {
    try state.withLock { try body(&$0.checkpoints) }
  }

  /// Removes the folder again, and puts the replaced run back, where nothing has been saved; answers whether it is gone.
  ///
  /// A run that was there before stays: what an earlier process left in it may be hours of work.
  @discardableResult
  public func abandon() -> Bool {
    if isResumed || hasAdapter || hasCheckpoint { return false }
    let isGone = Self.remove(path) || !FileSystem.exists(path)
    if isGone, let replaced { try? FileSystem.move(replaced, to: path) }
    return isGone
  }

  /// Removes what a process that died at the very end of a run has left in its folder.
  public static func tidy(_ run: String) throws {
    let lock = try FolderLock(run)
    defer { withExtendedLifetime(lock) {} }
    var checkpoints = CheckpointFolder(run: run, plan: CheckpointPlan())
    checkpoints.removeAll()
    FileSystem.removeTemporaries(in: run)
  }

  /// Removes what a run writes, and the folder where nothing else is in it; answers whether it is gone.
  @discardableResult
  static func remove(_ path: String) -> Bool {
    var checkpoints = CheckpointFolder(run: path, plan: CheckpointPlan())
    checkpoints.removeAll()
    FileSystem.removeTemporaries(in: path)
    return FileSystem.remove(files, in: path)
  }

  /// Whether a run has saved an adapter.
  static func hasAdapter(in path: String) -> Bool { FileSystem.exists("\(path)/\(PEFT.configurationFile)") }

  /// Behind the name of what a run, or those of folds, replace.
  static let replacedSuffix = ".replaced"

  /// Where that lies while it is kept.
  static func replacedPath(_ path: String) -> String { FileSystem.withoutSlash(path) + replacedSuffix }
}
