extension RunPlan {
  /// The plan as tables for people.
  public var table: String {
    var text = lengthTable.text + "\n" + memoryTable.text
    text += available == 0 ? "" : "of \(available.megabytes) MB that this machine has free\n"
    if let time { text += "\n" + table(of: time).text }
    if !changes.isEmpty { text += "\n" + changeTable.text }
    return text
  }

  private var lengthTable: TextTable {
    var table = TextTable(["tokens", "texts", ""], alignments: [.right, .right, .left])
    let most = max(1, histogram.map(\.texts).max() ?? 1)
    for bar in histogram {
      let width = (30 * bar.texts + most - 1) / most
      table.append(["to \(bar.longest)", "\(bar.texts)", String(repeating: "█", count: width)])
    }
    return table
  }

  private var memoryTable: TextTable {
    var table = TextTable(["memory", "MB"])
    table.append(["program, tokenizer, texts", memory.program.megabytes])
    table.append(["model, mapped from its file", memory.weights.megabytes])
    if memory.copies > 0 { table.append(["model, copied into another order", memory.copies.megabytes]) }
    table.append(["adapter, gradients, optimiser", memory.training.megabytes])
    table.append(["activations", memory.activations.megabytes])
    table.append(["at the peak", memory.peak.megabytes])
    return table
  }

  private func table(of time: Time) -> TextTable {
    var table = TextTable(["time", "", ""], alignments: [.left, .right, .left])
    let speed = Double(tokens) / max(time.epoch, 1e-9)
    table.append(["an epoch", time.epoch.span, "\(steps) steps, \(speed.fixed(0)) tokens/s"])
    if time.evaluation > 0 { table.append(["an evaluation", time.evaluation.span, ""]) }
    table.append(["the run", time.run.span, "\(epochs) epochs"])
    table.append(["timed", time.timedSeconds.span, "\(time.timedSteps) steps"])
    return table
  }

  private var changeTable: TextTable {
    var table = TextTable(["with", "MB", "time"])
    for change in changes {
      table.append([change.option, change.peak.megabytes, "× \(change.time.fixed(2))"])
    }
    return table
  }
}

extension Int {
  fileprivate var megabytes: String { (Double(self) / 1e6).fixed(0) }
}

extension Double {
  /// Seconds as `4.1 s`, `3:20 min` or `2:05 h`.
  fileprivate var span: String {
    func pair(_ count: Int) -> String { "\(count / 60):\(count % 60 < 10 ? "0" : "")\(count % 60)" }
    switch self {
    case ..<60: return fixed(1) + " s"
    case ..<3600: return pair(Int(rounded())) + " min"
    default: return pair(Int((self / 60).rounded())) + " h"
    }
  }
}
