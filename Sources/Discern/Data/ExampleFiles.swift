import Formats

/// Streams the examples of several files, one file after the other.
///
/// Each file has its own format, unless one is given for all. A file without rows is an error.
public final class ExampleFiles {
  /// The files' names for messages, in order.
  public let names: [String]
  private let paths: [String]
  private let open: (String) throws -> ExampleReader
  private var reader: ExampleReader?
  private var index = -1
  private var rows = 0
  /// The formats of the files opened so far.
  public private(set) var formats: [DatasetFormat] = []
  /// The labels that columns stand for, in the files that are behind; nil where the values are the labels.
  private(set) var labelColumns: [String]?
  /// What was skipped in the files that are behind.
  private var skipped = DatasetFacts()

  /// Opens files when their turn comes (`-` is the standard input); at least one.
  public init(
    paths: [String], format: DatasetFormat? = nil, task: Dataset.Task,
    columns: DatasetColumns = DatasetColumns(), labelled: Bool = true
  ) throws {
    precondition(!paths.isEmpty, "no files to read")
    self.paths = paths
    names = paths.map { $0 == "-" ? "stdin" : $0 }
    open = {
      try ExampleReader(path: $0, format: format, task: task, columns: columns, labelled: labelled)
    }
  }

  /// The name of all together for messages: `a.jsonl`, or `a.jsonl and 2 more files`.
  public var name: String { Self.name(of: names) }

  /// The name of several files together for messages.
  public static func name(of files: [String]) -> String {
    let others = files.count - 1
    return files[0] + (others == 0 ? "" : " and \(others) more file\(others == 1 ? "" : "s")")
  }

  /// The next example with the number of its file, or nil at the end of the last one.
  public func next() throws -> Example? {
    while true {
      if let reader {
        if var example = try reader.next() {
          example.file = index
          rows += 1
          return example
        }
        try finish(reader)
      }
      if index + 1 == paths.count { return nil }
      index += 1
      rows = 0
      let reader = try open(paths[index])
      formats.append(reader.format)
      self.reader = reader
    }
  }

  private func finish(_ reader: ExampleReader) throws {
    if rows == 0 {
      throw FormatError(reader.name, found: "no rows", expected: "at least one example")
    }
    skipped.addSkipped(by: reader)
    if let columns = reader.labelColumns {
      if let labelColumns, LabelSet(labelColumns) != LabelSet(columns) {
        throw FormatError(
          reader.name, found: "the label columns \(columns.joined(separator: ", "))",
          expected: "\(labelColumns.joined(separator: ", ")), as in the files before")
      }
      labelColumns = columns
    }
    self.reader = nil
  }

  /// What was skipped so far.
  public var facts: DatasetFacts {
    var facts = skipped
    if let reader { facts.addSkipped(by: reader) }
    return facts
  }
}

extension DatasetFacts {
  fileprivate mutating func addSkipped(by reader: ExampleReader) {
    blankRows += reader.blankRows
    documentStarts += reader.documentStarts
    comments += reader.comments
    skippedNodes += reader.skippedNodes
    let spans = reader.spanFacts
    rejectedRows += spans.rejectedRows
    utf16Spans += spans.utf16Spans
    spanFaultCounts.merge(spans.spanFaultCounts, uniquingKeysWith: +)
    spanFaults += spans.spanFaults.prefix(max(0, DatasetFacts.faultsKept - spanFaults.count))
  }
}
