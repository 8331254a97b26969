extension Report {
  /// The most rows of a table and the most classes of a matrix.
  private static let rowLimit = 100
  private static let matrixLimit = 20

  /// What is taken for what: a matrix for few classes, pairs for many.
  var confusion: String {
    guard let subject else { return "" }
    if let errors = subject.analysis.tagErrors { return spanErrors(errors) }
    if case .multiLabel = subject.evaluation.metrics { return mixups(subject) }
    guard let scores = subject.evaluation.metrics.classes else { return "" }
    let shown = scores.perClass.indices.filter { scores.perClass[$0].support + scores.perClass[$0].predicted > 0 }
    return Self.section(
      "What is taken for what", shown.count <= Self.matrixLimit ? matrix(scores, shown) : pairs(scores))
  }

  private func spanErrors(_ errors: TagErrors) -> String {
    let explanations = [
      "boundary": "the type is right, the borders are not", "type": "the borders are right, the type is not",
      "boundary_and_type": "they overlap, and neither is right", "missed": "a gold span that nothing overlaps",
      "spurious": "a predicted span that overlaps nothing",
    ]
    let rows =
      [["right", "\(errors.correct)", "borders and type agree"]]
      + errors.kinds.map { kind in
        [
          kind.name.split(separator: "_").joined(separator: " "), "\(kind.count)", explanations[kind.name] ?? "",
        ]
      }
    return Self.section("Errors of spans", HTML.table(["kind", "spans", ""], rows, left: [0, 2]))
  }

  private func matrix(_ scores: ClassificationMetrics, _ shown: [Int]) -> String {
    let titles = shown.indices.map { HTML.element("th", [("title", scores.perClass[shown[$0]].label)], "\($0 + 1)") }
    var rows = ["<tr><th class=\"l\">gold \\ predicted</th>\(titles.joined())</tr>"]
    for (number, row) in shown.enumerated() {
      let entry = scores.perClass[row]
      let cells = shown.map { column in
        let count = scores.confused(row, column)
        let share = Double(count) / Double(max(entry.support, 1))
        let color = row == column ? "--good" : "--bad"
        let depth = count == 0 ? 0 : Int((12 + 58 * share).rounded())
        let style = "background:color-mix(in srgb,var(\(color)) \(depth)%,transparent)"
        let note = "\(entry.label) taken for \(scores.perClass[column].label): \(count)"
        return HTML.element("td", [("style", style), ("title", note)], count == 0 ? "" : "\(count)")
      }
      rows.append("<tr><td class=\"l\">\(number + 1) \(HTML.escaped(entry.label))</td>\(cells.joined())</tr>")
    }
    return "<div class=\"scroll\"><table class=\"matrix\">\(rows.joined(separator: "\n"))</table></div>"
  }

  private func pairs(_ scores: ClassificationMetrics) -> String {
    let all = scores.confusions()
    guard !all.isEmpty else { return HTML.element("p", [], "No class was taken for another.") }
    let rows = all.prefix(25).map { pair in
      [
        HTML.escaped(pair.gold), HTML.escaped(pair.predicted), "\(pair.count)", (100 * pair.share).fixed(1) + " %",
      ]
    }
    let rest = all.count - rows.count
    return HTML.table(["gold", "predicted", "texts", "of gold"], Array(rows), left: [0, 1])
      + (rest > 0 ? HTML.element("p", [("class", "dim small")], "and \(rest) more pairs") : "")
  }

  /// The scores of each class, the worst first.
  var classes: String {
    guard let subject else { return "" }
    var rows: [(f1: Double, cells: [String])] = []
    if let perClass = subject.evaluation.metrics.perClass {
      let areas = subject.analysis.probabilities.areas
      for (index, entry) in perClass.enumerated() where entry.support + entry.predicted > 0 {
        let area = index < areas.count ? areas[index]?.fixed(3) ?? "" : ""
        let cells = [HTML.escaped(entry.label)] + Self.cells(entry.scores) + [area, "\(entry.support)"]
        rows.append((entry.scores.f1, cells))
      }
    }
    for entry in subject.evaluation.metrics.spans?.strict.perType ?? [] {
      let scores = entry.counts.scores
      rows.append((scores.f1, [HTML.escaped(entry.type)] + Self.cells(scores) + ["\(entry.counts.gold)"]))
    }
    guard let width = rows.first?.cells.count else { return "" }
    let order = rows.indices.sorted { (rows[$0].f1, $0) < (rows[$1].f1, $1) }
    let own = width == 6 ? ["AUC", "texts"] : ["spans"]
    let titles = [rowTitle, "precision", "recall", "F1"] + own
    let table = HTML.table(titles, order.prefix(Self.rowLimit).map { rows[$0].cells })
    let rest = rows.count - Self.rowLimit
    let note = rest > 0 ? HTML.element("p", [("class", "dim small")], "and \(rest) more with a higher F1") : ""
    let summary = "<summary>\(rows.count), the worst first</summary>"
    let content = rows.count > 12 ? HTML.element("details", [("open", "")], summary + table) : table
    return Self.section("By \(rowTitle)", content + note)
  }

  private var rowTitle: String {
    switch subject?.evaluation.metrics {
    case .tokens: "type"
    case .tags: "tag"
    case .multiLabel: "label"
    default: "class"
    }
  }

  /// Which labels stand where others are missing.
  private func mixups(_ subject: ReportSubject) -> String {
    guard !subject.mixups.isEmpty else {
      return Self.section("What is taken for what", "<p>No text has a wrong label where one is missing.</p>")
    }
    let rows = subject.mixups.prefix(25).map { pair in
      [HTML.escaped(pair.missed), HTML.escaped(pair.given), "\(pair.texts)"]
    }
    let rest = subject.mixups.count - rows.count
    return Self.section(
      "What is taken for what",
      HTML.table(["missing", "wrongly given", "texts"], Array(rows), left: [0, 1])
        + (rest > 0 ? HTML.element("p", [("class", "dim small")], "and \(rest) more pairs") : ""))
  }

  private static func cells(_ scores: Scores) -> [String] {
    [scores.precision, scores.recall, scores.f1].map { $0.fixed(3) }
  }
}

extension Evaluation.Metrics {
  /// The scores of classes, of texts or of words.
  fileprivate var classes: ClassificationMetrics? {
    if case .sequence(let scores) = self { return scores }
    if case .tags(let scores) = self { return scores }
    return nil
  }

  /// The scores of each class, or of each label where several may apply.
  fileprivate var perClass: [ClassificationMetrics.PerClass]? {
    if case .multiLabel(let scores) = self { return scores.perClass }
    return classes?.perClass
  }

  /// The scores of spans.
  fileprivate var spans: TagMetrics? {
    if case .tokens(let scores) = self { return scores }
    return nil
  }
}
