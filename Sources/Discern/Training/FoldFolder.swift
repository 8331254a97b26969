import Compute
import Formats
import Glibc
import Synchronization

/// The folder of a training of folds: a run for each, and what they are made of and have come to.
///
/// The record is there before the first run begins, so that what is left can be done whatever happens.
public final class FoldFolder: Sendable {
  /// The folder.
  public let path: String
  /// Whether it was there, and the training goes on in it.
  public let isResumed: Bool
  private let lock: FolderLock
  private let start = Clock.seconds
  private let state: Mutex<FoldRecord>

  /// Makes the folder and writes the record.
  ///
  /// Throws where the path exists, unless `overwrite` says so and nothing but runs of folds is in it. What it replaces is
  /// kept beside it under the name `….replaced` until the first fold is done. `command` is the command line for the
  /// record.
  public init(
    _ path: String, recipe: Recipe, split: SplitRecord, overwrite: Bool = false, command: [String] = []
  ) throws {
    let path = FileSystem.withoutSlash(path)
    try Self.check(path, overwrite: overwrite)
    self.path = path
    isResumed = false
    var record = FoldRecord(recipe: recipe, split: split, command: command)
    // Held until the new folder has the name.
    let old = FileSystem.exists(path) ? try FolderLock(path) : nil
    defer { withExtendedLifetime(old) {} }
    record.manifest.replaces = old != nil
    state = Mutex(record)
    let temporary = FileSystem.temporaryPath(beside: path)
    do {
      try FileSystem.makeFolder(temporary)
      lock = try FolderLock(temporary)
      try record.write(to: temporary)
      if old != nil { try FileSystem.move(path, to: RunFolder.replacedPath(path)) }
      try FileSystem.move(temporary, to: path)
    } catch {
      FileSystem.remove([FoldRecord.file], in: temporary)
      if old != nil, !FileSystem.exists(path) { try? FileSystem.move(RunFolder.replacedPath(path), to: path) }
      throw error
    }
  }

  /// Opens the folder of a training that has not finished, to go on with it.
  ///
  /// Throws where there is none, where it has finished, or where another process is at it.
  public init(resuming path: String, command: [String] = []) throws {
    self.path = FileSystem.withoutSlash(path)
    isResumed = true
    lock = try FolderLock(self.path)
    // Not before it is locked: whoever had it may have been at its end.
    var record = try FoldRecord(ofFolder: self.path)
    guard record.manifest.outcome != .finished else {
      throw DiscernError(
        .cannotCreate, "\(path): found folds that are all done; expected some to go on with. \(RunFolder.nextSteps)")
    }
    if record.done > 0 { Self.drop(&record, of: self.path) }
    for name in FileSystem.names(in: self.path) where FileSystem.isTemporary(name) {
      unlink("\(self.path)/\(name)")
      SealedFolder.remove("\(self.path)/\(name)")
    }
    record.manifest.outcome = .running
    record.manifest.sessions.append(RunSession(command: command))
    state = Mutex(record)
    try record.write(to: self.path)
  }

  /// What is known by now.
  public var record: FoldRecord { state.withLock { $0 } }

  /// The runs that these replace, while they are kept.
  public var keptReplaced: String? { record.manifest.replaces ? RunFolder.replacedPath(path) : nil }

  /// Notes what the folds are made of. Throws where recipe, model, data or the rows of each fold are not those that they
  /// began with.
  public func begin(_ trainer: Trainer, data: Dataset, split: SplitRecord) throws {
    try note { record in
      try record.manifest.check(trainer.recipe, place: "recipe")
      try record.manifest.check(model: try RunManifest.Model(trainer.base), train: RunManifest.Source(data), dev: nil)
      guard !isResumed || record.agrees(with: split) else {
        throw FormatError(
          "\(path)/\(FoldRecord.file)", found: "other rows in the folds than they are dealt out to now",
          expected: "the folds that the training began with", remedy: "Go on with the version that began it.")
      }
      record.manifest.sessions[record.manifest.sessions.count - 1].threads = trainer.threads
    }
  }

