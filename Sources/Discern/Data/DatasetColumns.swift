import Formats

/// Which columns of a data set hold the input and the label.
public struct DatasetColumns: Equatable, Sendable {
  /// The column or member with the text.
  public var text = "text"
  /// The column with the second text of a pair; nil where there is none, or where the columns have usual names.
  public var pair: String?
  /// The columns with the label. Several are labels of their own, each 0 or 1 (multi-label), or a number each
  /// (regression); none stands for the usual name.
  public var labels: [String] = []
  /// Labels that are known from training: where no column is named or has the usual name, columns of these names hold
  /// them.
  public var known: [String] = []
  /// The member with the words of a sentence.
  public var tokens = "tokens"
  /// The member with the tags of a sentence.
  public var tags = "tags"
  /// In CoNLL files, the column of the token, from 0.
  public var tokenIndex = 0
  /// In CoNLL files, the column of the tag, from 0; nil is the last.
  public var tagIndex: Int?

  /// The usual columns: `text` and `label`, `tokens` and `tags`, or the first and last of a CoNLL file.
  public init() {}

  /// The column with the label, where it is one.
  public var label: String {
    get { labels.first ?? "label" }
    set { labels = [newValue] }
  }

  /// Columns that are read as pairs where none are named.
  static let usualPairs = [
    ("text", "text_pair"), ("sentence1", "sentence2"), ("premise", "hypothesis"), ("question1", "question2"),
  ]

  /// The columns to read of a row or table that has these.
  public func resolved(in present: [String], _ task: Dataset.Task) -> (text: String, pair: String?, labels: [String]) {
    func has(_ name: String) -> Bool { present.contains { !$0.utf8Differs(from: name) } }
    let names = labelNames(task, has)
    if pair != nil || text != "text" { return (text, pair, names) }
    if has("text") { return (text, has("text_pair") ? "text_pair" : nil, names) }
    let usual = Self.usualPairs.first { has($0) && has($1) }
    return (usual?.0 ?? text, usual?.1, names)
  }

  private func labelNames(_ task: Dataset.Task, _ has: (String) -> Bool) -> [String] {
    switch task {
    case _ where !labels.isEmpty: return labels
    case .sequence, .tokens: return ["label"]
    case .regression:
      return has("label") || known.isEmpty ? ["label"] : known
    case .multiLabel:
      return has("labels") || known.isEmpty || !known.allSatisfy(has) ? ["labels"] : known
    }
  }
}

extension DatasetColumns {
  /// The column of the tags in CoNLL-U files: `upos` where none is named.
  func tagOfCoNLLU(_ place: String) throws -> CoNLLUColumn {
    let name = tags == DatasetColumns().tags ? "upos" : tags
    guard let column = CoNLLUColumn(name) else {
      throw FormatError(
        place, found: "no column \"\(name)\" in CoNLL-U",
        expected: "one of \(CoNLLU.columns.joined(separator: ", ")), or an entry such as misc:NER or feats:Number",
        kind: .configuration)
    }
    return column
  }
}

extension DatasetColumns {
  /// Throws where a column that is named holds what cannot be read from Parquet.
  func check(_ file: Parquet) throws {
    for (name, reason) in file.unsupported where [text, label, tokens, tags].contains(name) {
      throw FormatError(
        file.name, found: "\(reason) in the column \"\(name)\"",
        expected: "texts, numbers, truth values, or lists of them", remedy: "Name another column, or convert it.")
    }
  }

  /// Has rows come with the columns that examples are made of alone; all come where one of these is missing, so that
  /// the error can name the others.
  func select(in file: Parquet, _ task: Dataset.Task, labelled: Bool) {
    var wanted: [String]
    if task == .tokens {
      wanted = labelled ? [tokens, tags] : [tokens]
    } else {
      let names = resolved(in: file.columns, task)
      wanted = [names.text] + (names.pair.map { [$0] } ?? []) + (labelled ? names.labels : [])
    }
    guard wanted.allSatisfy({ name in file.columns.contains { !$0.utf8Differs(from: name) } }) else { return }
    // Tagging looks for a text too: it has several layouts.
    if task == .tokens { wanted.append(text) }
    file.select(wanted)
  }
}

/// What a column is for; knows other names that people give it.
enum ColumnRole: String {
  case text, pair, label, tokens, tags

  private var synonyms: [String] {
    switch self {
    case .text:
      ["sentence", "content", "input", "utterance", "query", "question", "review", "body"]
    case .pair: ["text_pair", "sentence2", "hypothesis", "question2", "text2"]
    case .label:
      ["label", "target", "labels", "class", "category", "intent", "sentiment", "answer", "output"]
    case .tokens: ["words", "token", "word", "sentence"]
    case .tags: ["ner_tags", "labels", "tag", "ner", "pos_tags", "chunk_tags", "upos"]
    }
  }

  /// What it is called in messages.
  private var title: String { self == .pair ? "second text" : rawValue }

  /// The error that a row lacks the column; suggests another column that may be meant.
  func missing(_ column: String, place: String, present: [String]) -> FormatError {
    let candidates = ([rawValue] + synonyms).filter { $0 != column }
    let meant = candidates.first { name in present.contains { $0.lowercased() == name } }
    let spelled = meant.flatMap { name in present.first { $0.lowercased() == name } }
    let shown = present.prefix(20).map(quoted).joined(separator: ", ")
    return FormatError(
      place,
      found: "no \"\(column)\""
        + (present.isEmpty
          ? " and no other column"
          : " among the columns \(shown)" + (present.count > 20 ? " and more" : "")),
      expected: "the \(title) in \"\(column)\"",
      remedy: spelled.map { "If \"\($0)\" is meant, name it as the \(title) column." }
        ?? "Name the \(title) column.")
  }
}
