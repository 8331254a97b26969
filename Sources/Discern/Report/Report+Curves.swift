import Formats

extension Report {
  /// Losses, scores on dev and the learning rate over the steps.
  var curves: String {
    func points(_ name: String) -> [(x: Double, y: Double)] {
      Self.thinned(
        log.compactMap { line in
          guard let x = line["step"]?.double, let y = line[name]?.double else { return nil }
          return (x, y)
        })
    }
    let scores =
      switch facts["task"]?.string {
      case "tokens": ["f1", "accuracy", "f1_macro"]
      case "multi-label": ["f1_micro", "f1_macro", "accuracy"]
      case "regression": ["r2", "spearman"]
      default: ["accuracy", "f1_macro"]
      }
    let isNumbers = facts["task"]?.string == "regression"
    let charts = [
      Chart(
        title: "Loss", xTitle: "step",
        series: [
          Chart.Series(name: "training", style: "s1", points: points("loss")),
          Chart.Series(name: "dev", style: "s2", points: points(isNumbers ? "eval_mse" : "eval_loss")),
        ].filter { !$0.points.isEmpty }, yRange: 0...0),
      Chart(
        title: "Scores on dev", xTitle: "step",
        series: scores.enumerated().map { index, name in
          Chart.Series(
            name: title(of: name), style: "s\(index + 1)", points: points("eval_" + name))
        }.filter { !$0.points.isEmpty }),
      Chart(
        title: "Learning rate", xTitle: "step",
        series: [Chart.Series(name: "rate", style: "s3", points: points("learning_rate"))], yRange: 0...0),
      Chart(
        title: "Norm of the gradient", xTitle: "step",
        series: [Chart.Series(name: "norm", style: "s3", points: points("grad_norm"))], yRange: 0...0),
    ]
    let drawn = charts.map(\.html).joined(separator: "\n")
    return drawn.isEmpty ? "" : Self.section("Training", HTML.element("div", [("class", "charts")], drawn))
  }

  /// The loss on dev may be evaluated often: a page does not need more than a few hundred points.
  private static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    let limit = 300
    guard points.count > limit else { return points }
    return (0..<limit).map { points[$0 * (points.count - 1) / (limit - 1)] }
  }

  /// Are the probabilities shares, and what is left wrong where the least certain answers are withheld?
  var certainty: String {
    guard let subject else { return "" }
    let probabilities = subject.analysis.probabilities
    guard probabilities.count > 0 else { return "" }
    var series: [Chart.Series] = []
    if let before = subject.uncalibrated {
      series.append(Self.reliability("as trained", "s2", before.reliability))
    }
    let isDecisions = probabilities.labelError != nil
    let name = subject.calibration == nil ? "answers" : "calibrated"
    series.append(Self.reliability(name, "s1", probabilities.reliability))
    let reliability = Chart(
      title: isDecisions ? "Labels that apply by probability" : "Right answers by probability",
      xTitle: isDecisions ? "probability of the label" : "probability of the answer", series: series, xRange: 0...1,
      yRange: 0...1, hasDiagonal: true)
    let curve = probabilities.riskCoverage.thinned(to: 100)
    let risk = Chart(
      title: "Wrong answers by coverage", xTitle: "share of answers given, the surest first",
      series: [Chart.Series(name: "risk", style: "s1", points: curve.map { ($0.coverage, $0.risk) })],
      xRange: 0...1, yRange: 0...0)
    let text = Self.certaintyText(subject)
    return Self.section(
      "How sure it is",
      text + HTML.element("div", [("class", "charts")], reliability.html + "\n" + risk.html) + Self.promises(subject))
  }

  private static func reliability(_ name: String, _ style: String, _ reliability: Reliability) -> Chart.Series {
    let bins = reliability.bins.filter { $0.count > 0 }
    let most = Double(bins.map(\.count).max() ?? 1)
    return Chart.Series(
      name: name, style: style, points: bins.map { ($0.confidence, $0.accuracy) }, isLine: false,
      radii: bins.map { 2.5 + 5 * (Double($0.count) / most).squareRoot() },
      notes: bins.map { "\($0.count) answers: probability \($0.confidence.fixed(3)), right \($0.accuracy.fixed(3))" })
  }

  private static func certaintyText(_ subject: ReportSubject) -> String {
    let probabilities = subject.analysis.probabilities
    let isDecisions = probabilities.labelError != nil
    var parts = ["\(probabilities.count) \(isDecisions ? "decisions about labels" : "answers")"]
    if let area = probabilities.area { parts.append("AUC \(area.fixed(4))") }
    parts.append("Brier \(probabilities.brier.fixed(4))")
    parts.append("log loss \(probabilities.logLoss.fixed(4))")
    parts.append(
      "calibration error \(probabilities.error.fixed(4)) \(isDecisions ? "on average over the labels, " : "")in "
        + "\(ProbabilityMetrics.binCount) bins of equal width, "
        + "\(probabilities.adaptive.error.fixed(4)) of equal counts")
    parts.append("mean risk over all coverages \(probabilities.riskCoverage.area.fixed(4))")
    var text = parts.joined(separator: ", ") + "."
    if let calibration = subject.calibration, let before = calibration.before, let after = calibration.after {
      text +=
        " Calibrated (\(HTML.escaped(calibration.headline))) on \(calibration.fitted) texts of "
        + "\(HTML.escaped(calibration.data)); there the error is \(before.error.fixed(4)) as trained and "
        + "\(after.error.fixed(4)) with factors that have not seen the text."
    }
    return HTML.element("p", [], text)
  }

  private static func promises(_ subject: ReportSubject) -> String {
    guard let calibration = subject.calibration else { return "" }
    // Thresholds of spans are not those of words, nor those of labels that apply those of all decisions.
    let isCounted = calibration.conformal != nil
    let curve = subject.analysis.probabilities.riskCoverage.points
    let rows = [0.9, 0.95, 0.99].map { precision -> [String] in
      let title = "<code>--min-precision \(precision)</code>"
      guard let point = calibration.thresholds.all.first(where: { $0.precision >= precision }) else {
        return [title, "not reached on \(calibration.fitted) texts"] + (isCounted ? ["", ""] : [])
      }
      guard isCounted else { return [title, point.threshold.fixed(4)] }
      let here = curve.last { $0.threshold >= point.threshold }
      return [
        title, point.threshold.fixed(4), here.map { ($0.coverage * 100).fixed(1) + " %" } ?? "none",
        here.map { ((1 - $0.risk) * 100).fixed(1) + " %" } ?? "",
      ]
    }
    let titles = ["abstaining, all classes together", "from probability"]
    return HTML.table(titles + (isCounted ? ["answered here", "right of these"] : []), rows)
  }
}
