import Formats

/// How the rows of a data set are written down.
public enum DatasetFormat: String, CaseIterable, Sendable {
  /// A JSON object on each line.
  case jsonLines = "jsonl"
  /// Comma-separated values with a header.
  case csv
  /// Tab-separated values with a header.
  case tsv
  /// A token with its columns on each line, a blank line after each sentence.
  case conll
  /// CoNLL-U: ten columns by tabs, as in Universal Dependencies.
  case conllu
  /// Parquet, as Hugging Face's `datasets` writes it; its rows are read as those of JSON Lines.
  case parquet
  /// A text on each line, without labels: for prediction only.
  case lines

  /// The format that a file's extension stands for; `.gz` behind it does not count.
  ///
  /// `.tsv` and `.txt` mean columns of tokens in a tagging task; in a sequence task they mean tab-separated values with
  /// a header, and a text on each line.
  public init(path: String, task: Dataset.Task) throws {
    let name = path.split(separator: "/").last ?? ""
    let file = name.lowercased().hasSuffix(".gz") ? name.dropLast(3) : name
    let dot = file.lastIndex(of: ".")
    let suffix = dot.map { file[file.index(after: $0)...].lowercased() } ?? ""
    switch suffix {
    case "jsonl", "ndjson", "json": self = .jsonLines
    case "csv": self = .csv
    case "tsv", "tab": self = task == .tokens ? .conll : .tsv
    case "txt": self = task == .tokens ? .conll : .lines
    case "parquet": self = .parquet
    case "conllu": self = .conllu
    case "conll", "iob", "iob2", "bio", "bioes", "iobes", "bilou", "ner": self = .conll
    default:
      throw FormatError(
        path == "-" ? "stdin" : path,
        found: suffix.isEmpty ? "no extension" : "the extension .\(suffix)",
        expected: "one that tells the format: .jsonl, .csv, .tsv or .conll",
        remedy: "Give the format: " + Self.names + ".")
    }
  }

  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// Throws where rows in this format cannot hold what the task needs.
  func check(_ task: Dataset.Task, labelled: Bool, place: String) throws {
    switch (self, task) {
    case (.csv, .tokens), (.tsv, .tokens):
      throw FormatError(
        place, found: "the format \(rawValue) for a tagging task", expected: "jsonl or conll",
        remedy: "Columns of tokens without a header are the format conll.")
    case (.conll, .sequence), (.conll, .multiLabel), (.conll, .regression), (.conllu, .sequence),
      (.conllu, .multiLabel), (.conllu, .regression):
      throw FormatError(
        place, found: "the format \(rawValue) for a \(task.rawValue) task", expected: "jsonl, csv or tsv")
    case (.lines, _) where labelled:
      throw FormatError(
        place, found: "texts without labels", expected: "a format that holds labels",
        remedy: "Give the format: " + Self.names + ".")
    default: break
    }
  }
}
