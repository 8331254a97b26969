import ArgumentParser

/// What a run reads and writes.
struct TrainFiles: ParsableArguments {
  @Option(help: ArgumentHelp("Model folder or .gguf file.", valueName: "path"))
  var model: String
  @Option(help: ArgumentHelp("Training data; - is the standard input.", valueName: "file"))
  var data: String
  @Option(
    help: ArgumentHelp(
      "Data to choose the best adapter by. Without it the last one is kept.", valueName: "file"))
  var dev: String?
  @Option(help: ArgumentHelp("Folder to make for the run.", valueName: "folder"))
  var out: String
}
