import Formats

/// Turns counts into findings.
struct CheckFinder {
  private let parts: [CheckPart]
  private let options: DataCheck.Options
  private let task: Dataset.Task
  private let table: RowTable
  private(set) var findings: [CheckFinding] = []

  init(_ check: DataCheck) {
    parts = check.parts
    options = check.options
    task = check.task
    table = check.table
  }

  private mutating func add(
    _ severity: CheckFinding.Severity, _ code: String, _ part: String, _ count: Int, _ message: String,
    _ remedy: String, _ places: [String] = []
  ) {
    guard count > 0 else { return }
    findings.append(
      CheckFinding(
        severity: severity, code: code, part: part, count: count, message: message, remedy: remedy,
        places: places))
  }

  private var unit: String { task == .tokens ? "sentence" : "text" }

  /// A count with a noun: `1 text`, `3 texts`.
  private func number(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  // MARK: Rows by themselves

  /// Faults of rows, texts and tags.
  mutating func findRows() {
    for part in parts {
      add(
        .error, "unreadable", part.name, part.faultCount,
        "\(number(part.faultCount, "row")) cannot be read: training would stop at the first",
        "Mend or remove them.", part.faults.map { "\($0)" })
      findMarks(part)
      findTags(part)
    }
  }

  private mutating func findMarks(_ part: CheckPart) {
    for mark in CheckPart.Mark.allCases {
      guard let found = part.marks[mark] else { continue }
      let texts = number(found.count, unit)
      let (severity, code, message, remedy): (CheckFinding.Severity, String, String, String) =
        switch mark {
        case .empty:
          (.warning, "empty", "\(texts) without any visible character", "Remove them, or find out what was lost.")
        case .replacement:
          (
            .warning, "replacement-characters", "\(texts) with U+FFFD, where characters were lost",
            "Convert the original again with its true encoding."
          )
        case .mojibake:
          (
            .warning, "mojibake", "\(texts) that look like UTF-8 read as Latin-1 (Ã©, â€™)",
            "Convert the original again as UTF-8; `ftfy` mends what is left."
          )
        case .control:
          (.warning, "control-characters", "\(texts) with control characters", "Remove them.")
        case .invisible:
          (
            .note, "invisible-characters", "\(texts) with zero-width, soft-hyphen or directional characters",
            "Remove them, unless texts to come have them too."
          )
        case .decomposed:
          (
            part.composedTexts > 0 ? .warning : .note, "mixed-normalisation",
            "\(texts) not in Unicode's form NFC"
              + (part.composedTexts > 0 ? ", \(part.composedTexts) others with accents are" : ""),
            "Bring all to NFC: the same word has different tokens otherwise."
          )
        case .entityEdge:
          (
            .note, "entity-edges",
            "\(found.count == 1 ? "1 entity" : "\(found.count) entities") beginning or ending with punctuation",
            "Look whether the mark belongs to the name; take it out of the entity otherwise."
          )
        }
      add(severity, code, part.name, found.count, message, remedy, found.first)
    }
  }

  private mutating func findTags(_ part: CheckPart) {
    if let fault = part.schemeFault {
      add(.error, "mixed-tags", part.name, 1, "\(fault.found)", fault.remedy, [fault.place])
    }
    guard let scheme = part.scheme, let index = TagScheme.allCases.firstIndex(of: scheme) else { return }
    let count = part.schemeFaults[index]
    add(
      .warning, "illegal-tags", part.name, count,
      "\(number(count, "tag")) breaking the rules of \(scheme.rawValue); they are read leniently",
      "Mend the tags, or give the scheme with --scheme if it is another.", part.schemePlaces[index])
  }

  // MARK: Labels

  /// Faults of the labels as a whole.
  mutating func findLabels() {
    guard let train = parts.first, train.isLabelled, train.rows.count > 0, task != .regression else { return }
    let counts = train.learntCounts
    let noun = train.hasEntities ? "type" : task == .tokens ? "tag" : "label"
    if counts.count < (train.hasEntities || task == .multiLabel ? 1 : 2) {
      add(
        .error, "one-label", train.name, 1,
        counts.isEmpty ? "no \(noun)s at all" : "only the \(noun) \"\(counts.keys.first!)\"",
        "There is nothing to learn to tell apart.")
    }
    let rare = counts.filter { $0.value < options.rareBelow }.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    add(
      .warning, "rare-labels", train.name, rare.count,
      "\(number(rare.count, noun)) with fewer than \(options.rareBelow) examples: "
        + Self.list(rare.map { ($0.key, $0.value) }),
      "Collect more of them, or join them with others.")
    if let most = counts.values.max(), let least = counts.values.min(), least > 0, most / least >= 50 {
      add(
        .note, "imbalance", train.name, 1,
        "the most frequent \(noun) occurs \(most / least) times as often as the rarest",
        "Watch f1_macro rather than accuracy.")
    }
    for part in parts.dropFirst() where part.isLabelled { compare(part, with: train, noun) }
  }

  private mutating func compare(_ part: CheckPart, with train: CheckPart, _ noun: String) {
    let known = train.learntCounts
    let unknown = part.learntCounts.filter { known[$0.key] == nil }.sorted { $0.key < $1.key }
    add(
      .error, "unknown-labels", part.name, unknown.count,
      "\(number(unknown.count, noun)) that \(train.name) does not have: "
        + Self.list(unknown.map { ($0.key, $0.value) }),
      "Nothing can learn them: add examples to \(train.name), or take them out.")
    let missing = known.keys.filter { part.learntCounts[$0] == nil }.sorted()
    add(
      .note, "missing-labels", part.name, missing.count,
      "\(number(missing.count, noun)) without an example here: "
        + missing.prefix(10).map(\.text).joined(separator: ", ") + (missing.count > 10 ? " and more" : ""),
      "Scores say nothing about them.")
  }

  private static func list(_ labels: [(JSONString, Int)]) -> String {
    labels.prefix(10).map { "\($0.0) \($0.1)" }.joined(separator: ", ") + (labels.count > 10 ? " and more" : "")
  }

  // MARK: Lengths

  /// What the limit that was given would cut.
  mutating func findCuts() {
    guard options.tokenizer != nil, let limit = options.maxLength, limit < Histogram.bound else { return }
    for part in parts {
      let texts = part.lengths.beyond(limit)
      let entities = part.hasEntities ? part.entityNeeds.beyond(limit) : 0
      let all = part.entityNeeds.total
      if options.readsWindows {
        add(
          .note, "windows", part.name, texts,
          "\(number(texts, unit)) of \(part.lengths.total) (\(Self.percent(texts, part.lengths.total))) longer than "
            + "\(limit) tokens, read in windows: nothing is cut" + (all > 0 ? ", no entity is lost" : ""),
          "Nothing needs mending; a smaller limit costs less for each window, and sees less at once.")
        continue
      }
      add(
        .warning, "cut-texts", part.name, texts,
        "\(number(texts, unit)) of \(part.lengths.total) (\(Self.percent(texts, part.lengths.total))) longer than "
          + "\(limit) tokens"
          + (entities > 0
            ? ", \(entities) of \(all) entities (\(Self.percent(entities, all))) lost with their ends" : ""),
        "Raise --max-length to \(part.lengths.longest), or split long texts.")
    }
  }

  private static func percent(_ count: Int, _ all: Int) -> String {
    "\((100 * Double(count) / Double(max(all, 1))).fixed(1)) %"
  }

  // MARK: Duplicates

  /// Texts that stand in the data more than once.
  mutating func findDuplicates(_ duplicates: Duplicates) {
    for (earlier, later) in [(0, 1), (0, 2), (1, 2)] {
      let leak = duplicates.leaks[earlier][later]
      let (from, to) = (Self.names[earlier], Self.names[later])
      add(
        .error, "leak", to, leak.count,
        "\(number(leak.count, unit)) of \(to) (\(share(leak.count, later))) that stand in \(from) as well",
        "Take them out of \(from): scores on \(to) are too good.", pairs(leak))
    }
    let conflicts = duplicates.conflicts
    add(
      .warning, "conflicting-labels", "all", conflicts.count,
      "\(number(conflicts.count, unit)) with different \(task == .tokens ? "tags" : "labels"), in "
        + "\(duplicates.conflictRows) rows",
      "Decide on one, or take them out.", pairs(conflicts))
    for (index, name) in Self.names.enumerated() {
      let repeated = duplicates.repeated[index]
      let isMany = rows(index) > 0 && repeated.count * 100 >= rows(index)
      add(
        isMany ? .warning : .note, "duplicates", name, repeated.count,
        "\(number(repeated.count, unit)) (\(share(repeated.count, index))) that stand earlier in \(name) already",
        index == 0 ? "Take them out, or know that they weigh more." : "Take them out: they count twice.",
        pairs(repeated))
    }
  }

  /// Texts that are almost the same.
  mutating func findNear(_ near: NearDuplicates) {
    let measure = "Jaccard similarity of character 5-grams estimated at \(options.similarity) or more"
    for (earlier, later) in [(0, 1), (0, 2), (1, 2)] {
      let leak = near.leaks[earlier][later]
      let (from, to) = (Self.names[earlier], Self.names[later])
      add(
        .warning, "near-leak", to, leak.count,
        "\(number(leak.count, unit)) of \(to) (\(share(leak.count, later))) almost like one of \(from) (\(measure))",
        "Look at them; where they are copies, take them out of \(from).", pairs(leak))
    }
    for (index, name) in Self.names.enumerated() {
      let repeated = near.repeated[index]
      add(
        .note, "near-duplicates", name, repeated.count,
        "\(number(repeated.count, unit)) (\(share(repeated.count, index))) almost like an earlier one of \(name) "
          + "(\(measure))",
        "Look at them; copies teach nothing new.", pairs(repeated))
    }
  }

  private static let names = DataCheck.Part.allCases.map(\.rawValue)

  private func rows(_ part: Int) -> Int { parts.first { $0.name == Self.names[part] }?.rows.count ?? 0 }

  private func share(_ count: Int, _ part: Int) -> String { Self.percent(count, rows(part)) }

  private func pairs(_ pairs: Duplicates.Pairs) -> [String] {
    pairs.first.map { "\(place($0.row)) and \(place($0.other))" }
  }

  private func place(_ row: UInt32) -> String {
    let row = Int(row)
    guard let part = parts.first(where: { $0.rows.contains(row) }) else { return "row \(row)" }
    return "\(part.files[Int(table.files[row])]):\(table.lines[row])"
  }
}
