/// Overlapping windows over the tokens of a long text, and which of them answers for each token.
struct TextWindows: Equatable {
  /// The tokens of each window; they cover the text, and the last one ends with it.
  let ranges: [Range<Int>]
  private let room: Int
  private let stride: Int

  /// Windows of at most `room` tokens, each `stride` behind the one before; the last moves back so that it is full.
  init(count: Int, room: Int, stride: Int) {
    precondition(room > 0 && (1...room).contains(stride), "windows that overlap or touch")
    var ranges: [Range<Int>] = []
    var start = 0
    while start + room < count {
      ranges.append(start..<start + room)
      start += stride
    }
    ranges.append(max(0, count - room)..<count)
    self.ranges = ranges
    (self.room, self.stride) = (room, stride)
  }

  /// The window that owns a token: the one in which the shorter of its two sides is longest, an end of the text being
  /// no edge; of equals the first.
  func owner(of token: Int) -> Int {
    var best = (window: 0, context: -1)
    // Only these and the last one can have it: a text may have thousands.
    let first = max(0, token - room) / stride
    let others = first..<max(first, min(token / stride + 1, ranges.count - 1))
    for window in [Array(others), [ranges.count - 1]].joined() where ranges[window].contains(token) {
      let range = ranges[window]
      let left = window == 0 ? Int.max : token - range.lowerBound
      let right = window == ranges.count - 1 ? Int.max : range.upperBound - 1 - token
      if min(left, right) > best.context { best = (window, min(left, right)) }
    }
    return best.window
  }
}
