/// What happens to the tokens of a text in the end: spaces leave the ranges, the template's tokens come around.
struct PostProcessor: Sendable {
  /// Ids before the text.
  var prefix: [Int32] = []
  /// Ids behind the text.
  var suffix: [Int32] = []
  /// Ids around two texts, where the file has a template for pairs.
  var pair: PairTemplate?
  /// Whether ranges leave out the spaces at their ends.
  var trimsSpaces = false
  /// Whether one space at the very start counts as added, so that it stays in the range.
  var keepsFirstSpace = false
  /// By id: how many spaces each token begins and ends with, or `asInText`; only where `trimsSpaces`.
  var spaces: [(leading: UInt16, trailing: UInt16)] = []

  /// Stands for the spaces that an added token really took in the text.
  static let asInText = (leading: UInt16.max, trailing: UInt16.max)

  /// Counts the spaces at the ends of a piece of a byte-level vocabulary.
  static func spaces(of piece: some Collection<UInt8>) -> (leading: UInt16, trailing: UInt16) {
    let scalars = String(decoding: piece, as: UTF8.self).unicodeScalars
    // U+0120 stands for the space.
    func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      scalar.value == 0x120 || UnicodeClasses.isSpace(scalar.value)
    }
    func counted(_ count: Int) -> UInt16 { UInt16(min(count, Int(UInt16.max))) }
    let leading = counted(scalars.prefix(while: isSpace).count)
    let trailing = counted(scalars.reversed().prefix(while: isSpace).count)
    return (leading, trailing)
  }

  /// Takes the spaces out of the ranges of a text's tokens, as Hugging Face's byte-level post-processor does.
  func trim(_ tokens: inout [Token], of text: UnsafeBufferPointer<UInt8>) {
    guard trimsSpaces else { return }
    for index in tokens.indices {
      var (leading, trailing) = spaces[Int(tokens[index].id)]
      if leading == 0, trailing == 0 { continue }
      var (start, end) = (tokens[index].bytes.lowerBound, tokens[index].bytes.upperBound)
      if leading == .max { (leading, trailing) = Self.spaces(of: text[start..<end]) }
      if leading == 1, keepsFirstSpace, index == 0 || start == 0 { leading = 0 }
      while leading > 0, start < end {
        start += 1
        while start < end, text[start] & 0xC0 == 0x80 { start += 1 }
        leading -= 1
      }
      while trailing > 0, end > start {
        end -= 1
        while end > start, text[end] & 0xC0 == 0x80 { end -= 1 }
        trailing -= 1
      }
      tokens[index].bytes = start..<end
    }
  }
}
