import Discern
import Formats

/// A text to be answered, with the JSON object that it came in.
struct PredictItem {
  var example: Example
  var fields: JSONObject?
}

/// Where the texts come from: arguments, lines, JSON Lines or rows of data.
final class PredictInput {
  private enum Source {
    case texts(ArraySlice<String>)
    case lines(LineReader)
    case objects(LineReader)
    /// Known to be JSON: objects on lines, or one array of them.
    case json(JSONLines, LineReader)
    case rows(ExampleReader)
  }

  /// Names of the files for messages.
  let files: [String]
  private let paths: [String]
  private var index = 0
  private var source: Source
  private var first: LineReader.Line?
  /// Whether nobody said that the lines are objects.
  private let isGuessed: Bool
  private let format: DatasetFormat?
  private let task: Dataset.Task
  private let columns: DatasetColumns
  private var blankLines = 0
  private var skippedRows = DatasetFacts()
  /// Whether texts come as objects: then the answers go out as such.
  private(set) var isJSON = false

  /// Texts at hand.
  init(texts: [String], task: Dataset.Task) {
    files = ["text"]
    paths = []
    source = .texts(texts[...])
    self.task = task
    isGuessed = false
    format = nil
    columns = DatasetColumns()
  }

  /// Files, at least one, or `-` for the standard input: lines, or JSON Lines where the first line is an object.
  init(paths: [String], format: DatasetFormat?, columns: DatasetColumns, task: Dataset.Task) throws {
    self.task = task
    self.columns = columns
    self.paths = paths
    self.format = format
    files = paths.map { $0 == "-" ? "stdin" : $0 }
    isGuessed = format == nil && paths == ["-"]
    source = .texts([])
    try open()
    for path in paths where path != "-" {
      isJSON = try isJSON || (format ?? DatasetFormat(path: path, task: task)) == .jsonLines
    }
  }

  /// The name of all files together, for messages.
  var name: String { ExampleFiles.name(of: files) }

  private func open() throws {
    let path = paths[index]
    var format = format
    if format == nil, path != "-" { format = try DatasetFormat(path: path, task: task) }
    switch format {
    case .jsonLines:
      let lines = try LineReader(path: path)
      source = .json(JSONLines(lines), lines)
    case .lines: source = .lines(try LineReader(path: path))
    case .csv, .tsv, .conll, .conllu, .parquet:
      source = .rows(
        try ExampleReader(
          path: path, format: format, task: task, columns: columns, labelled: false))
    case nil:
      let lines = try LineReader(path: path)
      first = try lines.next()
      let start = first?.bytes.first { $0 != 0x20 && $0 != 0x09 }
      source = start == UInt8(ascii: "{") ? .objects(lines) : .lines(lines)
    }
    switch source {
    case .objects, .json: isJSON = true
    case .texts, .lines, .rows: break
    }
  }

  /// The most texts that are answered together; the answers do not depend on it.
  private static let batchCount = 256
  /// How long a batch may be in the file: an object takes many times as much memory as its text.
  private static let batchBytes = 1 << 20

  /// The next texts to be answered together, which does not wait for more where some are here; none at the end.
  func batch() throws -> [PredictItem] {
    var items: [PredictItem] = []
    let start = bytesRead
    while items.count < Self.batchCount, bytesRead - start < Self.batchBytes, items.isEmpty || !isWaiting,
      let item = try next()
    {
      items.append(item)
    }
    return items
  }

  /// How much of the file that is open was taken; of rows of data nothing is kept but their texts, and none is counted.
  private var bytesRead: Int {
    switch source {
    case .texts, .rows: 0
    case .json(_, let lines), .lines(let lines), .objects(let lines): lines.bytesRead
    }
  }

  /// Whether the next text has not been written yet: time to answer those that are here.
  private var isWaiting: Bool {
    switch source {
    case .texts, .rows: false
    case .json(_, let lines): lines.isWaiting
    case .lines(let lines), .objects(let lines): first == nil && lines.isWaiting
    }
  }

