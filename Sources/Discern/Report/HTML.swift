/// Text of a page; what comes from data can get in only through `escaped`.
enum HTML {
  /// A text as content or as the value of an attribute in quotes; characters that a page may not hold become U+FFFD.
  static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      case "\t", "\n": result.append(scalar)
      default:
        let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar.value & 0xFFFE == 0xFFFE
        result.append(isControl ? "\u{FFFD}" : scalar)
      }
    }
    return String(result)
  }

  /// An element around content that is a page's text already.
  static func element(_ name: String, _ attributes: [(String, String)] = [], _ content: String) -> String {
    let list = attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined()
    return "<\(name)\(list)>\(content)</\(name)>"
  }

  /// A table: titles, and rows of cells that are a page's text already. Columns named in `left` are flush left.
  static func table(_ titles: [String], _ rows: [[String]], left: Set<Int> = [0]) -> String {
    func row(_ cells: [String], _ name: String) -> String {
      let cells = cells.enumerated().map { index, cell in
        element(name, left.contains(index) ? [("class", "l")] : [], cell)
      }
      return element("tr", [], cells.joined())
    }
    let head = element("thead", [], row(titles.map(escaped), "th"))
    let body = element("tbody", [], rows.map { row($0, "td") }.joined(separator: "\n"))
    return element("div", [("class", "scroll")], element("table", [], head + body))
  }
}
