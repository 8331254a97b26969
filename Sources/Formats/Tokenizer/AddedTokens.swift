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

  /// In the order of what is looked for, byte by byte.
  private var tokens: [AddedToken] = []
  /// By token: the longest other one that it begins with, or -1.
  private var shorter: [Int32] = []
  /// By first byte: where its tokens lie in the order.
  private var places = [Range<Int32>](repeating: 0..<0, count: 256)

  /// Whether there is nothing to look for.
  var isEmpty: Bool { tokens.isEmpty }

  /// Looks for these; of two with the same content the first counts.
  init(_ candidates: [AddedToken]) {
    var patterns = candidates.enumerated().map { ($0.element.matched ?? $0.element.content, $0.offset) }
    patterns.removeAll { $0.0.isEmpty }
    patterns.sort { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0.lexicographicallyPrecedes($1.0) }
    for (pattern, index) in patterns where tokens.last?.matched != pattern {
      // What begins alike stands together, so the token before, or one that it begins with, is the longest.
      var other = Int32(tokens.count) - 1
      while other >= 0, !pattern.starts(with: tokens[Int(other)].matched!) { other = shorter[Int(other)] }
      shorter.append(other)
      let first = Int(pattern[0])
      let place = Int32(tokens.count)
      places[first] = (places[first].isEmpty ? place : places[first].lowerBound)..<place + 1
      tokens.append(candidates[index])
      tokens[tokens.count - 1].matched = pattern
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
    let place = places[Int(text[position])]
    return place.isEmpty ? nil : longest(in: text, at: position, place)
  }

  /// The longest token that the text at `position` begins with, of those at a place in the order.
  private func longest(
    in text: UnsafeBufferPointer<UInt8>, at position: Int, _ place: Range<Int32>
  ) -> AddedToken? {
    // The last token in the order that is not behind the text; whatever the text begins with, it begins with too.
    var (low, high) = (Int(place.lowerBound), Int(place.upperBound))
    var common = 0
    while low < high {
      let middle = (low + high) / 2
      let (length, isBehind) = compare(tokens[middle].matched!, text, position)
      if isBehind {
        high = middle
      } else {
        (low, common) = (middle + 1, length)
      }
    }
    var index = low - 1
    if index < Int(place.lowerBound) { return nil }
    while index >= 0, tokens[index].matched!.count > common { index = Int(shorter[index]) }
    return index < 0 ? nil : tokens[index]
  }

  /// How many bytes a token and the text at `position` have in common, and whether it comes behind the text in order.
  private func compare(
    _ pattern: [UInt8], _ text: UnsafeBufferPointer<UInt8>, _ position: Int
  ) -> (length: Int, isBehind: Bool) {
    pattern.withUnsafeBufferPointer { pattern in
      let limit = min(pattern.count, text.count - position)
      let (first, second) = (UnsafeRawBufferPointer(pattern), UnsafeRawBufferPointer(text))
      var length = 0
      while length + 8 <= limit {
        let word = first.loadUnaligned(fromByteOffset: length, as: UInt64.self)
        if word != second.loadUnaligned(fromByteOffset: position + length, as: UInt64.self) { break }
        length += 8
      }
      while length < limit, pattern[length] == text[position + length] { length += 1 }
      if length == pattern.count { return (length, false) }
      return (length, length == limit || pattern[length] > text[position + length])
    }
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
