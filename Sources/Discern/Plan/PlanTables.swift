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
    if memory.states > 0 {
      let place = memory.statesInFile ? " (in a file, not counted)" : ""
      table.append(["states of the frozen layers" + place, memory.states.megabytes])
    }
    table.append(["at the peak", memory.peak.megabytes])
    return table
  }

  private func table(of time: Time) -> TextTable {
    var table = TextTable(["time", "", ""], alignments: [.left, .right, .left])
    let speed = Double(tokens) / max(time.epoch, 1e-9)
    table.append(["reading model and texts", time.loading.span, ""])
    if time.keeping > 0 { table.append(["the frozen layers, once", time.keeping.span, ""]) }
    table.append(["an epoch", time.epoch.span, "\(steps) steps, \(speed.fixed(0)) tokens/s"])
    if time.evaluation > 0 { table.append(["an evaluation", time.evaluation.span, ""]) }
    let evaluations = time.evaluations == 0 ? "" : ", \(time.evaluations) evaluations"
    table.append(["the run", time.run.span, "\(epochs) epochs\(evaluations)"])
    table.append(["timed", time.timedSeconds.span, "\(time.timedSteps) steps"])
    return table
  }

  private var changeTable: TextTable {
    let last = time == nil ? [] : ["the run"]
    var table = TextTable(
      ["with", "MB", "saves", "time"] + last + [""],
      alignments: [.left, .right, .right, .right] + last.map { _ in .right } + [.left])
    for change in changes {
      let saved = "\((100 * (1 - Double(change.peak) / Double(memory.peak))).fixed(0)) %"
      let run = time.map { [$0.run(at: change.time).span] } ?? []
      table.append(
        [change.option, change.peak.megabytes, saved, "× \(change.time.fixed(2))"] + run + [change.price])
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
