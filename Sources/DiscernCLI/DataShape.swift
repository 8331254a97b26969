import Discern
import Formats

/// What the rows of a file are for, told by its extension and its first row.
struct DataShape {
  var task = Dataset.Task.sequence
  var isLabelled = true
  var labelColumn = ""

  init(_ path: String, task given: Dataset.Task?, input: DataOptions) throws {
    let format = try input.format ?? DatasetFormat(path: path, task: given ?? .sequence)
    let columns = input.columns
    // The standard input can be read only once.
    let names = path == "-" ? nil : try Self.columns(path, format)
    let hasSpans = ["spans", "entities", "annotations"].contains { names?.contains($0) == true }
    if format == .conll || format == .conllu || hasSpans || names?.contains(columns.tokens) == true { task = .tokens }
    task = given ?? task
    let labels = task == .tokens ? [columns.tags] : columns.resolved(in: names ?? [], task).labels
    labelColumn = labels.first { names?.contains($0) == false } ?? labels[0]
    if format == .lines { isLabelled = false }
    if let names, format != .conll {
      isLabelled = labels.allSatisfy(names.contains) || hasSpans && task == .tokens
    }
  }

  /// The columns of the first row, where there are such.
  private static func columns(_ path: String, _ format: DatasetFormat) throws -> [String]? {
    switch format {
    case .jsonLines: try JSONLines(LineReader(path: path)).next()?.object.keys
    case .csv: try Delimited(LineReader(path: path), separator: .comma).header
    case .tsv: try Delimited(LineReader(path: path), separator: .tab).header
    case .parquet: try Parquet(path: path).columns
    case .conll, .conllu, .lines: nil
    }
  }
}
