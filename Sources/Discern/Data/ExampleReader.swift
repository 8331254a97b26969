import Formats

/// Streams the examples of a file or of the standard input.
///
/// Tags come as they stand in the file; `Dataset.read` is what detects their scheme and converts them.
public final class ExampleReader {
  private enum Source {
    case jsonLines(JSONLines)
    case parquet(Parquet)
    case delimited(Delimited, DelimitedColumns)
    case conll(CoNLL)
    case conllu(CoNLLU, tag: CoNLLUColumn)
    case lines(LineReader)
  }

  private let source: Source
  let task: Dataset.Task
  let columns: DatasetColumns
  let labelled: Bool
  /// The format read.
  public let format: DatasetFormat
  /// The file's name for messages.
  public let name: String
  private var blankTextLines = 0

  /// Opens a file (`-` is the standard input).
  ///
  /// The format is told by the extension unless given. With `labelled` false, labels are not looked at, and all
  /// examples have the label `.none`.
  public init(
    path: String, format: DatasetFormat? = nil, task: Dataset.Task,
    columns: DatasetColumns = DatasetColumns(), labelled: Bool = true
  ) throws {
    let format = try format ?? DatasetFormat(path: path, task: task)
    let place = path == "-" ? "stdin" : path
    try format.check(task, labelled: labelled, place: place)
    if let twice = columns.labels.firstRepeated {
      throw FormatError(
        place, found: "the label column \"\(twice)\" named twice", expected: "different columns",
        kind: .configuration)
    }
    if format == .parquet {
      let file = try Parquet(path: path)
      (self.format, self.task, self.columns, self.labelled, name) = (format, task, columns, labelled, file.name)
      try columns.check(file)
      columns.select(in: file, task, labelled: labelled)
      source = .parquet(file)
      return
    }
    let lines = try LineReader(path: path)
    self.format = format
    self.task = task
    self.columns = columns
    self.labelled = labelled
    name = lines.name
    switch format {
    case .jsonLines: source = .jsonLines(JSONLines(lines))
    case .csv, .tsv:
      let table = try Delimited(lines, separator: format == .csv ? .comma : .tab)
      source = .delimited(table, try DelimitedColumns(columns, task, labelled: labelled, in: table))
    case .conll: source = .conll(CoNLL(lines))
    case .parquet: preconditionFailure("read above: it has no lines")
    case .conllu: source = .conllu(CoNLLU(lines), tag: try columns.tagOfCoNLLU(lines.name))
    case .lines: source = .lines(lines)
    }
  }

  /// How many blank lines were skipped so far (those that end CoNLL sentences not counted).
  public var blankRows: Int {
    switch source {
    case .jsonLines(let file): file.blankLines
    case .delimited(let table, _): table.blankLines
    case .conll, .conllu, .parquet: 0
    case .lines: blankTextLines
    }
  }

  /// How many `-DOCSTART-` lines were skipped so far.
  public var documentStarts: Int {
    if case .conll(let file) = source { file.documentStarts } else { 0 }
  }

  /// How many comment lines were skipped so far.
  public var comments: Int {
    switch source {
    case .conll(let file): file.comments
    case .conllu(let file, _): file.comments
    default: 0
    }
  }

  /// How many multiword ranges and empty nodes of CoNLL-U were skipped so far.
  public var skippedNodes: Int {
    if case .conllu(let file, _) = source { file.skippedNodes } else { 0 }
  }

  /// What was found in spans of characters so far.
  var spanFacts = DatasetFacts()

  /// The labels that columns stand for: of one-hot columns and of numbers; nil where the values are the labels.
  private(set) var labelColumns: [String]?

