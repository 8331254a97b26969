import Formats

/// A recipe's text: how values are written, and limits that are checked before the YAML library sees it, where a few lines
/// of aliases could stand for gigabytes.
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
    // Once a quote stands where it may reach over the end of its line, all that follows is taken for bare.
    var isClear = true
    for (index, line) in lines.enumerated() {
      let bare = isClear ? bare(line) : nil
      isClear = bare != nil
      guard let anchor = anchor(in: bare ?? withoutComment(line)) else { continue }
      throw FormatError(
        "\(name):\(index + 1)", found: "the anchor or alias \(quoted(anchor))",
        expected: "settings without anchors and aliases", remedy: "Write the value out.",
        kind: .configuration)
    }
  }

  /// A value as a YAML scalar: as it stands where that can mean nothing else, else in quotes.
  static func scalar(_ text: String) -> String {
    let scalars = text.unicodeScalars
    if let first = scalars.first, isWord(first) || first == "." || first == "/", scalars.last != ":",
      scalars.allSatisfy({ isWord($0) || ".,:/+-".unicodeScalars.contains($0) })
    {
      return text
    }
    guard scalars.contains(where: mustBeEscaped) else { return "'" + text.replacing("'", with: "''") + "'" }
    return "\""
      + scalars.map { scalar -> String in
        if scalar == "\"" || scalar == "\\" { return "\\\(scalar)" }
        guard mustBeEscaped(scalar) else { return String(scalar) }
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }.joined() + "\""
  }

  /// Ends of lines, and what YAML has no room for as it stands.
  private static func mustBeEscaped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
    default: false
    }
  }

  /// What YAML takes for the end of a line.
  private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
    default: false
    }
  }

  /// A line that starts outside of quotes, without comment and quoted scalars; nil where a quote stands elsewhere than
  /// at the start of a value or of a member of `{…}` or `[…]` behind `name:`, or is not closed.
  private static func bare(_ line: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView? {
    if line.first == "#" { return Substring.UnicodeScalarView() }
    guard line.contains(where: { $0 == "\"" || $0 == "'" }) else { return withoutComment(line) }
    let name = line.prefix { isWord($0) || $0 == "-" }
    guard !name.isEmpty, line[name.endIndex...].starts(with: ": ".unicodeScalars) else { return nil }
    var rest = line[line.index(after: name.endIndex)...]
    var bare = Substring.UnicodeScalarView()
    var (depth, canBegin, isAfterQuote) = (0, true, false)
    while let scalar = rest.popFirst() {
      if scalar == "#", bare.last == " " { break }
      if scalar == "\"" || scalar == "'" {
        guard canBegin, let end = end(of: rest, quote: scalar) else { return nil }
        rest = rest[end...]
        (canBegin, isAfterQuote) = (false, true)
        continue
      }
      switch scalar {
      case "{", "[": if canBegin || depth > 0 { (depth, canBegin) = (depth + 1, true) }
      case "}", "]": (depth, canBegin) = (max(depth - 1, 0), false)
      case ",": canBegin = depth > 0
      case ":": canBegin = depth > 0 && (isAfterQuote || rest.first == " ")
      case " ": break
      default: canBegin = false
      }
      isAfterQuote = false
      bare.append(scalar)
    }
    return bare
  }

  /// Where what follows on a quote goes on behind the quote that closes it; nil where none does.
  private static func end(
    of text: Substring.UnicodeScalarView, quote: Unicode.Scalar
  ) -> Substring.UnicodeScalarView.Index? {
    var rest = text
    while let scalar = rest.popFirst() {
      if scalar == "\\", quote == "\"" {
        _ = rest.popFirst()
      } else if scalar == quote {
        guard quote == "'", rest.first == "'" else { return rest.startIndex }
        _ = rest.popFirst()
      }
    }
    return nil
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
