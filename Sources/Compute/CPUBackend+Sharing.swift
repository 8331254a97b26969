extension CPUBackend {
  /// Values that are worth a thread of their own: some microseconds of a kernel that does little with each.
  private static let leastValues = 8192

  /// Runs `body` on all rows, or on parts of them side by side where other threads are idle (`Parallel.team`).
  ///
  /// `width` is how many values a row stands for. There are more parts than threads, so that a slow core takes fewer.
  func share(_ rows: Int, width: Int, _ body: @escaping @Sendable (_ rows: Range<Int>) -> Void) {
    let team = Parallel.team
    let parts = min(2 * team, rows, rows * width / CPUBackend.leastValues)
    guard team > 1, parts > 1 else { return body(0..<rows) }
    Parallel.forEach(parts, threads: team) { part, _ in
      body(part * rows / parts..<(part + 1) * rows / parts)
    }
  }
}
