/// What a training run will take, found out before it starts.
public struct RunPlan: Sendable {
  /// Resident bytes at the run's peak, by what holds them.
  public struct Memory: Sendable {
    /// The program, the tokenizer and the texts.
    public let program: Int
    /// Weights that are mapped from the model's files.
    public let weights: Int
    /// Weights that had to be copied, because the file has their rows in another order.
    public let copies: Int
    /// The adapter, its gradients and the optimiser's moments.
    public let training: Int
    /// What the layers keep between forward and backward, and what they use on the way.
    public let activations: Int
    /// States of the frozen layers that are kept from epoch to epoch, and whether they go to a file instead.
    public let states: Int, statesInFile: Bool

    /// All together.
    public var peak: Int { program + weights + copies + training + activations + (statesInFile ? 0 : states) }
  }

  /// Seconds, from steps that were timed.
  public struct Time: Sendable {
    /// Steps that were timed, and what they took.
    public let timedSteps: Int, timedSeconds: Double
    /// Reading model and texts; what was read before the plan began is not counted.
    public internal(set) var loading = 0.0
    /// Running the frozen layers once over all texts, where their states are kept.
    public let keeping: Double
    /// An epoch of training, without evaluation.
    public let epoch: Double
    /// An evaluation on dev; 0 without dev data.
    public let evaluation: Double
    /// How many there are of these.
    public let epochs: Int, evaluations: Int

    /// Everything, from the start to the end.
    public var run: Double { run(at: 1) }

    /// The same where the model's work takes so much of its time.
    func run(at factor: Double) -> Double {
      loading + factor * (keeping + Double(epochs) * epoch + Double(evaluations) * evaluation)
    }
  }

  /// A setting that would make another run of it.
  public struct Change: Sendable {
    /// As it is typed.
    public let option: String
    /// Resident bytes at the peak.
    public let peak: Int
    /// Time of the run in relation to that of the plan, by counted operations.
    public let time: Double
    /// What it costs besides.
    public let price: String
  }

  /// Texts and tokens of an epoch, and the lengths of all texts in tokens.
  public let texts: Int, tokens: Int, lengths: [Int]
  /// Epochs, steps of an epoch, and trained values.
  public let epochs: Int, steps: Int, parameters: Int
  public let threads: Int
  public let memory: Memory
  /// Bytes that this process may take, with those that it has; 0 where nobody knows.
  public let available: Int
  /// `nil` where no step was timed, because it would not fit.
  public let time: Time?
  public let changes: [Change]

  /// Whether the run fits into this machine's memory as it is now.
  public var fits: Bool { available == 0 || memory.peak <= available }

  /// Texts by length: up to how many tokens, and how many texts; each bound is twice the one before.
  public var histogram: [(longest: Int, texts: Int)] {
    var bound = 8
    var bars: [(longest: Int, texts: Int)] = []
    let longest = lengths.max() ?? 0
    while bars.isEmpty || bars.last!.longest < longest {
      let range = (bars.last?.longest ?? 0) + 1...bound
      bars.append((bound, lengths.count { range.contains($0) }))
      bound *= 2
    }
    return bars
  }
}
