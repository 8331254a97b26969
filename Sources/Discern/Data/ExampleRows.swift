import Formats

// Examples from rows of JSON Lines and CoNLL files.

extension ExampleReader {
  func example(_ row: JSONLines.Row) throws -> Example {
    switch task {
    case .sequence, .multiLabel, .regression:
      let names = columns.resolved(in: row.object.keys, task)
      let text = try string(names.text, .text, row)
      let input = try names.pair.map { Example.Input.pair(text, try string($0, .pair, row)) } ?? .text(text)
      guard labelled else { return Example(input: input, line: row.line) }
      note(names.labels)
      let cells = try names.labels.map { ($0, try member($0, .label, row)) }
      return Example(input: input, label: try textLabel(cells, line: row.line), line: row.line)
    case .tokens:
      if let text = spanText(row) { return try spanExample(text, row) }
      let words = try strings(columns.tokens, .tokens, row)
      try checkCount(words.count, "words", to: Self.wordLimit, row.line)
      if let empty = words.firstIndex(where: \.isEmpty) {
        throw FormatError(
          place(row.line), found: "an empty token at position \(empty) of \"\(columns.tokens)\"",
          expected: "tokens with text", remedy: "Take out the token and its tag.")
      }
      return Example(
        input: .words(words), label: labelled ? try tags(row, words.count) : .none, line: row.line)
    }
  }

  private func string(_ column: String, _ role: ColumnRole, _ row: JSONLines.Row) throws -> String {
    let value = try member(column, role, row)
    guard let text = value.string else { throw wrongType(column, value, "a string", row.line) }
    return text
  }

  private func tags(_ row: JSONLines.Row, _ count: Int) throws -> Example.Label {
    let tags = try strings(columns.tags, .tags, row)
    if tags.count != count {
      throw FormatError(
        place(row.line),
        found: "\(tags.count) tag\(tags.count == 1 ? "" : "s") for \(count) tokens",
        expected: "a tag for each token")
    }
    return .tags(try tags.map { try label($0, row.line) })
  }

  private func strings(_ column: String, _ role: ColumnRole, _ row: JSONLines.Row) throws
    -> [String]
  {
    let value = try member(column, role, row)
    guard let elements = value.array else {
      throw wrongType(column, value, "an array of strings", row.line)
    }
    return try elements.enumerated().map { index, element in
      guard let text = element.string else {
        throw FormatError(
          place(row.line), found: "\(element.kind) at position \(index) of \"\(column)\"",
          expected: "a string",
          remedy: element.int == nil ? "" : "Replace numbers by the names that they stand for.")
      }
      return text
    }
  }

  private func member(_ column: String, _ role: ColumnRole, _ row: JSONLines.Row) throws -> JSON {
    guard let value = row.object[column] else {
      throw role.missing(column, place: place(row.line), present: row.object.keys)
    }
    return value
  }

  func wrongType(_ column: String, _ value: JSON, _ expected: String, _ line: Int) -> FormatError {
    FormatError(place(line), found: "\(value.kind) as \"\(column)\"", expected: expected)
  }
}

extension ExampleReader {
  func example(_ sentence: CoNLL.Sentence) throws -> Example {
    let count = sentence.rows[0].count
    try check(columns.tokenIndex, .tokens, count, sentence.line)
    let words = try sentence.rows.enumerated().map { index, row in
      let word = row[columns.tokenIndex]
      if word.isEmpty {
        throw FormatError(
          place(sentence.line + index), found: "an empty token", expected: "a token",
          remedy: "A sentence ends with a line that is blank.")
      }
      return word
    }
    guard labelled else { return Example(input: .words(words), line: sentence.line) }
    let tagIndex = columns.tagIndex ?? count - 1
    try check(tagIndex, .tags, count, sentence.line)
    if tagIndex == columns.tokenIndex {
      throw FormatError(
        place(sentence.line), found: "only the column of the tokens (\(count) in all)",
        expected: "another column with a tag for each token")
    }
    let tags = try sentence.rows.enumerated().map { index, row in
      try label(row[tagIndex], sentence.line + index)
    }
    return Example(input: .words(words), label: .tags(tags), line: sentence.line)
  }

  func example(_ sentence: CoNLLU.Sentence, _ tag: CoNLLUColumn) throws -> Example {
    let words = sentence.rows.map { $0[1] }
    guard labelled else { return Example(input: .words(words), line: sentence.lines[0]) }
    let tags = try zip(sentence.rows, sentence.lines).map { try label(tag.value(in: $0), $1) }
    return Example(input: .words(words), label: .tags(tags), line: sentence.lines[0])
  }

  private func check(_ index: Int, _ role: ColumnRole, _ count: Int, _ line: Int) throws {
    if index < 0 || index >= count {
      throw FormatError(
        place(line), found: "\(count) column\(count == 1 ? "" : "s")",
        expected: "the \(role.rawValue) in column \(index), counted from 0",
        remedy: "Give the position of the \(role.rawValue) column.")
    }
  }
}
