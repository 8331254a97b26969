import ArgumentParser
import Discern
import Formats

/// How rows of data are read.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Format of the data, where the file's extension does not tell.", valueName: "format"))
  var format: DatasetFormat?
  @Option(
    help: ArgumentHelp("Column or JSON member of the text. (default: \(DatasetColumns().text))", valueName: "name"))
  var textColumn: String?
  @Option(
    help: ArgumentHelp(
      "Column or JSON member of the second text, of pairs. (default: told by usual names)", valueName: "name"))
  var pairColumn: String?
  @Option(
    help: ArgumentHelp(
      "Column or JSON member of the label; several times for labels or targets in columns of their own. (default: "
        + "label; multi-label: labels)", valueName: "name"))
  var labelColumn: [String] = []
  @Option(
    help: ArgumentHelp("JSON member of a sentence's words. (default: \(DatasetColumns().tokens))", valueName: "name"))
  var tokensColumn: String?
  @Option(
    name: [.customLong("tags-column"), .customLong("tag-column")],
    help: ArgumentHelp(
      "JSON member of a sentence's tags; in CoNLL-U a column or misc:KEY (upos unless named); in CoNLL its number. "
        + "(default: \(DatasetColumns().tags))",
      valueName: "name"))
  var tagsColumn: String?
  @Option(
    help: ArgumentHelp("CoNLL column of the words, from 0. (default: \(DatasetColumns().tokenIndex))", valueName: "n"))
  var tokenIndex: Int?
  @Option(
    help: ArgumentHelp("CoNLL column of the tags, from 0. (default: the last)", valueName: "n"))
  var tagIndex: Int?
  @Option(
    help: ArgumentHelp(
      "How tags spell spans, where the tags do not tell.", valueName: "scheme"))
  var scheme: TagScheme?

  var columns: DatasetColumns {
    var columns = DatasetColumns()
    columns.text = textColumn ?? columns.text
    columns.pair = pairColumn
    columns.labels = labelColumn
    columns.tokens = tokensColumn ?? columns.tokens
    columns.tags = tagsColumn ?? columns.tags
    columns.tokenIndex = tokenIndex ?? columns.tokenIndex
    columns.tagIndex = tagIndex ?? Int(columns.tags)
    return columns
  }

  /// The names of the options that were given.
  var chosen: [String] {
    let all: [(name: String, isGiven: Bool)] = [
      ("format", format != nil), ("text-column", textColumn != nil), ("pair-column", pairColumn != nil),
      ("label-column", !labelColumn.isEmpty), ("tokens-column", tokensColumn != nil),
      ("tags-column", tagsColumn != nil), ("token-index", tokenIndex != nil), ("tag-index", tagIndex != nil),
      ("scheme", scheme != nil),
    ]
    return all.filter(\.isGiven).map(\.name)
  }

  func validate() throws {
    guard tokenIndex ?? 0 >= 0, tagIndex ?? 0 >= 0 else {
      throw ValidationError("--token-index and --tag-index count from 0.")
    }
  }

  /// Throws where there is no such file: its name may say nothing else.
  static func require(_ path: String) throws {
    guard path != "-", !FileSystem.exists(path) else { return }
    throw FormatError(
      path, found: "no such file or folder", expected: "something to read",
      remedy: "Check the path.", kind: .noInput)
  }

  /// The files that the user named, by paths or patterns.
  static func files(_ patterns: [String]) throws -> [String] {
    let paths = try matchingFiles(patterns)
    for path in paths { try require(path) }
    return paths
  }

  /// Reads labelled data and says what was odd about it. Columns may have the names of `known` labels; `trained` is the
  /// scheme that an adapter holds to, for where none is given.
  func read(
    _ patterns: [String], task: Dataset.Task, known: [String] = [], trained: TagScheme? = nil
  ) throws -> Dataset {
    var columns = columns
    columns.known = known
    let dataset = try Dataset.read(
      Self.files(patterns), format: format, task: task, columns: columns, scheme: scheme ?? trained)
    for note in dataset.facts.skips { Messages.note("\(dataset.name): \(note)") }
    for note in dataset.notes { Messages.warning("\(dataset.name): \(note)") }
    return dataset
  }

  /// What is said of an option that takes labelled data.
  static let labelledHelp =
    "Labelled data: a file or a pattern; - is the standard input. Can be given more than once."
  /// What is said of options that take files.
  static let filesHelp = "a file or more, or patterns such as 'part-*.jsonl.gz'; - is the standard input"
}

/// How many threads to use.
struct ThreadOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Threads. The results do not depend on it. (default: OMP_NUM_THREADS, or all processors)",
      valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: found \(threads); expected a number from 1 to 1024.")
    }
  }

  /// These options, and the others where these say nothing.
  func completed(by others: ThreadOptions?) -> ThreadOptions {
    var options = self
    options.threads = threads ?? others?.threads
    return options
  }
}

extension DatasetFormat: ExpressibleByArgument {}
extension TagScheme: ExpressibleByArgument {}
extension Merge.Format: ExpressibleByArgument {}
