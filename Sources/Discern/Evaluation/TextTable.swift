/// A table in plain text: aligned columns under their titles.
public struct TextTable: Equatable, Sendable {
  /// On which side the cells of a column are flush.
  public enum Alignment: Sendable {
    case left, right
  }

  /// The titles of the columns.
  public var titles: [String]
  /// How each column is aligned.
  public var alignments: [Alignment]
  /// The rows; an empty one is a blank line.
  public var rows: [[String]] = []

  /// Makes a table of one left-aligned column and right-aligned ones behind it, unless told otherwise.
  public init(_ titles: [String], alignments: [Alignment]? = nil) {
    self.titles = titles
    self.alignments =
      alignments ?? titles.indices.map { $0 == titles.startIndex ? .left : .right }
    precondition(self.alignments.count == titles.count, "an alignment for each column")
  }

  /// Adds a row; it must have a cell for each column, or none at all.
  public mutating func append(_ row: [String]) {
    precondition(row.isEmpty || row.count == titles.count, "a cell for each column")
    rows.append(row)
  }

  /// The lines, each ended by a line break, without spaces at their ends.
  public var text: String {
    let lines = ([titles] + rows).map { $0.map(Self.printable) }
    var widths = [Int](repeating: 0, count: titles.count)
    for line in lines {
      for (column, cell) in line.enumerated() { widths[column] = max(widths[column], cell.count) }
    }
    return lines.map { line in
      let cells = line.enumerated().map { column, cell in
        alignments[column] == .left
          ? cell.padded(right: widths[column]) : cell.padded(left: widths[column])
      }
      let text = cells.joined(separator: "  ")
      let end = text.lastIndex { $0 != " " }
      return (end.map { text[...$0] } ?? "") + "\n"
    }.joined()
  }

  /// The cell with control characters, which would break the columns, made visible.
  private static func printable(_ cell: String) -> String {
    if cell.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) { return cell }
    return cell.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : "\($0)" }
      .joined()
  }
}
