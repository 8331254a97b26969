/// Streams a CSV or TSV file with a header, after RFC 4180: quoted fields may hold separators, line breaks and doubled
/// quotes.
///
/// Stricter than the RFC where a fault would shift columns silently: each record has as many fields as the header.
public final class Delimited {
  /// What stands between fields.
  public enum Separator: UInt8, Sendable {
    case comma = 0x2C
    case tab = 0x09
    case semicolon = 0x3B

    /// The separator's name for messages.
    public var name: String {
      switch self {
      case .comma: "comma"
      case .tab: "tab"
      case .semicolon: "semicolon"
      }
    }
  }

  /// One record.
  public struct Row: Equatable, Sendable {
    /// As many as the header has.
    public var fields: [String]
    /// The first of the lines that the record stands on.
    public var line: Int
  }

  /// The columns' names, all different.
  public let header: [String]
  /// The line the header ends on or, for a row, starts on.
  public private(set) var headerLine: Int
  /// How many blank lines between records were skipped so far.
  public private(set) var blankLines = 0
  /// The file's name for messages.
  public var name: String { records.name }
  private var records: RecordScanner

  /// Reads the header; an empty file has none, which is an error.
  public init(_ lines: LineReader, separator: Separator) throws {
    records = RecordScanner(lines: lines, separator: separator)
    guard let row = try records.next() else {
      throw FormatError(
        lines.name, found: "no rows", expected: "a header with column names and rows below it")
    }
    header = row.fields
    headerLine = row.line
    try checkHeader(separator)
    blankLines = records.blankLines
  }

  /// The next record, or nil at the end.
  public func next() throws -> Row? {
    let row = try records.next()
    blankLines = records.blankLines
    guard let row else { return nil }
    if row.fields.count != header.count {
      let count = row.fields.count
      throw FormatError(
        "\(name):\(row.line)", found: "\(count) field\(count == 1 ? "" : "s")",
        expected: "\(header.count), as the header has",
        remedy: "Put fields that hold separators or line breaks in double quotes.")
    }
    return row
  }

  private func checkHeader(_ separator: Separator) throws {
    let place = "\(name):\(headerLine)"
    var seen: Set<JSONString> = []
    for (index, column) in header.enumerated() {
      if column.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
        throw FormatError(
          place, found: "no name for column \(index + 1) in the header",
          expected: "a name for each column")
      }
      if !seen.insert(JSONString(column)).inserted {
        throw FormatError(
          place, found: "the column name \(quoted(column)) twice", expected: "different names",
          remedy: "Rename one of the columns in the header.")
      }
    }
  }
}
