/// Streams a CoNLL file: a token on each line with its columns, and a blank line after each sentence.
///
/// Columns are split by tabs where the line has one, else by runs of spaces. `-DOCSTART-` lines end a sentence and are
/// skipped and counted. A line that starts with `# ` is a comment (skipped and counted) only before the first token of
/// a sentence and only if it cannot be a token: it lacks the tabs or the number of columns that the file's other lines
/// have. All token lines must have the same number of columns.
public final class CoNLL {
  /// One sentence.
  public struct Sentence: Equatable, Sendable {
    /// The columns of each token.
    public var rows: [[String]]
    /// The line of the first token; the others follow without a gap.
    public var line: Int
  }

  /// The most tokens of a sentence, and the most columns of a token.
  static let tokenLimit = 1 << 17
  static let columnLimit = 1 << 10
  /// The most columns of a sentence's tokens together.
  static let valueLimit = 1 << 20
  /// The most lines before the first token.
  static let aheadLimit = 1 << 16

  private let lines: LineReader
  private var pending: [LineReader.Line] = []  // read ahead to learn the layout; last first
  private var layout: Layout?
  /// How many `-DOCSTART-` lines were skipped so far.
  public private(set) var documentStarts = 0
  /// How many comment lines were skipped so far.
  public private(set) var comments = 0
  /// The file's name for messages.
  public var name: String { lines.name }

  /// What the first certain token line tells about all.
  private struct Layout {
    var columns: Int
    var tabbed: Bool
    var line: Int
  }

  /// Reads from lines.
  public init(_ lines: LineReader) { self.lines = lines }

  /// The next sentence, or nil at the end.
  public func next() throws -> Sentence? {
    if layout == nil { try findLayout() }
    var sentence = Sentence(rows: [], line: 0)
    while let line = try nextLine() {
      let columns = line.isBlank ? [] : try split(line)
      if columns.isEmpty || isDocumentStart(columns) {
        if !columns.isEmpty { documentStarts += 1 }
        if !sentence.rows.isEmpty { return sentence }
      } else if sentence.rows.isEmpty, isComment(line, columns) {
        comments += 1
      } else {
        if sentence.rows.isEmpty { sentence.line = line.number }
        guard sentence.rows.count < Self.tokenLimit else {
          throw FormatError(
            lines.place(line.number), found: "a sentence of more than \(Self.tokenLimit) tokens",
            expected: "a blank line after each sentence")
        }
        // All tokens have as many columns.
        guard (sentence.rows.count + 1) * columns.count <= Self.valueLimit else {
          throw FormatError(
            lines.place(line.number), found: "a sentence of more than \(Self.valueLimit) values",
            expected: "fewer columns, or a blank line after each sentence")
        }
        sentence.rows.append(try checked(columns, line))
      }
    }
    return sentence.rows.isEmpty ? nil : sentence
  }

  private func nextLine() throws -> LineReader.Line? {
    if let line = pending.popLast() { return line }
    return try lines.next()
  }

  /// Reads ahead to the first line that can only be a token.
  private func findLayout() throws {
    var ahead: [LineReader.Line] = []
    defer { pending = ahead.reversed() }
    while let line = try lines.next() {
      guard ahead.count < Self.aheadLimit else {
        throw FormatError(
          lines.place(line.number), found: "no token yet after \(Self.aheadLimit) lines",
          expected: "tokens with their columns")
      }
      // One blank line means as much as many.
      if line.isBlank, ahead.last?.isBlank == true { continue }
      ahead.append(line)
      if line.isBlank || line.bytes.starts(with: "# ".utf8) { continue }
      let columns = try split(line)
      if isDocumentStart(columns) { continue }
      layout = Layout(
        columns: columns.count, tabbed: line.bytes.contains(0x09), line: line.number)
      return
    }
    // Nothing but lines that start with `# `: take the first as a token, so that nothing vanishes.
    guard let line = ahead.first(where: { $0.bytes.starts(with: "# ".utf8) }) else { return }
    layout = Layout(
      columns: try split(line).count, tabbed: line.bytes.contains(0x09), line: line.number)
  }

  private func isDocumentStart(_ columns: [String]) -> Bool { columns[0] == "-DOCSTART-" }

  private func isComment(_ line: LineReader.Line, _ columns: [String]) -> Bool {
    guard let layout, line.bytes.starts(with: "# ".utf8) else { return false }
    return columns.count != layout.columns || line.bytes.contains(0x09) != layout.tabbed
  }

  private func split(_ line: LineReader.Line) throws -> [String] {
    if line.bytes.contains(0x0D) {
      throw FormatError(
        lines.place(line.number), found: "a carriage return inside the line",
        expected: "line breaks of \\n or \\r\\n")
    }
    let tabbed = line.bytes.contains(0x09)
    let columns = line.bytes.split(
      separator: tabbed ? 0x09 : 0x20, maxSplits: Self.columnLimit, omittingEmptySubsequences: !tabbed)
    guard columns.count <= Self.columnLimit else {
      throw FormatError(
        lines.place(line.number), found: "more than \(Self.columnLimit) columns",
        expected: "a token and its tags on each line")
    }
    return columns.map { String(decoding: $0, as: UTF8.self) }
  }

  private func checked(_ columns: [String], _ line: LineReader.Line) throws -> [String] {
    if let layout, columns.count != layout.columns {
      throw FormatError(
        lines.place(line.number),
        found: "\(columns.count) column\(columns.count == 1 ? "" : "s")",
        expected: "\(layout.columns), as in line \(layout.line)",
        remedy: "Separate columns by one tab, or by spaces in a file without tabs.")
    }
    return columns
  }
}
