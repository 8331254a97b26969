/// A token that is looked for in the text itself, before anything is cut into words.
struct AddedToken: Equatable, Sendable {
  /// The longest content that a file may have, in bytes; each length costs a look-up at every place of a text.
  static let longest = 256

  var id: Int32
  /// Its text as UTF-8.
  var content: [UInt8]
  /// What is looked for where it is not the content: the content normalised.
  var matched: [UInt8]?
  /// Whether white space before it belongs to it.
  var stripsLeft = false
  /// Whether white space behind it belongs to it.
  var stripsRight = false
  /// Whether it counts only where no word character touches it.
  var isSingleWord = false
  /// Whether it is looked for in the normalised text.
  var isNormalized = false
  /// Whether decoding can leave it out.
  var isSpecial = false
}

/// Finds added tokens in a text: the leftmost first, the longest of those that start at one place.
struct AddedTokenMatcher: Sendable {
  /// A stretch of text: an added token, or (id -1) text between.
  struct Segment {
    var start: Int
    var end: Int
    var id: Int32
  }

  private var tokens: [AddedToken] = []
  private var table = Vocabulary(size: 0)
  /// By first byte: the lengths of the tokens that start with it, the longest first.
  private var lengths = [[Int]](repeating: [], count: 256)

  /// Whether there is nothing to look for.
  var isEmpty: Bool { tokens.isEmpty }

  /// Looks for these; of two with the same content the first counts.
  init(_ candidates: [AddedToken]) {
    table = Vocabulary(size: candidates.count)
    for var token in candidates {
      let pattern = token.matched ?? token.content
      if pattern.isEmpty { continue }
      let insertion = pattern.withUnsafeBufferPointer { table.insert($0, id: tokens.count) }
      guard insertion == .done else { continue }
      token.matched = pattern
      tokens.append(token)
      let first = Int(pattern[0])
      if !lengths[first].contains(pattern.count) {
        lengths[first].append(pattern.count)
        lengths[first].sort(by: >)
      }
    }
  }

  /// Cuts a text into segments, none of them empty.
  func segments(of text: UnsafeBufferPointer<UInt8>) -> [Segment] {
    var segments: [Segment] = []
    var textStart = 0
    var position = 0
    // Tokens that overlap in white space would each walk through all of it.
    var space = 0..<0
    while position < text.count {
      guard let token = match(in: text, at: position) else {
        position += 1
        continue
      }
      var start = position
      var end = position + token.matched!.count
      position = end
      if token.isSingleWord, wordCharacterTouches(text, start, end) { continue }
      if token.stripsLeft { start = spaceStart(text, before: start, from: textStart) }
      if token.stripsRight {
        if !space.contains(end) { space = end..<spaceEnd(text, from: end) }
        end = space.upperBound
      }
      // A token before may have taken the space already, or even this token's own.
      start = max(start, textStart)
      if end <= start { continue }
      if textStart < start { segments.append(Segment(start: textStart, end: start, id: -1)) }
      segments.append(Segment(start: start, end: end, id: token.id))
      textStart = end
    }
    if textStart < text.count {
      segments.append(Segment(start: textStart, end: text.count, id: -1))
    }
    return segments
  }

  @inline(__always)
  private func match(in text: UnsafeBufferPointer<UInt8>, at position: Int) -> AddedToken? {
    let lengths = lengths[Int(text[position])]
    if lengths.isEmpty { return nil }
    for length in lengths where position + length <= text.count {
      let piece = UnsafeBufferPointer(rebasing: text[position..<position + length])
      let index = table.id(of: piece)
      if index >= 0 { return tokens[Int(index)] }
    }
    return nil
  }

  private func wordCharacterTouches(
    _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int
  ) -> Bool {
    if start > 0, UnicodeClasses.isWord(scalar(in: text, before: start).value) { return true }
    return end < text.count && UnicodeClasses.isWord(decodeScalar(text.baseAddress! + end).scalar)
  }

  /// Where the white space before `position` starts, not looking before `limit`.
  private func spaceStart(
    _ text: UnsafeBufferPointer<UInt8>, before position: Int, from limit: Int
  ) -> Int {
    var position = position
    while position > limit {
      let (value, start) = scalar(in: text, before: position)
      if !UnicodeClasses.isSpace(value) { break }
      position = start
    }
    return position
  }

  private func spaceEnd(_ text: UnsafeBufferPointer<UInt8>, from position: Int) -> Int {
    var position = position
    while position < text.count {
      let (value, count) = decodeScalar(text.baseAddress! + position)
      if !UnicodeClasses.isSpace(value) { break }
      position += count
    }
    return position
  }

  private func scalar(
    in text: UnsafeBufferPointer<UInt8>, before position: Int
  ) -> (value: UInt32, start: Int) {
    var start = position - 1
    while text[start] & 0xC0 == 0x80 { start -= 1 }
    return (decodeScalar(text.baseAddress! + start).scalar, start)
  }
}
