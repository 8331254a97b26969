/// Streams a CoNLL-U file: ten columns by tabs for each word, a blank line after each sentence.
///
/// Lines that start with `#` are comments. Multiword ranges (`3-4`) and empty nodes (`5.1`) are no words of the sentence;
/// they are skipped and counted. The words must be numbered from 1 without a gap.
public final class CoNLLU {
  /// One sentence.
  public struct Sentence: Equatable, Sendable {
    /// The ten columns of each word.
    public var rows: [[String]]
    /// The line of each word.
    public var lines: [Int]
  }

  /// The names of the columns, in order.
  public static let columns = [
    "id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc",
  ]

  private let lines: LineReader
  /// How many comment lines were skipped so far.
  public private(set) var comments = 0
  /// How many multiword ranges and empty nodes were skipped so far.
  public private(set) var skippedNodes = 0
  /// The file's name for messages.
  public var name: String { lines.name }

  /// Reads from lines.
  public init(_ lines: LineReader) { self.lines = lines }

  /// The next sentence, or nil at the end.
  public func next() throws -> Sentence? {
    var sentence = Sentence(rows: [], lines: [])
    while let line = try lines.next() {
      if line.isBlank {
        if !sentence.rows.isEmpty { return sentence }
      } else if line.bytes.first == UInt8(ascii: "#") {
        comments += 1
      } else {
        try add(line, to: &sentence)
      }
    }
    return sentence.rows.isEmpty ? nil : sentence
  }

  private func add(_ line: LineReader.Line, to sentence: inout Sentence) throws {
    let tabs = line.bytes.count { $0 == 0x09 }
    guard tabs + 1 == Self.columns.count else {
      throw FormatError(
        lines.place(line.number), found: "\(tabs + 1) column\(tabs == 0 ? "" : "s")",
        expected: "the \(Self.columns.count) columns of CoNLL-U, separated by tabs",
        remedy: "If the file has other columns, its format is conll.")
    }
    let fields = line.bytes.split(separator: 0x09, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    if let empty = fields.firstIndex(where: \.isEmpty) {
      throw FormatError(
        lines.place(line.number), found: "nothing in the column \(Self.columns[empty])",
        expected: "a value, or _ where there is none")
    }
    if Self.isRangeOrEmptyNode(fields[0]) {
      skippedNodes += 1
      return
    }
    guard Int(fields[0]) == sentence.rows.count + 1 else {
      throw FormatError(
        lines.place(line.number), found: "the id \(quoted(fields[0]))",
        expected: "\(sentence.rows.count + 1), or a blank line before a new sentence")
    }
    guard sentence.rows.count < CoNLL.tokenLimit else {
      throw FormatError(
        lines.place(line.number), found: "a sentence of more than \(CoNLL.tokenLimit) words",
        expected: "a blank line after each sentence")
    }
    sentence.rows.append(fields)
    sentence.lines.append(line.number)
  }

  /// Whether an id is of the form `3-4` or `5.1`.
  private static func isRangeOrEmptyNode(_ id: String) -> Bool {
    for separator in "-.".utf8 {
      guard let middle = id.utf8.firstIndex(of: separator) else { continue }
      let parts = [id[..<middle], id[id.utf8.index(after: middle)...]]
      if parts.allSatisfy({ Int($0).map { $0 >= 0 } ?? false }) { return true }
    }
    return false
  }
}

/// Which part of a CoNLL-U word is its tag.
public struct CoNLLUColumn: Equatable, Sendable {
  private let index: Int
  /// Of the columns `feats` and `misc`, the entry with this name; nil is the whole column.
  private let key: String?

  /// Takes the name of a column, such as `upos`, or that of an entry: `misc:NER`, `feats:Number`.
  public init?(_ name: String) {
    let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let index = CoNLLU.columns.firstIndex(of: parts[0].lowercased()) else { return nil }
    self.index = index
    key = parts.count == 2 ? parts[1] : nil
    if let key, key.isEmpty || !["feats", "misc"].contains(CoNLLU.columns[index]) { return nil }
  }

  /// The tag in a row; `O` where `misc`, and `_` where `feats` lacks the entry.
  public func value(in row: [String]) -> String {
    guard let key else { return row[index] }
    for entry in row[index].split(separator: "|") {
      let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2, parts[0] == key { return String(parts[1]) }
    }
    return CoNLLU.columns[index] == "misc" ? "O" : "_"
  }
}
