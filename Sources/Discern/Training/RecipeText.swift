import Formats

/// Limits of a recipe's text, checked before the YAML library sees it: there a few lines of aliases could stand for
/// gigabytes.
enum RecipeText {
  /// The largest file, in bytes; one with every setting and its help has 4,000.
  static let sizeLimit = 1 << 16

  /// Throws a `FormatError` for a text that is too long, or that has anchors or aliases.
  static func check(_ text: String, name: String) throws {
    guard text.utf8.count <= sizeLimit else {
      throw FormatError(
        name, found: "\(text.utf8.count) bytes", expected: "at most \(sizeLimit) for a recipe",
        kind: .configuration)
    }
    let lines = text.unicodeScalars.split(omittingEmptySubsequences: false, whereSeparator: isBreak)
    for (index, line) in lines.enumerated() {
      guard let anchor = anchor(in: withoutComment(line)) else { continue }
      throw FormatError(
        "\(name):\(index + 1)", found: "the anchor or alias \(quoted(anchor))",
        expected: "settings without anchors and aliases", remedy: "Write the value out.",
        kind: .configuration)
    }
  }

  /// What YAML takes for the end of a line.
  private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
    default: false
    }
  }

  /// The line up to its comment. One with quotes stays whole: they may hold what looks like a comment.
  private static func withoutComment(_ line: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
    if line.contains(where: { $0 == "\"" || $0 == "'" }) { return line }
    var isAfterSpace = true
    for index in line.indices {
      if line[index] == "#", isAfterSpace { return line[..<index] }
      isAfterSpace = line[index] == " " || line[index] == "\t"
    }
    return line
  }

  /// The first `&name` or `*name` that does not stand inside a word.
  private static func anchor(in line: Substring.UnicodeScalarView) -> String? {
    var isInWord = false
    for index in line.indices {
      if line[index] == "&" || line[index] == "*", !isInWord {
        let name = line[line.index(after: index)...].prefix { isWord($0) || $0 == "-" }
        if !name.isEmpty { return String(String.UnicodeScalarView(line[index..<name.endIndex])) }
      }
      isInWord = isWord(line[index])
    }
    return nil
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_": true
    default: false
    }
  }
}
