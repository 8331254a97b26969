extension Report {
  /// Numbers that were predicted against the right ones, and the scores of each target.
  var numbers: String {
    guard let subject, case .regression(let scores) = subject.evaluation.metrics else { return "" }
    let charts = scores.targets.indices.prefix(6).flatMap { [scatter(subject, $0), errors(subject, $0)] }
    let rows = (scores.targets + (scores.targets.count > 1 ? [scores.mean] : [])).map { target in
      [HTML.escaped(target.name)]
        + [target.squaredError, target.absoluteError, target.r2, target.pearson, target.spearman].map {
          $0?.fixed(4) ?? "–"
        }
    }
    let table = HTML.table(["target", "MSE", "MAE", "R²", "Pearson", "Spearman"], rows)
    return Self.section(
      "Predicted and right numbers",
      HTML.element("div", [("class", "charts")], charts.map(\.html).joined(separator: "\n")) + table)
  }

  /// The most dots of a chart; of more texts, evenly spread ones are shown.
  private static let dotLimit = 500

  private static func thinned<Value>(_ values: [Value]) -> [Value] {
    guard values.count > dotLimit else { return values }
    return (0..<dotLimit).map { values[$0 * values.count / dotLimit] }
  }

  private func scatter(_ subject: ReportSubject, _ target: Int) -> Chart {
    let points = Self.thinned(subject.numbers.map { (x: $0.gold[target], y: $0.predicted[target]) })
    let all = points.flatMap { [$0.x, $0.y] }
    let range = all.min().flatMap { low in all.max().map { low...$0 } }
    return Chart(
      title: "\(subject.analysis.labels[target]): predicted", xTitle: "right",
      series: [
        Chart.Series(
          name: "texts", style: "s1 o", points: points, isLine: false, radii: points.map { _ in 2.5 },
          notes: points.map { "right \($0.x.fixed(4)), predicted \($0.y.fixed(4))" })
      ],
      xRange: range, yRange: range, hasDiagonal: true)
  }

  /// How large a share of the texts is off by at most so much.
  private func errors(_ subject: ReportSubject, _ target: Int) -> Chart {
    let errors = subject.numbers.map { abs($0.gold[target] - $0.predicted[target]) }.sorted()
    let points = errors.enumerated().map { (x: $1, y: Double($0 + 1) / Double(errors.count)) }
    return Chart(
      title: "\(subject.analysis.labels[target]): share of texts", xTitle: "off by at most",
      series: [Chart.Series(name: "texts", style: "s2", points: [(x: 0, y: 0)] + Self.thinned(points))],
      xRange: 0...0, yRange: 0...1)
  }

  /// How wide intervals are, and how many right numbers they hold here.
  var intervals: String {
    guard let subject, let intervals = subject.calibration?.intervals else { return "" }
    let targets = subject.analysis.labels
    let rows = [0.5, 0.8, 0.9, 0.95].map { coverage -> [String] in
      let title = "<code>--coverage \(coverage)</code>"
      guard let widths = intervals.halfWidths(coverage: coverage) else {
        return [title, "too few texts"] + targets.dropFirst().map { _ in "" }
      }
      return [title]
        + widths.enumerated().map { target, width in
          let inside = subject.numbers.count { abs($0.gold[target] - $0.predicted[target]) <= width }
          let share = 100 * Double(inside) / Double(max(subject.numbers.count, 1))
          return "± \(width.fixed(4)) <small class=\"dim\">\(share.fixed(1)) % inside here</small>"
        }
    }
    let note =
      "Around each number an interval that holds the right one so often: split conformal, from the errors of "
      + "\(intervals.count) texts of \(HTML.escaped(subject.calibration?.data ?? ""))."
    return Self.section(
      "How sure it is", HTML.element("p", [], note) + HTML.table(["interval"] + targets.map(HTML.escaped), rows))
  }
}
