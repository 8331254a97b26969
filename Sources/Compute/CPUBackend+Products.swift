import CKernels

extension CPUBackend {
  public func product(
    _ direction: Direction, _ segments: [Segment], bias: Tensor?, accumulate: Bool, into y: Tensor
  ) {
    for segment in segments {
      precondition(segment.fits(direction, y), "a product of shapes that do not fit")
    }
    let parts = ProductParts(
      rows: y.rows, outputs: y.columns, depth: segments.reduce(0) { $0 + $1.x.columns }, team: Parallel.team)
    @Sendable func run(_ part: ProductParts.Part) {
      let kernels = segments.map { segment in
        dk_segment_t(
          weight: segment.weight.kernel, x: segment.x.row(part.rows.lowerBound),
          x_stride: Int64(segment.x.columns), scale: segment.scale)
      }
      withScratch(dk_product_scratch()) { scratch in
        dk_product(
          dk_direction_t(UInt32(direction.rawValue)), kernels, Int64(kernels.count), Int64(part.rows.count),
          bias?.floats, y.row(part.rows.lowerBound), Int64(y.columns), accumulate ? 1 : 0,
          Int64(part.outputs.lowerBound), Int64(part.outputs.upperBound), scratch)
      }
    }
    guard parts.count > 1 else { return run(parts[0]) }
    Parallel.forEach(parts.count, threads: parts.team) { index, _ in run(parts[index]) }
  }

  public func outer(_ a: Tensor, _ b: Tensor, scale: Float, into g: Tensor) {
    precondition(a.rows == b.rows && g.rows == a.columns && g.columns == b.columns, "outer shapes")
    // The wide side is cut: each element of g still sums over all rows in their order.
    let cutsLeft = a.columns > b.columns
    let (wide, narrow) = (max(a.columns, b.columns), min(a.columns, b.columns))
    let panel = ProductParts.panel
    share((wide + panel - 1) / panel, width: panel * a.rows * narrow / 4) { [self] panels in
      let part = panels.lowerBound * panel..<min(panels.upperBound * panel, wide)
      let (left, right) = cutsLeft ? (part, 0..<b.columns) : (0..<a.columns, part)
      withScratch(dk_product_scratch()) { scratch in
        dk_outer(
          a.floats + left.lowerBound, Int64(a.columns), Int64(left.count), b.floats + right.lowerBound,
          Int64(b.columns), Int64(right.count), Int64(a.rows), scale,
          g.row(left.lowerBound) + right.lowerBound, Int64(g.columns), scratch)
      }
    }
  }
}

/// How one product is cut for a team: by outputs, panel by panel, or by rows where there are few outputs.
///
/// No element's sum is cut, so that any cut gives the same bits.
struct ProductParts {
  struct Part {
    let rows: Range<Int>
    let outputs: Range<Int>
  }

  let team: Int
  /// Number of parts; they differ by at most a panel or a row.
  let count: Int
  private let rows: Int
  private let outputs: Int
  private let cutsOutputs: Bool

  static let panel = Int(dk_product_panel())
  /// Panels that the kernel builds at a time; larger parts gain nothing.
  private static let panelsAtOnce = 8
  /// Multiply-adds that are worth a thread of their own: some microseconds.
  private static let leastWork = 200_000

  init(rows: Int, outputs: Int, depth: Int, team: Int) {
    self.team = team
    self.rows = rows
    self.outputs = outputs
    let panels = (outputs + ProductParts.panel - 1) / ProductParts.panel
    cutsOutputs = panels >= 2 * team
    // A multiple of the team, so that equal cores finish together; twice the team, so that a slow one takes less. Parts of
    // rows build their panels anew: one for each thread.
    let largest = ProductParts.panelsAtOnce * team
    let each = cutsOutputs ? max((panels + largest - 1) / largest, panels >= 4 * team ? 2 : 1) : 1
    let wanted = team == 1 ? 1 : team * each
    count = max(1, min(wanted, cutsOutputs ? panels : rows, rows * outputs * depth / ProductParts.leastWork))
  }

  subscript(_ index: Int) -> Part {
    guard count > 1 else { return Part(rows: 0..<rows, outputs: 0..<outputs) }
    func cut(_ units: Int, _ size: Int, _ end: Int) -> Range<Int> {
      min(index * units / count * size, end)..<min((index + 1) * units / count * size, end)
    }
    guard cutsOutputs else { return Part(rows: cut(rows, 1, rows), outputs: 0..<outputs) }
    let panels = (outputs + ProductParts.panel - 1) / ProductParts.panel
    return Part(rows: 0..<rows, outputs: cut(panels, ProductParts.panel, outputs))
  }
}

extension Segment {
  func fits(_ direction: Direction, _ y: Tensor) -> Bool {
    let (inputs, outputs) =
      direction == .forward ? (weight.columns, weight.rows) : (weight.rows, weight.columns)
    return x.rows == y.rows && x.columns == inputs && y.columns == outputs
  }
}
