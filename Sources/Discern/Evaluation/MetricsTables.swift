// The metrics as tables for people.

extension ClassificationMetrics {
  /// The scores of each class that occurs, then the averages and the accuracy.
  public var table: String {
    var table = TextTable(["class", "precision", "recall", "F1", "support"])
    for entry in perClass where entry.support + entry.predicted > 0 {
      table.append([entry.label] + entry.scores.cells + ["\(entry.support)"])
    }
    table.append([])
    table.append(["macro average"] + macro.cells + ["\(count)"])
    table.append(["weighted average"] + weighted.cells + ["\(count)"])
    table.append(["accuracy", "", "", accuracy.fixed(4), "\(count)"])
    return table.text
  }

  /// The confusion matrix of the classes that occur (rows gold, columns predicted) or, where it would be wider than
  /// `width` characters, the pairs that are most often confused.
  public func confusionTable(width: Int = 100, pairs: Int = 20) -> String {
    let shown = perClass.indices.filter { perClass[$0].support + perClass[$0].predicted > 0 }
    // A column has a digit and two spaces at least.
    guard 3 * shown.count <= width else { return pairsTable(limit: pairs) }
    var table = TextTable(["gold \\ predicted"] + shown.map { perClass[$0].label })
    for row in shown {
      table.append([perClass[row].label] + shown.map { "\(confused(row, $0))" })
    }
    let text = table.text
    let widest = text.split(separator: "\n").lazy.map(\.count).max() ?? 0
    return widest <= width ? text : pairsTable(limit: pairs)
  }

  private func pairsTable(limit: Int) -> String {
    let all = confusions()
    if all.isEmpty { return "No class was taken for another.\n" }
    var table = TextTable(
      ["gold", "predicted", "count", "share of gold"], alignments: [.left, .left, .right, .right])
    for pair in all.prefix(limit) {
      table.append(
        [pair.gold, pair.predicted, "\(pair.count)", (100 * pair.share).fixed(1) + "%"])
    }
    let rest = all.count - limit
    return table.text + (rest > 0 ? "and \(rest) more pair\(rest == 1 ? "" : "s")\n" : "")
  }
}

extension MultiLabelMetrics {
  /// The scores of each label, then the averages, and how often whole sets and single decisions are right.
  public var table: String {
    var table = TextTable(["label", "precision", "recall", "F1", "support"])
    for entry in perClass { table.append([entry.label] + entry.scores.cells + ["\(entry.support)"]) }
    table.append([])
    for (name, scores) in [("micro", micro), ("macro", macro), ("weighted", weighted), ("samples", samples)] {
      table.append(["\(name) average"] + scores.cells + ["\(count)"])
    }
    table.append(["exact match", "", "", exactMatch.fixed(4), "\(count)"])
    table.append(["hamming loss", "", "", hammingLoss.fixed(4), "\(count)"])
    return table.text
  }
}

extension RegressionMetrics {
  /// The scores of each target, and their means where there are several; `-` where one is not defined.
  public var table: String {
    var table = TextTable(["target", "MSE", "MAE", "R2", "Pearson", "Spearman"])
    for target in targets + (targets.count > 1 ? [mean] : []) {
      let scores = [target.squaredError, target.absoluteError, target.r2, target.pearson, target.spearman]
      table.append([target.name] + scores.map { $0?.fixed(4) ?? "-" })
    }
    return table.text + "\(count) examples\n"
  }
}

extension TagMetrics {
  /// The scores of each type and their averages, first as conlleval counts, then strictly, and the accuracy.
  public var table: String {
    "Spans as conlleval counts them (lenient):\n" + conlleval.table
      + "\nSpans counted strictly (IOB2):\n" + strict.table
      + "\ntoken accuracy \(accuracy.fixed(4)) (\(correctTags) of \(tokens))\n"
  }
}

extension EntityMetrics {
  /// The scores of each type, then the averages.
  public var table: String {
    var table = TextTable(["type", "precision", "recall", "F1", "gold", "found", "correct"])
    for entry in perType {
      table.append([entry.type] + entry.counts.scores.cells + entry.counts.cells)
    }
    table.append([])
    table.append(["micro average"] + micro.cells + overall.cells)
    table.append(["macro average"] + macro.cells + ["", "", ""])
    return table.text
  }
}

extension EntityMetrics.Counts {
  fileprivate var cells: [String] { ["\(gold)", "\(found)", "\(correct)"] }
}

extension Scores {
  fileprivate var cells: [String] { [precision, recall, f1].map { $0.fixed(4) } }
}
