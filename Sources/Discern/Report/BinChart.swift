/// Bars over classes of texts, each with the interval of its value and the number of texts.
struct BinChart {
  /// A bar.
  struct Bin {
    var name: String
    var texts: Int
    var value: Double
    var range: ClosedRange<Double>
  }

  var title: String
  var xTitle: String
  var bins: [Bin]
  /// The value of all texts together.
  var overall: Double
  /// What the axis shows at least.
  var yRange: ClosedRange<Double>

  private static let size = (width: 360.0, height: 246.0)
  private static let frame = (left: 44.0, right: 12.0, top: 26.0, bottom: 52.0)

  /// The drawing; nothing where there are no bars.
  var html: String {
    guard !bins.isEmpty else { return "" }
    let ends = bins.flatMap { [$0.value, $0.range.lowerBound, $0.range.upperBound] }.filter(\.isFinite)
    let y = Axis(ends + [overall], including: yRange)
    var svg = SVG(width: Self.size.width, height: Self.size.height, title: title)
    svg.label(title, at: (Self.frame.left, 14), .start, "h")
    let right = Self.size.width - Self.frame.right
    for tick in y.ticks {
      svg.line((Self.frame.left, height(tick, y)), (right, height(tick, y)), "g")
      svg.label(y.text(tick), at: (Self.frame.left - 6, height(tick, y) + 4), .end)
    }
    for (index, bin) in bins.enumerated() { draw(bin, index, &svg, y) }
    svg.line((Self.frame.left, height(overall, y)), (right, height(overall, y)), "d")
    svg.line((Self.frame.left, height(y.low, y)), (right, height(y.low, y)), "a")
    svg.label(xTitle, at: (right, Self.size.height - 6), .end)
    return HTML.element("figure", [], svg.text)
  }

  private func height(_ value: Double, _ y: Axis) -> Double {
    let room = Self.size.height - Self.frame.top - Self.frame.bottom
    return Self.size.height - Self.frame.bottom - room * y.share(value)
  }

  private func draw(_ bin: Bin, _ index: Int, _ svg: inout SVG, _ y: Axis) {
    let slot = (Self.size.width - Self.frame.left - Self.frame.right) / Double(bins.count)
    let center = Self.frame.left + slot * (Double(index) + 0.5)
    let width = min(slot * 0.6, 44)
    let bottom = height(y.low, y)
    if bin.value.isFinite {
      let (low, high) = (bin.range.lowerBound.fixed(3), bin.range.upperBound.fixed(3))
      svg.rectangle(
        x: center - width / 2, y: height(bin.value, y), width: width, height: bottom - height(bin.value, y), "s1 f b",
        note: "\(bin.name) tokens, \(bin.texts) texts: \(bin.value.fixed(3)) (\(low) to \(high))")
      let ends = (height(bin.range.lowerBound, y), height(bin.range.upperBound, y))
      svg.line((center, ends.0), (center, ends.1), "w")
      for end in [ends.0, ends.1] { svg.line((center - 4, end), (center + 4, end), "w") }
    }
    // Names of many bars would overlap: every second one is told then, the others when they are pointed at.
    guard slot >= 34 || index % 2 == 0 else { return }
    svg.label(bin.name, at: (center, bottom + 14), .middle)
    svg.label("\(bin.texts)", at: (center, bottom + 27), .middle, "t n2")
  }
}