  /// The folder of a fold's run, new or to go on in; nil where that run has finished and is still to be measured.
  public func run(_ index: Int, recipe: Recipe, checkpoints plan: CheckpointPlan) throws -> RunFolder? {
    let run = self.path(of: index)
    if FileSystem.exists(run) {
      if try RunManifest(ofRun: run).outcome == .finished {
        try RunFolder.tidy(run)
        return nil
      }
      let hasCheckpoints = FileSystem.exists("\(run)/\(CheckpointFolder.name)")
      if hasCheckpoints || !RunFolder.hasAdapter(in: run) { return try RunFolder(resuming: run, checkpoints: plan) }
      // Nothing goes on from an adapter alone, and whatever was trained comes out again.
      RunFolder.remove(run)
    }
    return try RunFolder(run, recipe: recipe, checkpoints: plan)
  }

  /// Where a fold's run lies.
  public func path(of index: Int) -> String { "\(path)/\(FoldRecord.name(index))" }

  /// Notes what a fold has come to; the runs that these replace are then removed.
  public func note(_ summary: [(name: String, value: Double)], of index: Int) throws {
    try note { $0.results[index] = summary }
    if record.manifest.replaces { try note { Self.drop(&$0, of: path) } }
  }

  /// Notes how this process's part ended.
  public func end(_ outcome: RunManifest.Outcome) throws {
    try note { record in
      record.manifest.outcome = outcome
      record.manifest.sessions[record.manifest.sessions.count - 1].end(
        outcome, step: nil, seconds: Clock.seconds - start)
    }
  }

  /// Removes the folder again, and puts back what it replaces, where no fold has left anything; answers whether it is
  /// gone.
  public func abandon() -> Bool {
    guard !isResumed, FileSystem.names(in: path) == [FoldRecord.file] else { return false }
    let isGone = FileSystem.remove([FoldRecord.file], in: path)
    if isGone, let keptReplaced { try? FileSystem.move(keptReplaced, to: path) }
    return isGone
  }

  private func note(_ change: (inout FoldRecord) throws -> Void) throws {
    try state.withLock { record in
      try change(&record)
      try record.write(to: path)
    }
  }

  /// Removes what a training replaces.
  private static func drop(_ record: inout FoldRecord, of path: String) {
    guard record.manifest.replaces else { return }
    let replaced = RunFolder.replacedPath(path)
    for name in FileSystem.names(in: replaced) where isRun(name) { RunFolder.remove("\(replaced)/\(name)") }
    FileSystem.removeTemporaries(in: replaced)
    FileSystem.remove([FoldRecord.file], in: replaced)
    record.manifest.replaces = false
  }
}

extension FoldFolder {
  /// Throws where the runs cannot go into that folder: before the model is read is the time to know.
  public static func check(_ path: String, overwrite: Bool = false) throws {
    guard overwrite, FileSystem.exists(path) else { return try RunFolder.check(path) }
    let path = FileSystem.withoutSlash(path)
    let names = FileSystem.names(in: path)
    var foreign = names.first { $0 != FoldRecord.file && !isRun($0) && !FileSystem.isTemporary($0) }
    for run in names where foreign == nil && isRun(run) {
      foreign = RunFolder.foreignName(in: "\(path)/\(run)").map { "\(run)/\($0)" }
    }
    guard FileSystem.isFolder(path), foreign == nil else {
      throw DiscernError(
        .cannotCreate,
        "\(path): found \(foreign.map { "\"\($0)\" in it" } ?? "a file"); expected nothing but the runs of folds to "
          + "overwrite. Choose another name, or move what is yours.")
    }
    guard !FileSystem.exists(RunFolder.replacedPath(path)) else {
      throw DiscernError(
        .cannotCreate,
        "\(RunFolder.replacedPath(path)): found runs that were being replaced when their successors failed or were stopped; "
          + "expected no such folder. Rename it or remove it.")
    }
  }

  /// What lies at a path where new runs were to be made, and what to type; nil where it is no training of folds.
  static func describe(_ path: String) -> (found: String, remedy: String)? {
    guard FoldRecord.isThere(in: path), let record = try? FoldRecord(ofFolder: path) else { return nil }
    if record.manifest.outcome == .finished {
      return ("a finished training of \(record.count) folds", RunFolder.nextSteps)
    }
    return (
      "a training of folds with \(record.done) of \(record.count) folds done",
      "Go on with `discern train --resume \(path)`, choose another name, or replace the runs with --overwrite."
    )
  }

  /// Whether a name is that of a fold's run, or of one that a fold's run was replacing.
  private static func isRun(_ name: String) -> Bool {
    guard name.hasPrefix("fold-") else { return false }
    let number = name.dropFirst("fold-".count)
    let suffix = RunFolder.replacedSuffix
    return Int(number.hasSuffix(suffix) ? number.dropLast(suffix.count) : number) != nil
  }
}
