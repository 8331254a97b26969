import Discern
import Formats

extension InspectReport {
  /// What is in a data file; measured in a model's tokens where one is given.
  static func data(_ path: String, task: Dataset.Task?, input: DataOptions, model: String?) throws
    -> InspectReport
  {
    let shape = try DataShape(path, task: task, input: input)
    let dataset = try Dataset.read(
      path, format: input.format, task: shape.task, columns: input.columns,
      labelled: shape.isLabelled, scheme: input.scheme)
    var report = InspectReport(kind: "data")
    report.add("data", "\(dataset.name), \(dataset.format.rawValue), task \(shape.task.rawValue)")
    report.add("rows", dataset.rowText)
    report.addLabels(dataset, shape)
    for note in dataset.facts.skips + dataset.notes { report.add("odd", note) }
    for example in dataset.examples.prefix(2) { report.add("example", example.text) }
    report.addFacts(dataset, shape)
    if let model { try report.addLengths(dataset, model) }
    return report
  }

  private mutating func addLabels(_ dataset: Dataset, _ shape: DataShape) {
    guard shape.isLabelled else {
      add("labels", "none: no column \"\(shape.labelColumn)\"")
      return
    }
    if dataset.facts.isNumeric {
      add("targets", "\(dataset.labels.count): " + dataset.targetRanges.joined(separator: ", "))
      return
    }
    let counts = dataset.facts.labelCounts
    let shown = counts.sorted { ($1.count, $0.label) < ($0.count, $1.label) }.prefix(30)
    let rest = counts.count > 30 ? " and \(counts.count - 30) more" : ""
    add(
      dataset.facts.scheme == nil ? "labels" : "tags",
      "\(counts.count): " + shown.map { "\($0.label) \($0.count)" }.joined(separator: ", ") + rest)
    guard let scheme = dataset.facts.scheme else { return }
    add(
      "scheme",
      scheme == .iob2 || scheme == .plain ? scheme.rawValue : "\(scheme.rawValue), read as iob2")
    let entities = dataset.entityCounts
    if !entities.isEmpty {
      add(
        "entities",
        "\(entities.reduce(0) { $0 + $1.count }): "
          + entities.map { "\($0.type) \($0.count)" }.joined(separator: ", "))
    }
  }

  private mutating func addFacts(_ dataset: Dataset, _ shape: DataShape) {
    let facts = dataset.facts
    json["path"] = JSON(dataset.name)
    json["format"] = JSON(dataset.format.rawValue)
    json["task"] = JSON(shape.task.rawValue)
    json["rows"] = .integer(facts.rows)
    json["words"] = .integer(facts.tokens)
    json["empty"] = .integer(facts.emptyInputs)
    json["blank_lines"] = .integer(facts.blankRows)
    var labels = JSONObject()
    for entry in facts.labelCounts { labels.append(JSONString(entry.label), .integer(entry.count)) }
    json["labels"] = .object(labels)
    json["scheme"] = facts.scheme.map { JSON($0.rawValue) } ?? .null
    json["scheme_faults"] = .integer(facts.tagFaultCount)
    var entities = JSONObject()
    for entry in dataset.entityCounts {
      entities.append(JSONString(entry.type), .integer(entry.count))
    }
    json["entities"] = .object(entities)
  }

  private mutating func addLengths(_ dataset: Dataset, _ model: String) throws {
    let tokenizer = try openCheckpoint(model).tokenizer()
    let lengths = dataset.examples.map { tokenizer.length(of: $0) }.sorted()
    let longest = lengths.last ?? 0
    var limit = 16
    var rows: [JSON] = []
    var table = TextTable(
      ["max length", "texts cut", "share"], alignments: [.right, .right, .right])
    while true {
      let cut = lengths.count { $0 > limit }
      table.append(
        ["\(limit)", "\(cut)", "\((100 * Double(cut) / Double(lengths.count)).fixed(1)) %"])
      rows.append(["max_length": .integer(limit), "cut": .integer(cut)])
      if limit >= longest { break }
      limit *= 2
    }
    add(
      "tokens",
      "\(lengths.reduce(0, +)) in all, median \(lengths[lengths.count / 2]), "
        + "95 % within \(lengths[min(lengths.count - 1, lengths.count * 95 / 100)]), longest \(longest)"
    )
    add("", String(table.text.dropLast()))
    json["lengths"] = [
      "tokens": .integer(lengths.reduce(0, +)), "median": .integer(lengths[lengths.count / 2]),
      "longest": .integer(longest), "cuts": .array(rows),
    ]
  }
}

extension Dataset {
  fileprivate var rowText: String {
    var text = "\(facts.rows)"
    if facts.tokens > 0 {
      text += " sentences, \(facts.tokens) words"
    } else {
      let texts = facts.pairs > 0 ? "pairs" : "texts"
      var (shortest, longest) = (Int.max, 0)
      for example in examples {
        let characters = example.input.text.unicodeScalars.count
        (shortest, longest) = (min(shortest, characters), max(longest, characters))
      }
      text += " \(texts) of \(min(shortest, longest)) to \(longest) characters"
    }
    return text
  }

  /// The smallest, mean and largest value of each target.
  fileprivate var targetRanges: [String] {
    labels.names.enumerated().map { index, name in
      let values = examples.compactMap { example in
        if case .values(let values) = example.label { values[index] } else { nil }
      }
      let mean = values.reduce(0, +) / Double(max(values.count, 1))
      return "\(name) \((values.min() ?? 0).short) to \((values.max() ?? 0).short), mean \(mean.fixed(4))"
    }
  }

  /// How many entities of each type there are, most first.
  fileprivate var entityCounts: [(type: String, count: Int)] {
    guard facts.scheme != nil, facts.scheme != .plain else { return [] }
    var counts: [JSONString: Int] = [:]
    for example in examples {
      guard case .tags(let tags) = example.label else { continue }
      for span in Span.strict(tags) { counts[JSONString(span.label), default: 0] += 1 }
    }
    return counts.map { ($0.key.text, $0.value) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }
}

extension Example {
  /// The beginning of the text with its label.
  fileprivate var text: String {
    func short(_ text: String) -> String { text.count > 90 ? text.prefix(89) + "…" : text }
    switch (input, label) {
    case (.words(let words), .tags(let tags)):
      return short(zip(words, tags).map { $1 == "O" ? $0 : "\($0)/\($1)" }.joined(separator: " "))
    case (_, .classLabel(let label)): return "\(label): \(short(input.text))"
    case (_, .labels(let labels)): return "\(labels.joined(separator: ";")): \(short(input.text))"
    case (_, .values(let values)):
      return values.map(\.short).joined(separator: ", ") + ": \(short(input.text))"
    case (_, .none), (_, .tags): return short(input.text)
    }
  }
}

extension Tokenizer {
  /// Length of an example in tokens.
  fileprivate func length(of example: Example) -> Int {
    switch example.input {
    case .text(let text): encode(text).tokens.count
    case .pair(let first, let second): encodePair(first, second).length
    case .words(let words): encode(words: words, prefixSpace: true).tokens.count
    }
  }
}
