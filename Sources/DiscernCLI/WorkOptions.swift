import ArgumentParser
import Discern

/// How results and progress are printed.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the result as one JSON object.")
  var json = false
  @Flag(help: "No progress; warnings are still printed.")
  var quiet = false
}

/// What the verbs take that work through labelled data.
struct WorkOptions: ParsableArguments {
  @OptionGroup var output: OutputOptions
  @OptionGroup var threading: ThreadOptions
  @OptionGroup var input: DataOptions

  var json: Bool { output.json }
  var quiet: Bool { output.quiet }
  var threads: Int? { threading.threads }

  /// Runs work that says how far it is (a share and what it is at) until it is done, or the user stops it.
  func withProgress<Result>(
    _ work: (_ progress: @escaping (_ share: Double, _ what: String) throws -> Void) throws -> Result
  ) throws -> Result {
    Interruption.listen("stopping; once more to stop at once")
    let line = ProgressLine()
    defer { line.clear() }
    do {
      return try work { share, what in
        if !quiet { line.show(share, what) }
        if Interruption.isRequested { throw CancellationError() }
      }
    } catch is CancellationError {
      throw ExitCode(Interruption.exitCode)
    }
  }
}
