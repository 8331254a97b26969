import Formats

/// Encodes texts that are longer than a window: the windows lie one after another among the tokens of the example, each
/// a sequence of its own with the template's tokens around it.
struct WindowEncoder {
  /// The template's tokens around each window.
  let prefix: [Int32]
  let suffix: [Int32]
  /// Tokens of text in a window, and from one window's start to the next.
  let room: Int
  let stride: Int

  /// Throws where nothing of a text fits between the template's tokens, or where windows would leave gaps.
  init(_ recipe: Recipe, template: PairTemplate) throws {
    prefix = template.prefix
    suffix = template.suffix
    room = recipe.maxLength - template.prefix.count - template.suffix.count
    stride = recipe.stride == 0 ? max(1, room / 2) : recipe.stride
    guard room > 0, stride <= room else {
      throw DiscernError(
        .configuration,
        "stride: found \(recipe.stride) with max_length \(recipe.maxLength), of which \(max(room, 0)) are left for text; "
          + "expected 1 to \(max(room, 1)), so that windows leave no gaps")
    }
  }

  /// All windows' tokens, the windows' lengths, and for each token of the text where its owner has it.
  func encode(_ text: [Int32]) -> (tokens: [Int32], lengths: [Int], rows: [Int32]) {
    let windows = TextWindows(count: text.count, room: room, stride: stride)
    var tokens: [Int32] = []
    var starts: [Int] = []
    for range in windows.ranges {
      starts.append(tokens.count + prefix.count - range.lowerBound)
      tokens += prefix + text[range] + suffix
    }
    let rows = text.indices.map { Int32(starts[windows.owner(of: $0)] + $0) }
    return (tokens, windows.ranges.map { $0.count + prefix.count + suffix.count }, rows)
  }

  /// The same for two texts: the shorter one stands in every window, cut to half the room where it is longer than that.
  func encode(_ pair: PairEncoding) -> (tokens: [Int32], lengths: [Int], isCut: Bool) {
    let own = room + prefix.count + suffix.count - pair.templateCount
    let isFirstKept = pair.first.count <= pair.second.count
    let short = isFirstKept ? pair.first : pair.second
    let long = isFirstKept ? pair.second : pair.first
    let kept = Array(short.prefix(max(0, own / 2)))
    let left = max(1, own - kept.count)
    var tokens: [Int32] = []
    var lengths: [Int] = []
    for range in TextWindows(count: long.count, room: left, stride: min(stride, left)).ranges {
      var window = pair
      window.first = isFirstKept ? kept : Array(long[range])
      window.second = isFirstKept ? Array(long[range]) : kept
      let ids = window.joined(limit: .max)
      tokens += ids
      lengths.append(ids.count)
    }
    return (tokens, lengths, kept.count < short.count)
  }
}
