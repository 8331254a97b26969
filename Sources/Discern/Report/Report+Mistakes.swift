extension Report {
  /// The longest text that is shown whole, in characters and in words.
  private static let textLimit = 600
  private static let wordLimit = 90

  /// The mistakes that it was surest of.
  var mistakes: String {
    guard let subject else { return "" }
    let isNumbers = !subject.numbers.isEmpty
    guard subject.mistakeCount > 0 else {
      return Self.section("Mistakes", HTML.element("p", [], "There are none in this data."))
    }
    let shown = subject.mistakes
    let note =
      isNumbers
      ? "The \(shown.count) texts whose numbers are furthest off, in units of each target's own spread. Some may be "
        + "faults of the data."
      : "\(subject.mistakeCount) of \(subject.evaluation.report.texts) texts have one"
        + (subject.mistakeCount > shown.count ? "; here are the \(shown.count) worst, " : ", ")
        + "those first that it was surest of. Some may be faults of the data."
    let boxes = shown.map { mistake in
      HTML.element("div", [("class", "mistake")], Self.content(mistake) + Self.place(mistake.place))
    }
    return Self.section(
      isNumbers ? "Furthest off" : "Mistakes",
      HTML.element("p", [("class", "dim")], note) + boxes.joined(separator: "\n"))
  }

  private static func place(_ place: String) -> String {
    HTML.element("p", [("class", "dim small")], HTML.escaped(place))
  }

  private static func texts(_ mistake: ReportMistake) -> String {
    mistake.texts.map { text in
      let shown = text.count > textLimit ? text.prefix(textLimit) + " …" : text[...]
      return HTML.element("p", [("class", "text")], HTML.escaped(String(shown)))
    }.joined()
  }

  private static func list(_ title: String, _ style: String, _ shares: [ReportMistake.Share]) -> String {
    if shares.isEmpty { return "" }
    let names = shares.map { "<b class=\"\(style)\">\(HTML.escaped($0.name))</b> \($0.probability.fixed(3))" }
    return "<p class=\"small\"><span class=\"dim\">\(title)</span> \(names.joined(separator: ", "))</p>"
  }

  private static func content(_ mistake: ReportMistake) -> String {
    switch mistake.content {
    case .label(let gold, let predicted):
      return texts(mistake) + list("predicted", "bad", [predicted]) + list("right", "good", [gold])
    case .labels(let right, let wrong, let missed):
      return texts(mistake) + list("wrong", "bad", wrong) + list("missing", "bad", missed)
        + list("right", "good", right)
    case .values(let values):
      let rows = values.map { value in
        [
          HTML.escaped(value.target), value.gold.fixed(4), value.predicted.fixed(4),
          (value.predicted - value.gold).fixed(4),
        ]
      }
      return texts(mistake) + HTML.table(["target", "right", "predicted", "off by"], rows)
    case .spans(let words, let gold, let predicted):
      let window = window(words.count, around: firstDifference(gold, predicted))
      return "<p class=\"small dim\">gold</p>\(marked(words, gold, right: Set(predicted), window))"
        + "<p class=\"small dim\">predicted</p>\(marked(words, predicted, right: Set(gold), window))"
    case .tags(let words, let gold, let predicted):
      let first = words.indices.first { predicted[$0].utf8Differs(from: gold[$0]) } ?? 0
      let shown = window(words.count, around: first).map { index in
        predicted[index].utf8Differs(from: gold[index])
          ? "<mark class=\"wrong\">\(HTML.escaped(words[index]))<small>\(HTML.escaped(predicted[index])), right: "
            + "\(HTML.escaped(gold[index]))</small></mark>"
          : HTML.escaped(words[index])
      }
      return HTML.element("p", [("class", "text")], shown.joined(separator: " "))
    }
  }

  private static func firstDifference(_ gold: [Span], _ predicted: [Span]) -> Int {
    let different = Set(gold).symmetricDifference(Set(predicted))
    return different.map(\.start).min() ?? 0
  }

  /// Words around one of them, as many as are shown.
  private static func window(_ count: Int, around word: Int) -> Range<Int> {
    guard count > wordLimit else { return 0..<count }
    let start = min(max(0, word - wordLimit / 3), count - wordLimit)
    return start..<start + wordLimit
  }

  /// Words with spans marked: those that the other side has too as right, the others as wrong.
  private static func marked(_ words: [String], _ spans: [Span], right: Set<Span>, _ window: Range<Int>) -> String {
    var pieces: [String] = window.lowerBound > 0 ? ["…"] : []
    var next = window.lowerBound
    for span in spans where span.end > window.lowerBound && span.start < window.upperBound {
      let start = max(span.start, window.lowerBound)
      if start > next { pieces.append(HTML.escaped(words[next..<start].joined(separator: " "))) }
      next = min(span.end, window.upperBound)
      let text = HTML.escaped(words[start..<next].joined(separator: " "))
      let style = right.contains(span) ? "right" : "wrong"
      pieces.append("<mark class=\"\(style)\">\(text)<small>\(HTML.escaped(span.label))</small></mark>")
    }
    if next < window.upperBound { pieces.append(HTML.escaped(words[next..<window.upperBound].joined(separator: " "))) }
    if window.upperBound < words.count { pieces.append("…") }
    return HTML.element("p", [("class", "text")], pieces.joined(separator: " "))
  }
}
