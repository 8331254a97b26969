extension Report {
  /// The scores of short and of long texts.
  var lengths: String {
    guard let subject, !subject.analysis.lengths.isEmpty else { return "" }
    let analysis = subject.analysis
    let charts = analysis.scoreNames.indices.prefix(2).map { lengthChart(analysis, $0).html }
    let rows = analysis.lengths.map { group in
      ["\(group.tokens.lowerBound) to \(group.tokens.upperBound)", "\(group.texts)"]
        + zip(group.scores, group.ranges).map { score, range in
          "\(score.fixed(3)) <small class=\"dim\">\(range.lowerBound.fixed(2)) to \(range.upperBound.fixed(2))</small>"
        }
    }
    let table = HTML.table(["tokens", "texts"] + analysis.scoreNames.map(title(of:)), rows)
    let note =
      "Under each bar its longest text in tokens and the number of texts; lines from end to end: 95 % bootstrap "
      + "intervals; dashed: all texts."
    var text =
      HTML.element("div", [("class", "charts")], charts.joined(separator: "\n"))
      + HTML.element("p", [("class", "dim small")], note)
      + HTML.element("details", [], "<summary>The same as a table</summary>" + table)
    if let warning = subject.evaluation.report.warning {
      text += HTML.element("p", [("class", "bad")], HTML.escaped(warning))
    }
    return Self.section("By length", text)
  }

  private func lengthChart(_ analysis: Analysis, _ score: Int) -> BinChart {
    let name = analysis.scoreNames[score]
    return BinChart(
      title: "\(title(of: name)) by length", xTitle: "tokens, texts",
      bins: analysis.lengths.map { group in
        BinChart.Bin(
          name: "≤ \(group.tokens.upperBound)", texts: group.texts, value: group.scores[score],
          range: group.ranges[score])
      },
      overall: analysis.intervals[score].value, yRange: ["mse", "mae"].contains(name) ? 0...0 : 0...1)
  }
}
