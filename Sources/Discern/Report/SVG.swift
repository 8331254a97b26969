/// A drawing as a page's text; coordinates run right and down, colours are classes of the page's style.
struct SVG {
  let width: Double
  let height: Double
  /// What it shows, for those who cannot see it.
  let title: String
  private var body = ""

  /// Where a text is fastened.
  enum Anchor: String {
    case start, middle, end
  }

  init(width: Double, height: Double, title: String) {
    (self.width, self.height, self.title) = (width, height, title)
  }

  /// The element.
  var text: String {
    "<svg viewBox=\"0 0 \(Self.number(width)) \(Self.number(height))\" role=\"img\" "
      + "aria-label=\"\(HTML.escaped(title))\">\(body)</svg>"
  }

  mutating func line(_ a: (Double, Double), _ b: (Double, Double), _ style: String) {
    body +=
      "<line x1=\"\(Self.number(a.0))\" y1=\"\(Self.number(a.1))\" x2=\"\(Self.number(b.0))\" "
      + "y2=\"\(Self.number(b.1))\" class=\"\(style)\"/>"
  }

  mutating func polyline(_ points: [(Double, Double)], _ style: String) {
    let list = points.map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
    body += "<polyline points=\"\(list)\" class=\"\(style)\"/>"
  }

  /// A dot; `note` is shown when it is pointed at.
  mutating func circle(_ center: (Double, Double), radius: Double, _ style: String, note: String = "") {
    let inner = note.isEmpty ? "" : HTML.element("title", [], HTML.escaped(note))
    body +=
      "<circle cx=\"\(Self.number(center.0))\" cy=\"\(Self.number(center.1))\" r=\"\(Self.number(radius))\" "
      + "class=\"\(style)\">\(inner)</circle>"
  }

  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, _ style: String, note: String = ""
  ) {
    let inner = note.isEmpty ? "" : HTML.element("title", [], HTML.escaped(note))
    body +=
      "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(max(width, 0)))\" "
      + "height=\"\(Self.number(max(height, 0)))\" class=\"\(style)\">\(inner)</rect>"
  }

  mutating func label(
    _ text: String, at point: (Double, Double), _ anchor: Anchor = .start, _ style: String = "t"
  ) {
    body +=
      "<text x=\"\(Self.number(point.0))\" y=\"\(Self.number(point.1))\" text-anchor=\"\(anchor.rawValue)\" "
      + "class=\"\(style)\">\(HTML.escaped(text))</text>"
  }

  /// A coordinate with one decimal; what is not finite is 0.
  private static func number(_ value: Double) -> String {
    let text = (value.isFinite ? value : 0).fixed(1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
