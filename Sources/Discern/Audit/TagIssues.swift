extension LabelAudit {
  /// Doubtful spans, those that seem to be missing, and where tags spell no spans doubtful words.
  func tagIssues(
    _ dataset: Dataset, _ data: ProbeData, _ answers: [Float], _ confidence: LabelConfidence
  ) -> [AuditReport.Issue] {
    let best = data.answers.best(answers)
    let predicted = data.answers.tags(best)
    var row = 0
    var issues: [AuditReport.Issue] = []
    for (index, encoded) in data.encoded.enumerated() {
      var rows = [Int?](repeating: nil, count: encoded.wordCount)
      for word in encoded.words {
        rows[Int(word)] = row
        row += 1
      }
      let sentence = TaggedRows(
        index: index, example: dataset.examples[index], rows: rows, predicted: predicted[index],
        confidence: confidence)
      issues += data.labels.spellsSpans ? sentence.spanIssues : sentence.wordIssues
    }
    return issues.sorted { ($0.margin, $0.row, $0.words!.lowerBound) < ($1.margin, $1.row, $1.words!.lowerBound) }
  }
}

/// One sentence with its tags, those that a head would give it, and how sure that is.
private struct TaggedRows {
  let index: Int
  let example: Example
  /// The answer of each word; `nil` behind the cut.
  let rows: [Int?]
  let predicted: [String]
  let confidence: LabelConfidence

  private var words: [String] {
    switch example.input {
    case .words(let words): words
    case .text(let text), .pair(let text, _): WordSplitter.words(in: text).map { String(text[$0]) }
    }
  }

  var spanIssues: [AuditReport.Issue] {
    let gold = Span.strict(example.tags)
    let found = Span.lenient(predicted)
    let doubted = gold.compactMap { span -> AuditReport.Issue? in
      let range = span.start..<span.end
      // One word that does not belong spoils a span.
      guard !found.contains(span), let worst = answered(range).min(by: isLess) else { return nil }
      let others = found.filter { range.overlaps($0.start..<$0.end) }
      let suggested = others.map { "\($0.label): \(text($0.start..<$0.end))" }.joined(separator: ", ")
      return issue(range, given: span.label, suggested: suggested.isEmpty ? "no span" : suggested, worst)
    }
    let missing = found.compactMap { span -> AuditReport.Issue? in
      let range = span.start..<span.end
      guard !gold.contains(where: { range.overlaps($0.start..<$0.end) }),
        // A span is missing only where every word of it seems to be.
        let least = answered(range).max(by: isLess)
      else { return nil }
      return issue(range, given: "no span", suggested: "\(span.label): \(text(range))", least)
    }
    return doubted + missing
  }

  var wordIssues: [AuditReport.Issue] {
    rows.indices.compactMap { word in
      guard let row = rows[word], !predicted[word].isEmpty, predicted[word] != example.tags[word] else { return nil }
      return issue(word..<word + 1, given: example.tags[word], suggested: predicted[word], row)
    }
  }

  private func answered(_ range: Range<Int>) -> [Int] { range.compactMap { rows[$0] } }

  private func isLess(_ a: Int, _ b: Int) -> Bool { confidence.margin(a) < confidence.margin(b) }

  private func text(_ range: Range<Int>) -> String { words[range].joined(separator: " ") }

  private func issue(_ range: Range<Int>, given: String, suggested: String, _ row: Int) -> AuditReport.Issue {
    AuditReport.Issue(
      row: index, line: example.line, text: words.joined(separator: " "), words: range, given: given,
      suggested: suggested, selfConfidence: Double(confidence.own[row]), margin: Double(confidence.margin(row)),
      isLikely: confidence.isLikely[row])
  }
}
