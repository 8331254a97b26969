import ArgumentParser

/// What a run reads and writes.
struct TrainFiles: ParsableArguments {
  @Option(help: ArgumentHelp("Model folder or .gguf file.", valueName: "path"))
  var model: String
  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Training data: \(DataOptions.filesHelp).", valueName: "file"))
  var data: [String]
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Data to choose the best adapter by. Without it the last one is kept.", valueName: "file"))
  var dev: [String] = []
  @Option(help: ArgumentHelp("Folder to make for the run.", valueName: "folder"))
  var out: String

  func validate() throws {
    if (data + dev).count(where: { $0 == "-" }) > 1 {
      throw ValidationError("The standard input can be read only once.")
    }
  }
}
