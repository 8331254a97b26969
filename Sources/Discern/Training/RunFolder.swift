import Formats
import Glibc
import Synchronization

/// The folder of a training run: the recipe, a log of the run, and the best adapter so far.
///
/// ```swift
/// let folder = try RunFolder("runs/tickets", recipe: recipe)
/// let result = try trainer.run(train: train, dev: dev, into: folder)
/// ```
public final class RunFolder: Sendable {
  /// The folder.
  public let path: String
  private let replaced: String?
  private let saved = Mutex(false)

  static let recipeFile = "recipe.yaml"
  static let logFile = "metrics.jsonl"
  /// Everything that a run writes.
  static let files = [
    recipeFile, logFile, PEFT.configurationFile, PEFT.weightsFile, AdapterFolder.factsFile,
    AdapterFolder.transitionsFile,
    "README.md", EventFile.name, Report.file, SplitRecord.file,
  ]

  /// Makes the folder and writes the recipe.
  ///
  /// Throws where the path exists, unless `overwrite` says so and it is a run or an empty folder. What it replaces is
  /// kept beside it under the name `….replaced` until the first adapter of this run has been saved.
  public init(_ path: String, recipe: Recipe, overwrite: Bool = false) throws {
    try Self.check(path, overwrite: overwrite)
    self.path = path
    replaced = FileSystem.exists(path) ? Self.replacedPath(path) : nil
    if let replaced { try FileSystem.move(path, to: replaced) }
    do {
      try FileSystem.makeFolder(path)
      try FileSystem.write(recipe.yaml, to: "\(path)/\(Self.recipeFile)")
    } catch {
      abandon()
      throw error
    }
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
      throw DiscernError(
        .cannotCreate,
        "\(path): found something of that name; expected a new folder. "
          + "Choose another name, or replace the run with --overwrite.")
    }
    // Only what a run writes is ever moved or removed: a model or a home folder given by mistake must survive.
    let names = FileSystem.names(in: path)
    let isRun =
      names.isEmpty || names.contains(recipeFile) || names.contains(PEFT.configurationFile)
    let foreign = names.first { !isRun || !files.contains($0) }
    guard FileSystem.isFolder(path), foreign == nil else {
      throw DiscernError(
        .cannotCreate,
        "\(path): found \(foreign.map { "\"\($0)\" in it" } ?? "a file"); expected nothing but the files of a run to "
          + "overwrite. Choose another name, or move what is yours.")
    }
    guard !FileSystem.exists(replacedPath(path)) else {
      throw DiscernError(
        .cannotCreate,
        "\(replacedPath(path)): found a run that was being replaced when its successor failed; expected no such "
          + "folder. Rename it or remove it.")
    }
  }

  /// Whether an adapter has been saved.
  public var hasAdapter: Bool { saved.withLock { $0 } }

  /// Saves an adapter with its facts; the run that this one replaces is then removed.
  public func save(_ classifier: Classifier, facts: [(String, JSON)]) throws {
    try classifier.adapter.write(
      to: path, base: classifier.base, basePath: FileSystem.absolute(classifier.base.place),
      tokenizer: classifier.tokenizer, facts: facts)
    saved.withLock { saved in
      if let replaced, !saved { FileSystem.remove(Self.files, in: replaced) }
      saved = true
    }
  }

  /// Appends a line to the log, and its numbers to that of TensorBoard.
  public func log(_ entry: JSON) throws {
    let file = "\(path)/\(Self.logFile)"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileSystem.fault("\(file): it cannot be written") }
    defer { close(descriptor) }
    let line = Array((entry.serialized() + "\n").utf8)
    guard write(descriptor, line, line.count) == line.count else {
      throw FileSystem.fault("\(file): it cannot be written")
    }
    try EventFile(path: "\(path)/\(EventFile.name)").append(
      EventFile.scalars(of: entry), step: entry["step"]?.int ?? 0)
  }

  /// Removes the folder again, and puts the replaced run back, where no adapter has been saved.
  public func abandon() {
    if hasAdapter { return }
    let isGone = FileSystem.remove(Self.files, in: path) || !FileSystem.exists(path)
    if isGone, let replaced { try? FileSystem.move(replaced, to: path) }
  }

  private static func replacedPath(_ path: String) -> String {
    FileSystem.withoutSlash(path) + ".replaced"
  }
}
