import Formats

/// Which columns of a data set hold the input and the label.
public struct DatasetColumns: Equatable, Sendable {
  /// The column or member with the text.
  public var text = "text"
  /// The column or member with the label.
  public var label = "label"
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
}

/// What a column is for; knows other names that people give it.
enum ColumnRole: String {
  case text, label, tokens, tags

  private var synonyms: [String] {
    switch self {
    case .text:
      ["sentence", "content", "input", "utterance", "query", "question", "review", "body"]
    case .label:
      ["target", "labels", "class", "category", "intent", "sentiment", "answer", "output"]
    case .tokens: ["words", "token", "word", "sentence"]
    case .tags: ["ner_tags", "labels", "tag", "ner", "pos_tags", "chunk_tags", "upos"]
    }
  }

  /// The error that a row lacks the column; suggests another column that may be meant.
  func missing(_ column: String, place: String, present: [String]) -> FormatError {
    let candidates = [rawValue] + synonyms
    let meant = candidates.first { name in present.contains { $0.lowercased() == name } }
    let spelled = meant.flatMap { name in present.first { $0.lowercased() == name } }
    let shown = present.prefix(20).map(quoted).joined(separator: ", ")
    return FormatError(
      place,
      found: "no \"\(column)\""
        + (present.isEmpty
          ? " and no other column"
          : " among the columns \(shown)" + (present.count > 20 ? " and more" : "")),
      expected: "the \(rawValue) in \"\(column)\"",
      remedy: spelled.map { "If \"\($0)\" is meant, name it as the \(rawValue) column." }
        ?? "Name the \(rawValue) column.")
  }
}
