import Formats

// Rows with spans of characters, as annotation tools export them.

extension ExampleReader {
  /// The text of a row that has spans rather than words, or nil where it is none: spaCy's and Prodigy's, Doccano's and
  /// Label Studio's rows. Prodigy's own words are not looked at; the text is split as it is at prediction.
  func spanText(_ row: JSONLines.Row) -> String? {
    let object = row.object
    if let words = object[columns.tokens]?.array, words.first?.object == nil { return nil }
    let data = object["data"]
    guard let text = object[columns.text]?.string ?? data?.string ?? data?[columns.text]?.string else { return nil }
    return !labelled || spanValues(object) != nil ? text : nil
  }

  /// The example of such a row.
  func spanExample(_ text: String, _ row: JSONLines.Row) throws -> Example {
    guard labelled else { return Example(input: .text(text), line: row.line) }
    try checkCount(text.utf8.count, "bytes of text with spans", to: Self.spanTextLimit, row.line)
    let values = spanValues(row.object) ?? []
    let spans = try values.flatMap { try self.spans($0, row.line) }
    let aligned = AlignedSpans(text, spans)
    for (kind, span) in aligned.faults {
      let shown = "\(span.start)..<\(span.end) \"\(span.label)\""
      note(SpanFault(kind: kind, place: place(row.line), span: shown))
    }
    spanFacts.utf16Spans += aligned.inUTF16
    var example = Example(input: .text(text), label: .tags(aligned.tags), line: row.line)
    example.missed = aligned.missedSpans
    return example
  }

  /// Whether a person rejected or skipped the row, in Prodigy's words.
  func isRejected(_ row: JSONLines.Row) -> Bool {
    guard labelled, task == .tokens, let answer = row.object["answer"]?.string else { return false }
    return answer == "reject" || answer == "ignore"
  }

  private func note(_ fault: SpanFault) {
    spanFacts.spanFaultCounts[fault.kind, default: 0] += 1
    if spanFacts.spanFaults.count < DatasetFacts.faultsKept { spanFacts.spanFaults.append(fault) }
  }

  /// The values that stand for spans: `spans` (spaCy, Prodigy), `entities` (triples, Doccano's relations), `label` or
  /// `labels` (Doccano, Label Studio's short form), or the first annotation of Label Studio that was not cancelled.
  private func spanValues(_ object: JSONObject) -> [JSON]? {
    for name in [columns.tags, "spans", "entities", "label", "labels"] {
      guard let value = object[name] else { continue }
      if let values = value.array, values.allSatisfy({ $0.array != nil || $0.object != nil }) { return values }
      if value.isNull { return [] }
    }
    guard let annotations = (object["annotations"] ?? object["completions"])?.array else {
      // An accepted row of Prodigy's without spans has none.
      return object["answer"]?.string == nil ? nil : []
    }
    let valid = annotations.first { $0["was_cancelled"]?.bool != true }
    guard let results = valid?["result"]?.array else { return annotations.isEmpty ? [] : nil }
    return results.compactMap { $0["type"]?.string == "labels" ? $0["value"] : nil }
  }

  /// The most labels of one span: each is laid over the text by itself.
  private static let labelsOfSpan = 64

  /// The spans that a value stands for: a triple, or an object with one label or several.
  private func spans(_ value: JSON, _ line: Int) throws -> [CharacterSpan] {
    if let triple = value.array {
      guard triple.count == 3, let start = triple[0].int, let end = triple[1].int, let name = triple[2].string else {
        throw fault(value, line)
      }
      return [CharacterSpan(start: start, end: end, label: try label(name, line))]
    }
    let start = (value["start"] ?? value["start_offset"])?.int
    let end = (value["end"] ?? value["end_offset"])?.int
    let names = value["label"]?.string.map { [$0] } ?? value["labels"]?.array?.compactMap(\.string)
    guard let start, let end, let names, !names.isEmpty else { throw fault(value, line) }
    guard names.count <= Self.labelsOfSpan else {
      throw FormatError(
        place(line), found: "a span with \(names.count) labels", expected: "at most \(Self.labelsOfSpan)")
    }
    return try names.map {
      CharacterSpan(start: start, end: end, label: try label($0, line), text: value["text"]?.string)
    }
  }

  private func fault(_ value: JSON, _ line: Int) -> FormatError {
    FormatError(
      place(line), found: "\(value.kind) as a span: \(value.serialized().prefix(80))",
      expected: "[start, end, \"label\"], or an object with start, end and label")
  }
}
