import ArgumentParser
import Discern

/// What a run reads and writes.
struct TrainFiles: ParsableArguments {
  @Option(help: ArgumentHelp("Model folder or .gguf file.", valueName: "path"))
  var model: String?
  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Training data: \(DataOptions.filesHelp).", valueName: "file"))
  var data: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Data to choose the best adapter by. Without it the last one is kept.", valueName: "file"))
  var dev: [String] = []
  @Option(help: ArgumentHelp("Folder to make for the run.", valueName: "folder"))
  var out: String?
  @Option(
    help: ArgumentHelp(
      "Go on with a run that was stopped or died; it needs no other option. Model and data may be "
        + "named anew where they have moved.",
      valueName: "run"))
  var resume: String?

  /// Throws where files are missing or do not go together.
  ///
  /// This is no `validate`: that would speak before the parser has named an option that there is not.
  func check() throws {
    func fault(_ message: String) -> WrongUsage { WrongUsage(verb: "train", message: message) }
    if (data + dev).count(where: { $0 == "-" }) > 1 { throw fault("The standard input can be read only once.") }
    if resume != nil {
      if out != nil { throw fault("--out: a run that is resumed stays in its folder.") }
      return
    }
    let needed = [("--model <path>", model), ("--data <file>", data.first), ("--out <folder>", out)]
    for (name, value) in needed where value == nil { throw fault("Missing expected argument '\(name)'") }
  }

  /// The same as `resolved`, for reading them. Throws where data came from the standard input and are not given anew:
  /// nobody is to wait for them at a terminal.
  func resumed(after first: TrainFiles, in session: RunSession) throws -> TrainFiles {
    for (name, own, other) in [("data", data, first.data), ("dev", dev, first.dev)]
    where own.isEmpty && other.contains("-") {
      throw WrongUsage(
        verb: "train",
        message: "--\(name): the run read these data from the standard input; give them again, as a file or -.")
    }
    return resolved(after: first, in: session)
  }

  /// The files of a run that is gone on with, named anew or as in the session that began it.
  func resolved(after first: TrainFiles, in session: RunSession) -> TrainFiles {
    let isElsewhere = session.folder != FileSystem.absolute(".") && FileSystem.isFolder(session.folder)
    func original(_ path: String) -> String {
      isElsewhere && path != "-" && !path.hasPrefix("/") ? "\(session.folder)/\(path)" : path
    }
    var files = self
    files.model = model ?? first.model.map(original)
    files.data = data.isEmpty ? first.data.map(original) : data
    files.dev = dev.isEmpty ? first.dev.map(original) : dev
    files.out = resume
    return files
  }
}
