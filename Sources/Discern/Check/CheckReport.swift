import Formats

/// What a check found: the numbers of each part, and the findings, worst first.
public struct CheckReport: Sendable {
  /// What the data are for.
  public let task: Dataset.Task
  /// The similarity from which on two texts count as almost the same.
  public let similarity: Double
  /// Whether lengths are in tokens of a model, rather than in words.
  public let isInTokens: Bool
  /// What was found, worst first.
  public let findings: [CheckFinding]
  let parts: [CheckPart]
  let maxLength: Int?
  /// Whether longer texts are read in windows: then the limits say how many texts have several.
  public let readsWindows: Bool

  init(_ check: DataCheck, _ duplicates: Duplicates, _ near: NearDuplicates) {
    task = check.task
    similarity = check.options.similarity
    isInTokens = check.options.tokenizer != nil
    maxLength = isInTokens ? check.options.maxLength : nil
    readsWindows = isInTokens && check.options.readsWindows
    parts = check.parts
    var finder = CheckFinder(check)
    finder.findRows()
    finder.findLabels()
    finder.findCuts()
    finder.findDuplicates(duplicates)
    finder.findNear(near)
    // Stable: findings of one severity stay in the order in which they were looked for.
    findings = finder.findings.enumerated()
      .sorted { ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset) }.map(\.element)
  }

  /// How many findings there are of a severity.
  public func count(_ severity: CheckFinding.Severity) -> Int { findings.count { $0.severity == severity } }

  /// What a limit on length would do to a part.
  public struct Cut: Equatable, Sendable {
    /// The part's name.
    public var part: String
    /// The limit in tokens, or in words.
    public var limit: Int
    /// Texts longer than that, of all.
    public var texts: Int, allTexts: Int
    /// Gold entities that would lose a word, of all; in windows each word is read somewhere.
    public var entities: Int, allEntities: Int
  }

  /// What limits of 16, 32, 64 and so on would cut, up to the first that cuts nothing, and the limit that was given.
  public var cuts: [Cut] {
    let longest = min(parts.map(\.lengths.longest).max() ?? 0, Histogram.bound - 1)
    var limits: Set<Int> = maxLength.map { [$0] } ?? []
    var limit = 16
    while limit < longest {
      limits.insert(limit)
      limit *= 2
    }
    limits.insert(limit)
    return limits.sorted().flatMap { limit in
      parts.map { part in
        let needs = part.hasEntities ? part.entityNeeds : Histogram()
        return Cut(
          part: part.name, limit: limit, texts: part.lengths.beyond(limit), allTexts: part.lengths.total,
          entities: readsWindows ? 0 : needs.beyond(limit), allEntities: needs.total)
      }
    }
  }

  /// The labels that are learnt (types of entities, where tags spell spans), most frequent in the first part first.
  public var labels: [(label: String, counts: [Int])] {
    var all: Set<JSONString> = []
    for part in parts { all.formUnion(part.learntCounts.keys) }
    return all.map { label in (label.text, parts.map { $0.learntCounts[label] ?? 0 }) }
      .sorted { a, b in
        a.counts != b.counts
          ? b.counts.lexicographicallyPrecedes(a.counts) : JSONString(a.label) < JSONString(b.label)
      }
  }
}

// MARK: - For machines

extension CheckReport {
  /// All of it as one JSON object.
  public var json: JSON {
    var parts = JSONObject()
    for part in self.parts { parts.append(JSONString(part.name), part.json) }
    return [
      "task": JSON(task.rawValue), "length_unit": isInTokens ? "tokens" : "words",
      "overflow": readsWindows ? "window" : "cut", "similarity": .number(similarity), "parts": .object(parts),
      "cuts": .array(
        cuts.map { cut in
          [
            "part": JSON(cut.part), "limit": .integer(cut.limit), "texts": .integer(cut.texts),
            "entities": .integer(cut.entities),
          ]
        }),
      "errors": .integer(count(.error)), "warnings": .integer(count(.warning)),
      "notes": .integer(count(.note)), "findings": .array(findings.map(\.json)),
    ]
  }
}

extension CheckFinding {
  fileprivate var json: JSON {
    [
      "severity": JSON(severity.rawValue), "code": JSON(code), "part": JSON(part), "count": .integer(count),
      "message": JSON(message), "remedy": JSON(remedy), "places": .array(places.map { JSON($0) }),
    ]
  }
}

extension CheckPart {
  fileprivate var json: JSON {
    var counts = JSONObject()
    for (label, count) in labelCounts.sorted(by: { $0.key < $1.key }) { counts.append(label, .integer(count)) }
    var types = JSONObject()
    if hasEntities {
      for (type, count) in typeCounts.sorted(by: { $0.key < $1.key }) { types.append(type, .integer(count)) }
    }
    return [
      "files": .array(files.map { JSON($0) }), "rows": .integer(rows.count), "unreadable": .integer(faultCount),
      "words": .integer(words), "labels": .object(counts), "entities": .object(types),
      "scheme": scheme.map { JSON($0.rawValue) } ?? .null,
      "lengths": [
        "sum": .integer(lengths.sum), "median": .integer(lengths.quantile(0.5)),
        "p95": .integer(lengths.quantile(0.95)), "longest": .integer(lengths.longest),
      ],
    ]
  }
}

// MARK: - Lines for people

extension CheckReport {
  /// A part in one or two lines: `12,000 texts, 77 labels`, and its lengths.
  public var overview: [(part: String, lines: [String])] {
    parts.map { part in
      var text = part.files.count == 1 ? part.files[0] : ExampleFiles.name(of: part.files)
      text += ": \(part.rows.count) " + (task == .tokens ? "sentences, \(part.words) words" : "texts")
      if part.isLabelled {
        let kind = part.hasEntities ? "types of entities" : task == .tokens ? "tags" : "labels"
        text += ", \(part.learntCounts.count) \(kind)"
      } else {
        text += ", no labels"
      }
      if let scheme = part.scheme, scheme != .plain { text += ", scheme \(scheme.rawValue)" }
      let lengths = part.lengths
      return (
        part.name,
        [
          text,
          "median \(lengths.quantile(0.5)), 95 % within \(lengths.quantile(0.95)), longest \(lengths.longest) "
            + (isInTokens ? "tokens" : "words"),
        ]
      )
    }
  }
}
