/// What a benchmark found.
public struct BenchReport: Sendable {
  /// One case's numbers; medians over the repetitions.
  public struct Measurement: Sendable {
    /// What was measured.
    public let what: BenchCase
    /// Lengths of the texts of each batch; a repetition runs all of them.
    public let lengths: [[Int]]
    /// Counted floating-point operations of a repetition.
    public let operations: Double
    /// Seconds of each repetition.
    public let repetitions: [Double]
    /// Of each repetition: its operations in percent of those that bare multiply-adds did in the same time, measured
    /// before and after every piece of it.
    public let percents: [Double]
    /// The most bytes resident in this case.
    public let peakMemory: Int
    /// Where the time went, if that was asked for.
    public let profile: KernelProfile?

    /// Tokens of a repetition.
    public var tokens: Int { lengths.joined().reduce(0, +) }
    /// Seconds of a repetition.
    public var seconds: Double { repetitions.median }
    /// Tokens per second.
    public var speed: Double { Double(tokens) / seconds }
    /// Counted operations per second.
    public var operationsPerSecond: Double { operations / seconds }
    /// Percent of the measured peak.
    public var percentOfPeak: Double { percents.median }
  }

  /// Seconds that loading took, by part; medians.
  public struct Loading: Sendable {
    /// Opening the file and reading its header.
    public let open: Double
    /// Making the model.
    public let weights: Double
    /// Making the tokenizer.
    public let tokenizer: Double
    /// The most bytes resident.
    public let peakMemory: Int

    /// All together.
    public var total: Double { open + weights + tokenizer }
  }

  /// How fast texts become tokens on one thread, in its own time; medians.
  public struct Tokenising: Sendable {
    /// What was encoded: the number of texts, their bytes in UTF-8, and their tokens.
    public let texts: Int, bytes: Int, tokens: Int
    /// Seconds for all of them.
    public let seconds: Double

    /// Bytes of text per second.
    public var speed: Double { Double(bytes) / seconds }
  }

  /// The model's path and the values of its projections.
  public let model: String, parameters: Int
  /// The processor's name, and the instruction set in use.
  public let processor: String, instructionSet: String
  /// Threads used, and repetitions of each case.
  public let threads: Int, repeats: Int
  /// Multiply-adds: floating-point operations per second on one thread and on all; medians of the whole run.
  public internal(set) var peakOfOne = 0.0, peak = 0.0
  /// Bytes per second that all threads read from memory.
  public internal(set) var bandwidth = 0.0
  /// The cases that were measured.
  public internal(set) var measurements: [Measurement] = []
  /// Times of loading, if that was measured.
  public internal(set) var loading: Loading?
  /// The speed of the tokenizer, if that was measured.
  public internal(set) var tokenising: Tokenising?
}
