import ArgumentParser
import Discern

@main struct DiscernCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discern",
    abstract: "Turns language models of the LLaMA family into text classifiers and taggers.",
    discussion: """
      A classifier gives each text one of your labels, a tagger gives each word a tag. Training \
      leaves the model as it is and writes an adapter of a few megabytes.

      Examples:
        discern train --model MODEL --data train.jsonl --dev dev.jsonl --out runs/a
        discern evaluate runs/a --data test.jsonl
        discern compare runs/a runs/b --data test.jsonl
        discern predict runs/a "Where is my invoice?"

      Results go to the standard output, progress and warnings to the standard error. Exit codes: \
      0 done, 64 wrong usage, 65 bad data, 66 no such input, 71 out of memory, 73 the output cannot \
      be made, 74 reading or writing failed, 77 no permission, 78 wrong settings, 129, 130 and 143 stopped.
      """,
    version: "discern \(DiscernVersion.current)",
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, CompareCommand.self, PredictCommand.self, CheckCommand.self,
      InspectCommand.self, ReportCommand.self, CalibrateCommand.self, MergeCommand.self, ProbeCommand.self,
      AuditCommand.self, PlanCommand.self, BenchCommand.self,
    ])

  static func main() {
    Failure.listen()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      Failure.exit(error)
    }
  }
}
