import Formats

/// Streams the examples of a file or of the standard input.
///
/// Tags come as they stand in the file; `Dataset.read` is what detects their scheme and converts them.
public final class ExampleReader {
  private enum Source {
    case jsonLines(JSONLines)
    case parquet(Parquet)
    case delimited(Delimited, text: Int, label: Int?)
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
    try format.check(task, labelled: labelled, place: path == "-" ? "stdin" : path)
    if format == .parquet {
      let file = try Parquet(path: path)
      (self.format, self.task, self.columns, self.labelled, name) = (format, task, columns, labelled, file.name)
      try columns.check(file)
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
      let place = "\(table.name):\(table.headerLine)"
      let text = try table.position(of: columns.text, .text, place)
      let label = labelled ? try table.position(of: columns.label, .label, place) : nil
      source = .delimited(table, text: text, label: label)
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
    case .delimited(let table, _, _): table.blankLines
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

  /// The next example, or nil at the end.
  public func next() throws -> Example? {
    switch source {
    case .jsonLines(let file): return try file.next().map(example)
    case .parquet(let file): return try file.next().map(example)
    case .delimited(let table, let text, let label):
      guard let row = try table.next() else { return nil }
      let name = try label.map {
        Example.Label.classLabel(try self.label(row.fields[$0], row.line))
      }
      return Example(input: .text(row.fields[text]), label: name ?? .none, line: row.line)
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
        let words = line.text.split { $0 == " " || $0 == "\t" }.map(String.init)
        return Example(input: .words(words), line: line.number)
      } else {
        return Example(input: .text(line.text), line: line.number)
      }
    }
    return nil
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

extension Delimited {
  /// The position of a column in the header, by bytes.
  fileprivate func position(of column: String, _ role: ColumnRole, _ place: String) throws -> Int {
    guard let index = header.firstIndex(where: { !$0.utf8Differs(from: column) }) else {
      throw role.missing(column, place: place, present: header)
    }
    return index
  }
}
