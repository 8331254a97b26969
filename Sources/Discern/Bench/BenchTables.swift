extension BenchReport {
  /// The numbers as tables for people.
  public var table: String {
    var text = """
      \(processor), \(instructionSet), \(threads) thread\(threads == 1 ? "" : "s")
      multiply-adds \((peakOfOne / 1e9).fixed(1)) GFLOP/s on one thread, \((peak / 1e9).fixed(1)) on \(threads); \
      memory \((bandwidth / 1e9).fixed(1)) GB/s
      \(model): \((Double(parameters) / 1e6).fixed(1)) M values in the projections

      """
    if !measurements.isEmpty { text += "\n" + measurementTable.text }
    if let loading { text += "\n" + loading.line }
    if let tokenising { text += "\n" + tokenising.line }
    for measurement in measurements {
      guard let profile = measurement.profile else { continue }
      text += "\nWhere the time goes: \(measurement.what.title)\n"
      text += profile.table(peakOfThread: peak / Double(threads)).text
    }
    return text
  }

  private var measurementTable: TextTable {
    var table = TextTable(["", "tokens", "seconds", "tokens/s", "GFLOP/s", "of the peak", "peak memory"])
    for measurement in measurements {
      table.append([
        measurement.what.title, "\(measurement.tokens)", measurement.seconds.fixed(measurement.seconds < 1 ? 4 : 2),
        measurement.speed.fixed(1), (measurement.operationsPerSecond / 1e9).fixed(1),
        measurement.percentOfPeak.fixed(1) + " %", measurement.peakMemory.megabytes,
      ])
    }
    return table
  }
}

extension BenchReport.Loading {
  fileprivate var line: String {
    "load: \(total.milliseconds) (file \(open.milliseconds), weights \(weights.milliseconds), "
      + "tokenizer \(tokenizer.milliseconds)), peak memory \(peakMemory.megabytes)\n"
  }
}

extension BenchReport.Tokenising {
  fileprivate var line: String {
    "tokenise: \((speed / 1e6).fixed(1)) MB/s on one core (\(texts) texts, \((Double(bytes) / 1e6).fixed(2)) MB, "
      + "\(tokens) tokens, \(seconds.milliseconds))\n"
  }
}

extension KernelProfile {
  /// A row for each group that ran, and one for what is outside of kernels.
  fileprivate func table(peakOfThread: Double) -> TextTable {
    var table = TextTable(["", "calls", "thread-seconds", "share", "GFLOP/s", "of the thread's peak"])
    for group in KernelGroup.allCases {
      guard let entry = entries[group] else { continue }
      let speed = entry.operations / max(entry.seconds, 1e-9)
      table.append([
        group.rawValue, "\(entry.calls)", entry.seconds.fixed(4), share(entry.seconds),
        entry.operations > 0 ? (speed / 1e9).fixed(1) : "",
        entry.operations > 0 ? (100 * speed / peakOfThread).fixed(1) + " %" : "",
      ])
    }
    table.append(["outside kernels, waiting", "", remainder.fixed(4), share(remainder), "", ""])
    return table
  }

  private func share(_ seconds: Double) -> String {
    (100 * seconds / max(threadSeconds, 1e-9)).fixed(1) + " %"
  }
}

extension Int {
  fileprivate var megabytes: String { (Double(self) / 1e6).fixed(0) + " MB" }
}

extension Double {
  fileprivate var milliseconds: String { (self * 1e3).fixed(1) + " ms" }
}
