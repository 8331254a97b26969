import Glibc

/// Lines and dots over two axes.
struct Chart {
  /// Points that belong together.
  struct Series {
    var name: String
    /// `s1`, `s2`, `s3`: the colours of the page.
    var style: String
    var points: [(x: Double, y: Double)]
    /// A line through the points, or a dot at each.
    var isLine = true
    /// Radii of the dots.
    var radii: [Double] = []
    var notes: [String] = []
  }

  var title: String
  var xTitle: String
  var series: [Series]
  /// What the axes show at least.
  var xRange: ClosedRange<Double>?
  var yRange: ClosedRange<Double>?
  /// A line from corner to corner.
  var hasDiagonal = false

  private static let size = (width: 360.0, height: 232.0)
  private static let frame = (left: 44.0, right: 12.0, top: 34.0, bottom: 38.0)

  /// The drawing; a sentence where there is nothing to draw.
  var html: String {
    let points = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    guard !points.isEmpty else { return "" }
    let x = Axis(points.map(\.x), including: xRange)
    let y = Axis(points.map(\.y), including: yRange)
    var svg = SVG(width: Self.size.width, height: Self.size.height, title: title)
    svg.label(title, at: (Self.frame.left, 14), .start, "h")
    drawAxes(&svg, x, y)
    if hasDiagonal { svg.line(place(x.low, y.low, x, y), place(x.high, y.high, x, y), "d") }
    for series in series { draw(series, &svg, x, y) }
    drawLegend(&svg)
    return HTML.element("figure", [], svg.text)
  }

  private func place(_ px: Double, _ py: Double, _ x: Axis, _ y: Axis) -> (Double, Double) {
    let width = Self.size.width - Self.frame.left - Self.frame.right
    let height = Self.size.height - Self.frame.top - Self.frame.bottom
    return (
      Self.frame.left + width * x.share(px), Self.size.height - Self.frame.bottom - height * y.share(py)
    )
  }

  private func drawAxes(_ svg: inout SVG, _ x: Axis, _ y: Axis) {
    for tick in y.ticks {
      let left = place(x.low, tick, x, y)
      svg.line(left, place(x.high, tick, x, y), "g")
      svg.label(y.text(tick), at: (left.0 - 6, left.1 + 4), .end)
    }
    for tick in x.ticks {
      let bottom = place(tick, y.low, x, y)
      svg.label(x.text(tick), at: (bottom.0, bottom.1 + 15), .middle)
    }
    svg.line(place(x.low, y.low, x, y), place(x.high, y.low, x, y), "a")
    svg.label(xTitle, at: (Self.size.width - Self.frame.right, Self.size.height - 6), .end)
  }

  private func draw(_ series: Series, _ svg: inout SVG, _ x: Axis, _ y: Axis) {
    let points = series.points.filter { $0.x.isFinite && $0.y.isFinite }
    let places = points.map { place($0.x, $0.y, x, y) }
    if series.isLine { svg.polyline(places, "\(series.style) n") }
    guard !series.isLine || points.count <= 24 else { return }
    for (index, center) in places.enumerated() {
      let plain = "\(x.text(points[index].x)): \(points[index].y.fixed(4))"
      let note = index < series.notes.count ? series.notes[index] : plain
      svg.circle(
        center, radius: index < series.radii.count ? series.radii[index] : 3, "\(series.style) f", note: note)
    }
  }

  private func drawLegend(_ svg: inout SVG) {
    guard series.count > 1 else { return }
    var right = Self.size.width - Self.frame.right
    for series in series.reversed() {
      // Widths are guessed: the gap between entries gives way, not that between a name and its dot.
      right -= 6.6 * Double(series.name.count)
      svg.label(series.name, at: (right, 28))
      svg.circle((right - 8, 24), radius: 4, "\(series.style) f")
      right -= 22
    }
  }
}

/// A range of numbers with round ticks.
struct Axis {
  let low: Double
  let high: Double
  let ticks: [Double]
  private let decimals: Int

  /// What lies beyond is drawn at the edge: ranges and steps stay numbers.
  private static let largest = 1e300

  /// The range of values, and what must be on it, up to the next round numbers.
  init(_ values: [Double], including range: ClosedRange<Double>? = nil) {
    var least = max(-Self.largest, min(values.min() ?? 0, range?.lowerBound ?? .infinity, Self.largest))
    var most = min(Self.largest, max(values.max() ?? 1, range?.upperBound ?? -.infinity, -Self.largest))
    if most - least < 1e-12 * max(abs(most), 1 / Self.largest) {
      let margin = abs(most) < 1 / Self.largest ? 1 : abs(most) * 0.1
      (least, most) = (least - margin, most + margin)
    }
    let raw = (most - least) / 4
    let power = pow(10, log10(raw).rounded(.down))
    let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= raw * 0.999 } ?? raw
    let first = (least / step + 1e-9).rounded(.down)
    let last = (most / step - 1e-9).rounded(.up)
    low = first * step
    high = last * step
    ticks = stride(from: first, through: last, by: 1).map { $0 * step }
    let fine = step * 10 / power
    let extra = fine.truncatingRemainder(dividingBy: 10) == 0 ? 0 : 1
    decimals = max(0, Int(-log10(power).rounded()) + extra)
  }

  /// Where a value lies: 0 at the lower end, 1 at the upper.
  func share(_ value: Double) -> Double {
    (min(max(value, -Self.largest), Self.largest) - low) / (high - low)
  }

  /// A value in the axis's spelling.
  func text(_ value: Double) -> String {
    if decimals > 4 { return value == 0 ? "0" : Self.scientific(value) }
    return value.fixed(decimals)
  }

  private static func scientific(_ value: Double) -> String {
    let exponent = log10(abs(value)).rounded(.down)
    let mantissa = (value / pow(10, exponent)).fixed(1)
    return (mantissa.hasSuffix(".0") ? String(mantissa.dropLast(2)) : mantissa) + "e\(Int(exponent))"
  }
}
