import ArgumentParser
import Discern
import Formats

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures speed beside what the machine can do at most.",
    discussion: """
      Steps of training and answers on made-up texts, and loading. "Of the peak" compares them with bare \
      multiply-adds on the same threads, measured between the steps. Counted are 4 operations for each \
      weight and token in training, 2 in inference, and attention; LoRA, norms and the like are not, so \
      that 100 % cannot be reached.

      Examples:
        discern bench --model models/SmolLM2.gguf
        discern bench --model models/SmolLM2.gguf --what train-short-qv --profile
        discern bench --model models/SmolLM2.gguf --threads 1 --json | jq .peak_flops

      What can be measured:
        train-short-qv     64 texts of 3 to 64 tokens in batches of 8, LoRA on q, v
        train-short-all    the same, LoRA on all seven projections
        train-uniform-qv   one batch of 16 texts of 128 tokens, LoRA on q, v
        train-uniform-all  the same, LoRA on all seven projections
        train-4x64         one batch of 4 texts of 64 tokens, LoRA on q, v
        infer-short        the 64 short texts in one call
        infer-one          one text of 12 tokens
        load               opening the model and its tokenizer
        tokenise           turning texts into tokens, on one thread
      'train' and 'infer' stand for all of their kind. Close other programs before you believe a number.
      """)

  @Option(help: ArgumentHelp("Model folder or .gguf file.", valueName: "path"))
  var model: String
  @Option(
    help: ArgumentHelp("What to measure: all, or names from above with commas.", valueName: "names"))
  var what = "all"
  @Option(help: ArgumentHelp("Repetitions; medians are shown.", valueName: "n"))
  var repeats = 5
  @Flag(help: "Train as with --recompute: less memory, more time.")
  var recompute = false
  @Option(
    help: ArgumentHelp("Texts to tokenise, one on a line, instead of made-up prose.", valueName: "file"))
  var text: String?
  @Flag(help: "Also run each case once with a clock around every kernel, and show where the time goes.")
  var profile = false
  @Flag(help: "Print all numbers as one JSON object.")
  var json = false
  @Flag(help: "Do not say what is being measured.")
  var quiet = false
  @Option(
    help: ArgumentHelp("Threads. (default: OMP_NUM_THREADS, or all processors)", valueName: "n"))
  var threads: Int?

  func validate() throws {
    guard (1...1000).contains(repeats) else {
      throw ValidationError("--repeats: found \(repeats); expected a number from 1 to 1000.")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: found \(threads); expected a number from 1 to 1024.")
    }
  }

  func run() throws {
    let cases = try BenchCase.list(what)
    try DataOptions.require(model)
    let benchmark = Benchmark(
      model: model, threads: threads, repeats: repeats, recomputes: recompute, texts: try text.map(Self.lines))
    let report = try benchmark.run(cases, profile: profile) {
      if !quiet { Messages.note("measuring: \($0.title)") }
    }
    var output = StandardOutput()
    try output.write(json ? report.json.serialized() + "\n" : report.table)
    try output.flush()
  }

  /// The lines of a file that are not empty.
  private static func lines(_ path: String) throws -> [String] {
    try DataOptions.require(path)
    let file = try MappedFile(path)
    guard let text = file.withBytes({ String(validating: $0, as: UTF8.self) }) else {
      throw FormatError(path, found: "bytes that are not UTF-8", expected: "a text file")
    }
    let lines = text.utf8.split(separator: UInt8(ascii: "\n")).map { String(Substring($0)) }
    guard !lines.isEmpty else { throw FormatError(path, found: "no text", expected: "lines of text") }
    return lines
  }
}
