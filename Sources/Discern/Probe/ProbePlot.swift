import Formats

/// The scores of a probe by layer as one SVG drawing that needs nothing else; it follows a light or dark page.
struct ProbePlot {
  let report: ProbeReport

  private static let (width, height) = (720.0, 400.0)
  private static let (left, right, top, bottom) = (56.0, 190.0, 24.0, 44.0)
  private static let colours = [
    "#3366cc", "#dc7633", "#2e8b57", "#b03a8c", "#7f8c1d", "#c0392b", "#148f9e", "#6c5ce7",
  ]

  /// The drawing.
  var svg: String {
    let (low, high) = range
    let columns = report.columns.enumerated()
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width.fixed(0)) \(Self.height.fixed(0))" \
      font-family="system-ui, sans-serif" font-size="12">
      <style>
      svg { background: #fff; color: #222 } .grid { stroke: #8884 } text { fill: currentColor }
      @media (prefers-color-scheme: dark) { svg { background: #16181c; color: #ddd } }
      </style>
      \(ticks(low, high))
      \(columns.map { line($1, Self.colours[$0 % Self.colours.count], index: $0, low, high) }.joined(separator: "\n"))
      \(mark(low, high))
      </svg>

      """
  }

  /// The drawing and the table on a page.
  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>\(report.metric) by layer</title>
    <style>
    :root { color-scheme: light dark } body { font: 15px system-ui, sans-serif; max-width: 60em; margin: 2em auto; \
    padding: 0 1em } pre { overflow-x: auto }
    </style></head><body>
    <h1>\(report.metric) by layer</h1>
    \(svg)<pre>\(HTML.escaped(report.table + "\n" + report.conclusion))</pre>
    </body></html>

    """
  }

  private var range: (low: Double, high: Double) {
    let scores = report.entries.map(\.score)
    let low = (10 * scores.min()!).rounded(.down) / 10
    let high = (10 * scores.max()!).rounded(.up) / 10
    return (low, max(high, low + 0.1))
  }

  private func x(_ layers: Int) -> Double {
    let share = Double(layers - 1) / Double(max(report.layersOfBase - 1, 1))
    return Self.left + share * (Self.width - Self.left - Self.right)
  }

  private func y(_ score: Double, _ low: Double, _ high: Double) -> Double {
    Self.top + (high - score) / (high - low) * (Self.height - Self.top - Self.bottom)
  }

  private func ticks(_ low: Double, _ high: Double) -> String {
    let steps = Int(((high - low) * 10).rounded())
    let horizontal = (0...steps).map { step in
      let score = low + Double(step) / 10
      let y = self.y(score, low, high).fixed(1)
      return "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" y1=\"\(y)\" y2=\"\(y)\"/>"
        + "<text x=\"\(Self.left - 8)\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">\(score.fixed(1))</text>"
    }
    let every = max(1, (report.layersOfBase + 9) / 10)
    let vertical = stride(from: 1, through: report.layersOfBase, by: every).map { layers in
      "<text x=\"\(x(layers).fixed(1))\" y=\"\(Self.height - Self.bottom + 18)\" text-anchor=\"middle\">\(layers)</text>"
    }
    let middle = (Self.left + Self.width - Self.right) / 2
    let title = "<text x=\"\(middle)\" y=\"\(Self.height - 8)\" text-anchor=\"middle\">layers</text>"
    let name = "<text x=\"\(Self.left)\" y=\"14\">\(report.metric)</text>"
    return (horizontal + vertical + [title, name]).joined(separator: "\n")
  }

  private func line(_ column: String, _ colour: String, index: Int, _ low: Double, _ high: Double) -> String {
    let points = report.entries.filter { $0.column == column }
      .map { "\(self.x($0.layers).fixed(1)),\(self.y($0.score, low, high).fixed(1))" }.joined(separator: " ")
    let y = Self.top + 18 * Double(index) + 10
    let x = Self.width - Self.right + 16
    return "<polyline points=\"\(points)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>"
      + "<line x1=\"\(x)\" x2=\"\(x + 18)\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"\(colour)\" stroke-width=\"2\"/>"
      + "<text x=\"\(x + 24)\" y=\"\(y)\" dy=\"4\">\(HTML.escaped(column))</text>"
  }

  private func mark(_ low: Double, _ high: Double) -> String {
    let entry = report.proposal
    let (x, y) = (self.x(entry.layers).fixed(1), self.y(entry.score, low, high).fixed(1))
    return "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"6\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\">"
      + "<title>proposal: \(entry.layers) layers, \(HTML.escaped(entry.column))</title></circle>"
  }
}

extension ProbeReport {
  /// Writes the report with its head, which `discern train --warm-start` reads.
  public func save(to path: String) throws {
    try FileSystem.write(json(withHead: true).serialized() + "\n", to: path)
  }

  /// Draws the scores by layer: a page where the name ends in `.html`, else an SVG drawing.
  public func plot(to path: String) throws {
    let plot = ProbePlot(report: self)
    try FileSystem.write(path.hasSuffix(".html") ? plot.html : plot.svg, to: path)
  }
}
