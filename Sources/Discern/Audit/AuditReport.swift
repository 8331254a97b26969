import Formats

/// The rows of a data set, or its spans, the most doubtful first.
public struct AuditReport: Sendable {
  /// A text, or some words of one, whose label is in doubt.
  public struct Issue: Sendable {
    /// The example, from 0, and its line in the file, 0 where it comes from none.
    public let row: Int, line: Int
    /// The text.
    public let text: String
    /// The words in question; `nil`: the whole text.
    public let words: Range<Int>?
    /// The label given, and the one that the model finds most probable of the others.
    public let given: String, suggested: String
    /// Probability of the label given, by heads that did not see this text.
    public let selfConfidence: Double
    /// The same less that of the best other label: from -1, surely wrong, to 1.
    public let margin: Double
    /// Whether confident learning counts it as an error.
    public let isLikely: Bool
  }

  /// The file's name, and the task.
  public let name: String, task: Dataset.Task
  /// Examples, and labels given in them (words, when tagging).
  public let rows: Int, answers: Int
  /// The labels' names.
  public let labels: [String]
  /// How well the heads tell the labels apart on texts left out.
  public let metric: String, score: Double
  /// Mean of −log p(label) there, which chose the states.
  public let logLoss: Double
  /// The states that the heads read.
  public let layers: Int, pooling: Pooling?, attention: AttentionPattern
  /// Seconds of the whole run.
  public let seconds: Double
  /// Every text, or every span in doubt, the most doubtful first.
  public let issues: [Issue]

  /// How many confident learning counts as errors.
  public var likely: Int { issues.count { $0.isLikely } }

  /// What was found, in two lines.
  public var summary: String {
    let unit = task == .tokens ? "places" : "texts"
    let view = "\(layers) layers, \(pooling.map { "\($0.rawValue) pooling" } ?? "each word"), \(attention)"
    return "\(likely) \(unit) are probably mislabelled, of \(rows) rows in \(name)\n"
      + "judged by heads on \(view): \(metric) \(score.fixed(4)), log loss \(logLoss.fixed(4)) on texts left out\n"
  }

  /// The first issues as a table.
  public func table(_ count: Int) -> String {
    var table = TextTable(
      ["line", "given", "suggested", "confidence", "margin", "text"],
      alignments: [.right, .left, .left, .right, .right, .left])
    for issue in issues.prefix(count) {
      table.append([
        "\(issue.line)", issue.given, issue.suggested.shortened(32), issue.selfConfidence.fixed(3),
        issue.margin.fixed(3), issue.excerpt.shortened(60),
      ])
    }
    return table.text
  }

  /// All numbers and issues for machines.
  public var json: JSON {
    [
      "data": JSON(name), "task": JSON(task.rawValue), "rows": .integer(rows), "answers": .integer(answers),
      "likely": .integer(likely), "metric": JSON(metric), "score": .number(score), "log_loss": .number(logLoss),
      "layers": .integer(layers),
      "pooling": pooling.map { JSON($0.rawValue) } ?? .null, "attention": JSON("\(attention)"),
      "seconds": .number(seconds), "issues": .array(issues.enumerated().map { $1.json(rank: $0 + 1) }),
    ]
  }

  /// Writes every issue as CSV (RFC 4180), the most doubtful first.
  public func writeCSV(to path: String) throws {
    try writeAtomically(to: path) { sink in
      try sink.write("rank,row,line,first_word,words,given,suggested,self_confidence,margin,likely,text\n")
      for (index, issue) in issues.enumerated() {
        let cells = [
          "\(index + 1)", "\(issue.row)", "\(issue.line)", issue.words.map { "\($0.lowerBound)" } ?? "",
          issue.words.map { "\($0.count)" } ?? "", issue.given, issue.suggested, issue.selfConfidence.fixed(6),
          issue.margin.fixed(6), issue.isLikely ? "yes" : "no", issue.text,
        ]
        try sink.write(cells.map(\.quotedForCSV).joined(separator: ",") + "\n")
      }
    }
  }
}

extension AuditReport.Issue {
  /// The words in question with some around them, or the text.
  fileprivate var excerpt: String {
    guard let words else { return text }
    let all = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.upperBound <= all.count else { return text }
    let before = all[max(0, words.lowerBound - 3)..<words.lowerBound]
    let after = all[words.upperBound..<min(all.count, words.upperBound + 3)]
    return (before + ["[" + all[words].joined(separator: " ") + "]"] + after).joined(separator: " ")
  }

  fileprivate func json(rank: Int) -> JSON {
    [
      "rank": .integer(rank), "row": .integer(row), "line": .integer(line),
      "words": words.map { [.integer($0.lowerBound), .integer($0.upperBound)] } ?? .null, "given": JSON(given),
      "suggested": JSON(suggested), "self_confidence": .number(selfConfidence), "margin": .number(margin),
      "likely": .bool(isLikely), "text": JSON(text),
    ]
  }
}

extension String {
  /// At most so many characters, the last of them a mark of what is missing.
  fileprivate func shortened(_ count: Int) -> String {
    let plain = String(map { $0.isNewline ? " " : $0 })
    return plain.count <= count ? plain : String(plain.prefix(count - 1)) + "…"
  }

  fileprivate var quotedForCSV: String {
    let isPlain = utf8.allSatisfy { ![0x22, 0x2C, 0x0A, 0x0D].contains($0) }
    if isPlain { return self }
    let doubled = unicodeScalars.reduce(into: "") { $0 += $1 == "\"" ? "\"\"" : String($1) }
    return "\"\(doubled)\""
  }
}
