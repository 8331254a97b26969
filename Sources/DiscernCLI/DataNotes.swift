import Discern

extension DatasetFacts {
  /// What was skipped, a phrase for each kind of line.
  var skips: [String] {
    [
      Self.phrase(blankRows, "blank line skipped", "blank lines skipped"),
      Self.phrase(comments, "comment line skipped", "comment lines skipped"),
      Self.phrase(
        skippedNodes, "multiword range or empty node skipped", "multiword ranges and empty nodes skipped"),
      Self.phrase(documentStarts, "-DOCSTART- line skipped", "-DOCSTART- lines skipped"),
      Self.phrase(rejectedRows, "rejected row skipped", "rejected rows skipped"),
      Self.phrase(utf16Spans, "span counted in UTF-16 units", "spans counted in UTF-16 units"),
    ].compactMap { $0 }
  }

  /// Spans that could not be read as they stand: how many of each kind, and where the first are.
  var spanNotes: [String] {
    SpanFault.Kind.allCases.compactMap { kind in
      guard let count = spanFaultCounts[kind] else { return nil }
      let places = spanFaults.filter { $0.kind == kind }.prefix(3).map { "\($0.place) \($0.span)" }
      let first = places.isEmpty ? "" : " (first: " + places.joined(separator: "; ") + ")"
      return "\(count) span\(count == 1 ? "" : "s"): each \(kind.rawValue)\(first)"
    }
  }

  fileprivate static func phrase(_ number: Int, _ one: String, _ many: String) -> String? {
    number > 0 ? "\(number) \(number == 1 ? one : many)" : nil
  }
}

extension Dataset {
  /// What was changed or is odd, a phrase for each.
  var notes: [String] {
    var notes = [DatasetFacts.phrase(facts.emptyInputs, "text is empty", "texts are empty")].compactMap { $0 }
    if facts.tagFaultCount > 0, let first = facts.tagFaults.first, let scheme = facts.scheme {
      let tags = facts.tagFaultCount == 1 ? "tag breaks" : "tags break"
      notes.append(
        "\(facts.tagFaultCount) \(tags) the rules of \(scheme.rawValue) and "
          + "\(facts.tagFaultCount == 1 ? "is" : "are") read leniently "
          + "(first: \(files.count > 1 ? files[first.file] + ", " : "")line \(first.line), \(first.description))"
      )
    }
    if facts.convertedTags > 0, let scheme = facts.scheme {
      notes.append("\(facts.convertedTags) tags converted from \(scheme.rawValue) to iob2")
    }
    return notes + facts.spanNotes
  }

  /// What the examples are labelled with.
  var answers: String {
    if facts.isNumeric { return labels.count == 1 ? "target" : "targets" }
    return facts.scheme == nil ? "labels" : "tags"
  }

  /// `301 texts, 7 labels (43 to 43 each)`.
  var headline: String {
    let isTagging = facts.scheme != nil
    let texts = facts.pairs > 0 ? "pairs" : "texts"
    var text = "\(facts.rows) \(isTagging ? "sentences, \(facts.tokens) words" : texts)"
    text += ", \(labels.count) \(answers)"
    let counts = facts.labelCounts.map(\.count)
    if !isTagging, let least = counts.min(), let most = counts.max() {
      text += least == most ? " (\(most) \(texts) each)" : " (\(least) to \(most) \(texts) each)"
    }
    if facts.withoutLabel > 0 { text += ", \(facts.withoutLabel) without any" }
    if let scheme = facts.scheme { text += ", scheme \(scheme.rawValue)" }
    return text
  }
}

extension ExampleEncoder.Report {
  /// `median 21, 95 % within 38, longest 61 tokens`.
  var lengthLine: String {
    let sorted = lengths.sorted()
    guard let last = sorted.last else { return "no texts" }
    let median = sorted[sorted.count / 2]
    let most = sorted[min(sorted.count - 1, sorted.count * 95 / 100)]
    return "median \(median), 95 % within \(most), longest \(last) tokens"
  }
}
