import ArgumentParser
import Compute
import Discern
import Foundation
import TestSupport

/// Measures every row of the op table on one thread.
@main struct OpTable: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "op-table",
    abstract: "Measures every kernel on the shapes of a model, one thread, as CSV.",
    discussion: """
      Each row stands between bursts of bare multiply-adds; of_peak compares the two. gigabytes counts what goes in and out \
      once, activations alone. Medians.
      """)

  enum Shape: String, CaseIterable, ExpressibleByArgument {
    case smollm2 = "smollm2-135m"
    case llama7B = "llama-2-7b"

    var shape: OpShape { self == .smollm2 ? .smolLM2 : .llama7B }
  }

  @Option(help: "Whose shapes.") var shape = Shape.smollm2
  @Option(help: ArgumentHelp("Only rows whose name contains this.", valueName: "text")) var only = ""
  @Option(help: ArgumentHelp("Repetitions.", valueName: "n")) var repeats = 15

  func validate() throws {
    guard repeats > 0 else { throw ValidationError("--repeats: found \(repeats); expected at least 1") }
  }

  func run() {
    print("op,microseconds,gigaflops,of_peak,gigabytes_per_second")
    var meter = PeakMeter(threads: 1)
    for op in OpCase.all(shape.shape) where only.isEmpty || op.name.contains(only) {
      print(Row(op, repeats: repeats, &meter).csv)
    }
  }
}

/// One kernel's measurement.
private struct Row {
  let op: OpCase
  let seconds: Double
  /// Of the peak around each repetition.
  let share: Double
  let bytes: Int

  /// Seconds that a repetition should last at least: kernels are shorter than the clock's disturbances.
  private static let least = 0.004

  init(_ op: OpCase, repeats: Int, _ meter: inout PeakMeter) {
    self.op = op
    let backend = CPUBackend()
    let inputs = op.randomInputs(on: backend)
    let kernel = op.prepare(inputs, backend)
    let results = kernel()
    bytes = (inputs + results).reduce(0) { $0 + $1.count * MemoryLayout<Float>.size }
    let once = Row.time { _ = kernel() }
    let times = max(1, Int(Row.least / max(once, 1e-7)))
    var seconds: [Double] = []
    var shares: [Double] = []
    for _ in 0..<repeats {
      let before = meter.measure()
      let time = Row.time { for _ in 0..<times { _ = kernel() } } / Double(times)
      seconds.append(time)
      shares.append(op.operations / time / ((before + meter.measure()) / 2))
    }
    self.seconds = seconds.median
    share = shares.median
  }

  var csv: String {
    let isArithmetic = op.operations > 0
    return [
      "\"\(op.name)\"", String(format: "%.2f", seconds * 1e6),
      isArithmetic ? String(format: "%.1f", op.operations / seconds * 1e-9) : "",
      isArithmetic ? String(format: "%.3f", share) : "", String(format: "%.1f", Double(bytes) / seconds * 1e-9),
    ].joined(separator: ",")
  }

  private static func time(_ body: () -> Void) -> Double {
    let start = Clock.seconds
    body()
    return Clock.seconds - start
  }
}
