import Formats

// Labels of texts, from one or several columns.

extension ExampleReader {
  private static let otherColumn = "Check that the right column is read as the label."

  /// The label that the cells of a row spell; each cell with its column.
  func textLabel(_ cells: [(column: String, value: JSON)], line: Int) throws -> Example.Label {
    switch task {
    case .sequence: return .classLabel(try className(cells[0].value, cells[0].column, line))
    case .multiLabel:
      return .labels(
        try cells.count == 1 ? labelList(cells[0].value, cells[0].column, line) : oneHot(cells, line))
    case .regression: return .values(try cells.map { try number($0.value, $0.column, line) })
    case .tokens: preconditionFailure("words have tags")
    }
  }

  private func className(_ value: JSON, _ column: String, _ line: Int) throws -> String {
    switch value {
    case .string(let name): return try label(name.text, line)
    case .integer(let number): return String(number)
    case .bool(let flag): return flag ? "true" : "false"
    default: throw wrongType(column, value, "a string, an integer or a truth value", line)
    }
  }

  /// A list of names; in a cell of text a JSON list, or names with `;` between them. An empty one is a text to which no
  /// label applies.
  private func labelList(_ value: JSON, _ column: String, _ line: Int) throws -> [String] {
    let names: [String]
    switch value {
    case .null: names = []
    case .array(let elements):
      try checkCount(elements.count, "labels", to: Self.labelLimit, line, remedy: Self.otherColumn)
      names = try elements.map { try className($0, column, line) }
    case .string(let text):
      if text.text.utf8.first == UInt8(ascii: "[") {
        return try labelList(try JSON(parsing: text.text, name: name, firstLine: line), column, line)
      }
      let parts = text.text.utf8.split(separator: UInt8(ascii: ";"), maxSplits: Self.labelLimit)
      try checkCount(parts.count, "labels", to: Self.labelLimit, line, remedy: Self.otherColumn)
      names = try parts.map { try label(Substring($0).trimmingSpaces, line) }
    default:
      throw FormatError(
        place(line), found: "\(value.kind) as \"\(column)\"", expected: "a list of labels",
        remedy: "If there is a column of 0 and 1 for each label, name all of them as label columns.")
    }
    var seen: Set<JSONString> = []
    for name in names where !seen.insert(JSONString(name)).inserted {
      throw FormatError(place(line), found: "the label \"\(name)\" twice", expected: "each label once")
    }
    return names
  }

  private func oneHot(_ cells: [(column: String, value: JSON)], _ line: Int) throws -> [String] {
    try cells.compactMap { column, value in
      switch value {
      case .bool(let flag): return flag ? column : nil
      case .integer(1), .number(1), .string("1"), .string("1.0"), .string("true"), .string("True"): return column
      case .integer(0), .number(0), .string("0"), .string("0.0"), .string("false"), .string("False"): return nil
      default:
        throw FormatError(
          place(line), found: "\(value.shown) as \"\(column)\"",
          expected: "0 or 1, as each of several label columns stands for one label")
      }
    }
  }

  private func number(_ value: JSON, _ column: String, _ line: Int) throws -> Double {
    var number = value.double
    if case .string(let text) = value { number = Double(text.text.trimmingSpaces) }
    guard let number, Float(number).isFinite else {
      throw FormatError(
        place(line), found: "\(value.shown) as \"\(column)\"", expected: "a number",
        remedy: "Mend the value, or take the row out.")
    }
    return number
  }
}

extension JSON {
  /// A value of a label column, for messages.
  fileprivate var shown: String {
    guard case .string(let text) = self else { return kind }
    return text.text.isEmpty ? "nothing" : "\"\(text.text)\""
  }
}
