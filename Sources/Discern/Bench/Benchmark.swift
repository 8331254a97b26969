import Compute
import Formats

/// Measures training, inference and loading of one model beside what the machine can do at most.
///
/// ```swift
/// let report = try Benchmark(model: "models/a.gguf", repeats: 5).run([.trainShortQV, .inferOne])
/// print(report.measurements[0].percentOfPeak)
/// ```
///
/// Every piece of work stands between two bursts of bare multiply-adds on the same threads, so that a neighbour who
/// takes a core away slows both.
public struct Benchmark {
  let model: String
  let threads: Int
  let repeats: Int
  let recomputes: Bool
  let texts: [String]?

  /// A benchmark of the model at a path.
  ///
  /// With `recomputes` the training steps keep no activations but the layers' inputs. `texts` are what the tokenizer is
  /// measured on; without them it gets made-up prose.
  public init(
    model: String, threads: Int? = nil, repeats: Int = 5, recomputes: Bool = false, texts: [String]? = nil
  ) {
    precondition(repeats > 0, "at least one repetition")
    self.model = model
    self.recomputes = recomputes
    self.texts = texts
    self.threads = threads ?? Processors.count
    self.repeats = repeats
  }

  /// Measures the cases one after the other; `observe` is told each before it begins.
  public func run(
    _ cases: [BenchCase], profile: Bool = false, observe: (BenchCase) -> Void = { _ in }
  ) throws -> BenchReport {
    let configuration = try openCheckpoint(model).configuration
    var report = BenchReport(
      model: model, parameters: WorkCount(configuration).parameters, processor: Processors.name,
      instructionSet: InstructionSet.current.rawValue, threads: threads, repeats: repeats)
    var meter = PeakMeter(threads: threads)
    var single = PeakMeter(threads: 1)
    for what in cases {
      observe(what)
      _ = single.measure()
      switch what {
      case .load: report.loading = try measureLoading()
      case .tokenise: report.tokenising = try measureTokenising()
      default: report.measurements.append(try measure(what, profile: profile, &meter))
      }
      _ = meter.measure()
      for _ in 0..<4 { _ = single.measure() }
    }
    report.peakOfOne = single.bursts.median
    report.peak = meter.bursts.median
    report.bandwidth = PeakMeter.bandwidth(threads: threads)
    return report
  }

  private func measure(_ what: BenchCase, profile: Bool, _ meter: inout PeakMeter) throws
    -> BenchReport.Measurement
  {
    ResidentMemory.forgetPeak()
    var repetitions: [Double] = []
    var percents: [Double] = []
    let work = try work(what, on: CPUBackend())
    // Once for the memory pool, the page cache and the branch predictors.
    for piece in work.pieces { piece.run() }
    // A latency is short, and many of them cost nothing.
    for _ in 0..<(what == .inferOne ? 10 * repeats : repeats) {
      let (seconds, possible) = repetition(work, &meter)
      repetitions.append(seconds)
      percents.append(100 * work.operations / possible)
    }
    let memory = ResidentMemory.peak
    return BenchReport.Measurement(
      what: what, lengths: what.texts.lengths, operations: work.operations, repetitions: repetitions,
      percents: percents, peakMemory: memory, profile: profile ? try self.profile(what) : nil)
  }

  /// Seconds of a repetition, and the operations that bare multiply-adds would have done in them.
  private func repetition(_ work: BenchWork, _ meter: inout PeakMeter) -> (Double, Double) {
    var sum = 0.0
    var possible = 0.0
    var before = meter.measure()
    for piece in work.pieces {
      let start = Clock.seconds
      piece.run()
      let seconds = Clock.seconds - start
      // A long piece is judged by a long burst.
      let bursts = max(1, min(10, Int(seconds / 0.5)))
      let after = (0..<bursts).reduce(0.0) { sum, _ in sum + meter.measure() } / Double(bursts)
      sum += seconds
      possible += seconds * (before + after) / 2
      before = after
    }
    return (sum, possible)
  }

  /// A repetition with a clock around every kernel.
  private func profile(_ what: BenchCase) throws -> KernelProfile {
    let backend = ProfilingBackend(CPUBackend())
    let work = try work(what, on: backend)
    for piece in work.pieces { piece.run() }
    _ = backend.takeProfile()
    let start = Clock.seconds
    for piece in work.pieces { piece.run() }
    let seconds = Clock.seconds - start
    var profile = backend.takeProfile()
    profile.threadSeconds = seconds * Double(threads)
    return profile
  }

  private func work(_ what: BenchCase, on backend: any Backend) throws -> BenchWork {
    let checkpoint = try openCheckpoint(model)
    let base = try BaseModel(checkpoint, on: backend)
    var recipe = what.recipe
    recipe.recompute = recomputes
    if what.trains { return try .training(recipe, what.texts, base, threads: threads) }
    return try .inference(recipe, what.texts, base, try checkpoint.tokenizer(), threads: threads)
  }

  private func measureLoading() throws -> BenchReport.Loading {
    ResidentMemory.forgetPeak()
    var times: [[Double]] = []
    for _ in 0...repeats {
      let start = Clock.seconds
      let checkpoint = try openCheckpoint(model)
      let opened = Clock.seconds
      let base = try BaseModel(checkpoint, on: CPUBackend())
      let made = Clock.seconds
      let tokenizer = try checkpoint.tokenizer()
      let end = Clock.seconds
      withExtendedLifetime((base, tokenizer)) {}
      times.append([opened - start, made - opened, end - made])
    }
    // The first time warms the page cache; a cold disk is another measurement.
    let medians = (0..<3).map { part in times.dropFirst().map { $0[part] }.median }
    return BenchReport.Loading(
      open: medians[0], weights: medians[1], tokenizer: medians[2], peakMemory: ResidentMemory.peak)
  }
  private func measureTokenising() throws -> BenchReport.Tokenising {
    let tokenizer = try openCheckpoint(model).tokenizer()
    let texts = texts ?? MadeUpProse.texts
    var tokens = 0
    // On one thread a core's own time tells more than the wall's, which neighbours stretch.
    var times: [Double] = []
    for _ in 0...repeats {
      let start = Clock.threadSeconds
      tokens = texts.reduce(0) { $0 + tokenizer.encode($1, addSpecialTokens: false).tokens.count }
      times.append(Clock.threadSeconds - start)
    }
    // The first time fills tables and caches.
    return BenchReport.Tokenising(
      texts: texts.count, bytes: texts.reduce(0) { $0 + $1.utf8.count }, tokens: tokens,
      seconds: Array(times.dropFirst()).median)
  }
}
