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
    ].compactMap { $0 }
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
    return notes
  }

  /// `301 texts, 7 labels (43 to 43 each)`.
  var headline: String {
    let isTagging = facts.scheme != nil
    var text = "\(facts.rows) \(isTagging ? "sentences, \(facts.tokens) words" : "texts")"
    text += ", \(labels.count) \(isTagging ? "tags" : "labels")"
    let counts = facts.labelCounts.map(\.count)
    if !isTagging, let least = counts.min(), let most = counts.max() {
      text += least == most ? " (\(most) texts each)" : " (\(least) to \(most) texts each)"
    }
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
