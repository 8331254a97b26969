/// Joins lines to records and splits records into fields.
struct RecordScanner {
  /// The most fields of a record.
  static let fieldLimit = 1 << 16

  let lines: LineReader
  let separator: Delimited.Separator
  private(set) var blankLines = 0
  var name: String { lines.name }

  init(lines: LineReader, separator: Delimited.Separator) {
    self.lines = lines
    self.separator = separator
  }

  /// The next record; blank lines before it are skipped and counted.
  mutating func next() throws -> Delimited.Row? {
    while let line = try lines.next() {
      if line.bytes.isEmpty {
        blankLines += 1
        continue
      }
      return Delimited.Row(fields: try record(line), line: line.number)
    }
    return nil
  }

  /// Splits a record that begins with `first`, taking more lines where a quoted field spans them.
  private func record(_ first: LineReader.Line) throws -> [String] {
    var line = first
    var fields: [String] = []
    var index = 0
    while true {
      if index < line.bytes.count, line.bytes[index] == UInt8(ascii: "\"") {
        fields.append(try quoted(&line, &index, recordLine: first.number))
      } else {
        fields.append(try plain(line, &index))
      }
      if index == line.bytes.count { return fields }
      guard fields.count < Self.fieldLimit else {
        throw FormatError(
          lines.place(first.number), found: "more than \(Self.fieldLimit) fields",
          expected: "at most \(Self.fieldLimit) in a record")
      }
      index += 1  // the separator
    }
  }

  /// An unquoted field; `index` moves to the separator or the end of the line.
  private func plain(_ line: LineReader.Line, _ index: inout Int) throws -> String {
    let start = index
    while index < line.bytes.count, line.bytes[index] != separator.rawValue {
      if line.bytes[index] == UInt8(ascii: "\"") {
        throw FormatError(
          lines.place(line.number), found: "a quote inside an unquoted field",
          expected: "the whole field in quotes, and each quote in it doubled",
          remedy: "Write \"say \"\"hello\"\" twice\" for: say \"hello\" twice.")
      }
      if line.bytes[index] == 0x0D {
        throw FormatError(
          lines.place(line.number), found: "a carriage return inside an unquoted field",
          expected: "line breaks of \\n or \\r\\n",
          remedy: "Convert the line breaks of old Macintosh files with `tr '\\r' '\\n'`.")
      }
      index += 1
    }
    return String(decoding: line.bytes[start..<index], as: UTF8.self)
  }

  /// A quoted field; `index` moves behind its closing quote, `line` to the line of that quote.
  private func quoted(_ line: inout LineReader.Line, _ index: inout Int, recordLine: Int) throws
    -> String
  {
    let quote = UInt8(ascii: "\"")
    let openingLine = line.number
    var field: [UInt8] = []
    index += 1
    while true {
      guard index < line.bytes.count else {
        field.append(contentsOf: line.ending.rawValue.utf8)
        guard field.count <= lines.maximumLength, let more = try lines.next() else {
          throw unterminated(openingLine, field.count)
        }
        line = more
        index = 0
        continue
      }
      let byte = line.bytes[index]
      index += 1
      if byte != quote {
        field.append(byte)
      } else if index < line.bytes.count, line.bytes[index] == quote {
        field.append(quote)
        index += 1
      } else {
        break
      }
    }
    if index < line.bytes.count, line.bytes[index] != separator.rawValue {
      throw FormatError(
        lines.place(line.number), found: "text after the closing quote of a field",
        expected: "a \(separator.name) or the end of the line",
        remedy: "Double each quote inside a quoted field.")
    }
    return String(decoding: field, as: UTF8.self)
  }

  private func unterminated(_ line: Int, _ count: Int) -> FormatError {
    FormatError(
      lines.place(line), found: "a quote that is never closed",
      expected: "a closing quote"
        + (count > lines.maximumLength ? " within \(lines.maximumLength) bytes" : ""),
      remedy: "Double each quote inside a quoted field.")
  }
}