  /// The next example, or nil at the end.
  public func next() throws -> Example? {
    switch source {
    case .parquet(let file): return try file.next().map(example)
    case .jsonLines(let file):
      while let row = try file.next() {
        if !isRejected(row) { return try example(row) }
        spanFacts.rejectedRows += 1
      }
      return nil
    case .delimited(let table, let columns):
      guard let row = try table.next() else { return nil }
      let text = row.fields[columns.text]
      let input = columns.pair.map { Example.Input.pair(text, row.fields[$0]) } ?? .text(text)
      guard labelled else { return Example(input: input, line: row.line) }
      note(columns.labels.map { table.header[$0] })
      let cells = columns.labels.map { (table.header[$0], JSON(row.fields[$0])) }
      return Example(input: input, label: try textLabel(cells, line: row.line), line: row.line)
    case .conll(let file): return try file.next().map(example)
    case .conllu(let file, let tag): return try file.next().map { try example($0, tag) }
    case .lines(let lines): return try example(lines)
    }
  }

  private func example(_ lines: LineReader) throws -> Example? {
    while let line = try lines.next() {
      if line.isBlank {
        blankTextLines += 1
      } else if task == .tokens {
        let words = line.bytes.split(maxSplits: Self.wordLimit) { $0 == 0x20 || $0 == 0x09 }
        try checkCount(words.count, "words", to: Self.wordLimit, line.number)
        return Example(input: .words(words.map { String(decoding: $0, as: UTF8.self) }), line: line.number)
      } else {
        return Example(input: .text(line.text), line: line.number)
      }
    }
    return nil
  }

  /// Notes which columns hold the labels of a row, where the columns are the labels.
  func note(_ labels: [String]) {
    guard labelled, labelColumns == nil else { return }
    switch task {
    case .regression: labelColumns = labels
    case .multiLabel: labelColumns = labels.count > 1 ? labels : nil
    case .sequence, .tokens: break
    }
  }

  /// The most words of a row, the most labels, and the longest text with spans: what is kept of each word and label is
  /// many times as long as it may be itself.
  static let wordLimit = 1 << 17
  static let labelLimit = 1 << 12
  static let spanTextLimit = 1 << 20

  /// Throws where a row has more of something than it may have.
  func checkCount(
    _ count: Int, _ things: String, to limit: Int, _ line: Int, remedy: String = "Split the row."
  ) throws {
    if count <= limit { return }
    throw FormatError(
      place(line), found: "more than \(limit) \(things) in a row", expected: "at most \(limit)",
      remedy: remedy)
  }

  /// The place of a line for messages.
  func place(_ line: Int) -> String { "\(name):\(line)" }

  /// Checks that a label is not empty and has no space at its edges: `pos` and `pos ` are hardly meant as two labels.
  func label(_ text: String, _ line: Int) throws -> String {
    let scalars = text.unicodeScalars
    guard let first = scalars.first(where: { !$0.properties.isWhitespace }) else {
      throw FormatError(
        place(line), found: "an empty label", expected: "a label for each example",
        remedy: "Label the row, or take it out.")
    }
    if first != scalars.first || scalars.last!.properties.isWhitespace {
      throw FormatError(
        place(line), found: "the label \(quoted(text)) with space at its edge",
        expected: "a label without space around it", remedy: "Take out the space.")
    }
    return text
  }
}

/// Where in the records of a table text and labels stand.
private struct DelimitedColumns {
  let text: Int
  let pair: Int?
  let labels: [Int]

  init(_ columns: DatasetColumns, _ task: Dataset.Task, labelled: Bool, in table: Delimited) throws {
    let place = "\(table.name):\(table.headerLine)"
    let names = columns.resolved(in: table.header, task)
    text = try table.position(of: names.text, .text, place)
    pair = try names.pair.map { try table.position(of: $0, .pair, place) }
    labels = labelled ? try names.labels.map { try table.position(of: $0, .label, place) } : []
  }
}

extension Delimited {
  /// The position of a column in the header, by bytes.
  fileprivate func position(of column: String, _ role: ColumnRole, _ place: String) throws -> Int {
    guard let index = header.firstIndex(where: { !$0.utf8Differs(from: column) }) else {
      throw role.missing(column, place: place, present: header)
    }
    return index
  }
}

extension [String] {
  /// The first element that stands before, compared by bytes.
  fileprivate var firstRepeated: String? {
    var seen: Set<JSONString> = []
    return first { !seen.insert(JSONString($0)).inserted }
  }
}