  /// The next text, or nil at the end of the last file.
  private func next() throws -> PredictItem? {
    while true {
      if var item = try nextHere() {
        item.example.file = index
        return item
      }
      if index + 1 >= paths.count { return nil }
      skippedRows = skipped
      blankLines = 0
      index += 1
      try open()
    }
  }

  /// The next text of the file that is open.
  private func nextHere() throws -> PredictItem? {
    switch source {
    case .texts(var texts):
      guard let text = texts.popFirst() else { return nil }
      source = .texts(texts)
      return PredictItem(example: Example(input: .text(text)))
    case .rows(let reader): return try reader.next().map { PredictItem(example: $0) }
    case .json(let rows, let lines):
      return try rows.next().map { try item($0.object, $0.line, place: lines.place($0.line)) }
    case .lines(let lines):
      return try line(lines).map {
        PredictItem(example: Example(input: .text($0.text), line: $0.number))
      }
    case .objects(let lines):
      while let line = try line(lines) {
        if !line.isBlank { return try item(line, lines) }
        blankLines += 1
      }
      return nil
    }
  }

  /// What was skipped so far.
  var skipped: DatasetFacts {
    var facts = skippedRows
    facts.blankRows += blankLines
    if case .json(let rows, _) = source { facts.blankRows += rows.blankLines }
    if case .rows(let reader) = source {
      facts.blankRows += reader.blankRows
      facts.comments += reader.comments
      facts.skippedNodes += reader.skippedNodes
      facts.documentStarts += reader.documentStarts
    }
    return facts
  }

  private func line(_ lines: LineReader) throws -> LineReader.Line? {
    defer { first = nil }
    return try first ?? lines.next()
  }

  private func parsed(_ line: LineReader.Line, _ lines: LineReader) throws -> JSON {
    do {
      return try JSON(parsing: line.bytes, name: lines.name, firstLine: line.number)
    } catch var error as FormatError {
      if isGuessed { error.remedy = "If the lines are plain texts, say --format lines." }
      throw error
    }
  }

  private func item(_ line: LineReader.Line, _ lines: LineReader) throws -> PredictItem {
    let place = lines.place(line.number)
    let json = try parsed(line, lines)
    guard let object = json.object else {
      throw FormatError(place, found: json.kind, expected: "a JSON object on each line")
    }
    return try item(object, line.number, place: place)
  }

  private func item(_ object: JSONObject, _ number: Int, place: String) throws -> PredictItem {
    if task == .tokens, let words = object[columns.tokens]?.array {
      let texts = words.compactMap(\.string)
      guard texts.count == words.count, !texts.contains("") else {
        throw FormatError(
          place, found: "something else in \"\(columns.tokens)\"",
          expected: "words that are strings")
      }
      return PredictItem(example: Example(input: .words(texts), line: number), fields: object)
    }
    let names = columns.resolved(in: object.keys, task)
    // Label Studio's tasks have their text one level further down.
    let inner = object[names.text] == nil ? object["data"]?.string ?? object["data"]?[names.text]?.string : nil
    let first = try inner ?? string(object, names.text, place, "--text-column")
    guard let pair = names.pair, !task.tagsWords else {
      return PredictItem(example: Example(input: .text(first), line: number), fields: object)
    }
    let input = Example.Input.pair(first, try string(object, pair, place, "--pair-column"))
    return PredictItem(example: Example(input: input, line: number), fields: object)
  }

  private func string(_ object: JSONObject, _ column: String, _ place: String, _ option: String) throws -> String {
    if let text = object[column]?.string { return text }
    let names = object.keys.prefix(20).map { "\"\($0)\"" }.joined(separator: ", ")
    throw FormatError(
      place, found: object.isEmpty ? "an empty object" : "the members \(names)",
      expected: "a string in \"\(column)\"", remedy: "Name the member with \(option).")
  }
}
