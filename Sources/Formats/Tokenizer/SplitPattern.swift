/// The ways to cut text into words that this package knows, each a hand-written scanner.
enum SplitPattern: Sendable {
  /// GPT-2: contractions, letters, numbers and others each with one space before, then white space.
  case gpt2
  /// Llama 3: as GPT-2, but any one character may stand before letters, and numbers are cut into threes.
  case llama3
  /// Qwen 2: as Llama 3, with each digit alone.
  case qwen2
  /// Each number character alone.
  case digits
  /// Number characters apart from the rest.
  case digitRuns

  static let gpt2Regex =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  static let llama3Regex =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
    + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let qwen2Regex =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
    + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// The scanner for a regular expression of a tokenizer file, or nil where it is not known letter for letter.
  init?(regex: String) {
    switch JSONString(regex) {
    case JSONString(Self.gpt2Regex): self = .gpt2
    case JSONString(Self.llama3Regex): self = .llama3
    case JSONString(Self.qwen2Regex): self = .qwen2
    default: return nil
    }
  }
}

/// Finds the words of a stretch of valid UTF-8.
struct SplitScanner {
  let bytes: UnsafePointer<UInt8>
  let classes: UnsafePointer<UInt8>
  /// Where the stretch ends; a scanner sees nothing behind it.
  let end: Int

  /// Where the word that starts at `start` (before `end`) ends.
  @inline(__always)
  func wordEnd(_ pattern: SplitPattern, from start: Int) -> Int {
    switch pattern {
    case .gpt2: return gpt2(start)
    case .llama3: return llama3(start, digits: 3)
    case .qwen2: return llama3(start, digits: 1)
    case .digits:
      let (flags, count) = flags(start)
      if flags & UnicodeClasses.number != 0 { return start + count }
      return skip(start, while: 0, of: UnicodeClasses.number)
    case .digitRuns:
      let wanted = flags(start).flags & UnicodeClasses.number
      return skip(start, while: wanted, of: UnicodeClasses.number)
    }
  }

  /// The flags of the scalar at `position` and its length in bytes.
  @inline(__always)
  private func flags(_ position: Int) -> (flags: UInt8, count: Int) {
    let first = bytes[position]
    if first < 0x80 { return (classes[Int(first)], 1) }
    let (scalar, count) = decodeScalar(bytes + position)
    return (Int(scalar) < UnicodeClasses.limit ? classes[Int(scalar)] : 0, count)
  }

  /// The first position from `start` on whose flags under the mask are not the wanted ones.
  @inline(__always)
  private func skip(_ start: Int, while wanted: UInt8, of mask: UInt8) -> Int {
    var position = start
    while position < end {
      let (flags, count) = flags(position)
      if flags & mask != wanted { break }
      position += count
    }
    return position
  }

  private static let letterNumberSpace =
    UnicodeClasses.letter | UnicodeClasses.number | UnicodeClasses.space

  private func gpt2(_ start: Int) -> Int {
    if bytes[start] == UInt8(ascii: "'") {
      let length = contraction(start, ignoringCase: false)
      if length > 0 { return start + length }
    }
    var first = start
    var (current, count) = flags(start)
    if bytes[start] == 0x20, start + 1 < end {
      first = start + 1
      (current, count) = flags(first)
    }
    let kind = current & Self.letterNumberSpace
    if kind != UnicodeClasses.space {
      return skip(first + count, while: kind, of: Self.letterNumberSpace)
    }
    return spaces(start)
  }

  private func llama3(_ start: Int, digits: Int) -> Int {
    if bytes[start] == UInt8(ascii: "'") {
      let length = contraction(start, ignoringCase: true)
      if length > 0 { return start + length }
    }
    let (first, count) = flags(start)
    if first & UnicodeClasses.letter != 0 {
      return skip(start + count, while: UnicodeClasses.letter, of: UnicodeClasses.letter)
    }
    let second = start + count
    let (following, followingCount) = second < end ? flags(second) : (UnicodeClasses.space, 0)
    if first & (UnicodeClasses.number | UnicodeClasses.newline) == 0,
      following & UnicodeClasses.letter != 0
    {
      return skip(second + followingCount, while: UnicodeClasses.letter, of: UnicodeClasses.letter)
    }
    if first & UnicodeClasses.number != 0 {
      var position = second
      for _ in 1..<digits where position < end {
        let (flags, count) = flags(position)
        if flags & UnicodeClasses.number == 0 { break }
        position += count
      }
      return position
    }
    if first & UnicodeClasses.space == 0
      || bytes[start] == 0x20 && following & Self.letterNumberSpace == 0
    {
      let others = skip(second, while: 0, of: Self.letterNumberSpace)
      return skip(others, while: UnicodeClasses.newline, of: UnicodeClasses.newline)
    }
    // \s*[\r\n]+ reaches to the last line break of the white space.
    var position = second
    var lineEnd = first & UnicodeClasses.newline != 0 ? second : -1
    while position < end {
      let (flags, count) = flags(position)
      if flags & UnicodeClasses.space == 0 { break }
      position += count
      if flags & UnicodeClasses.newline != 0 { lineEnd = position }
    }
    return lineEnd >= 0 ? lineEnd : spaces(start)
  }

  /// `\s+(?!\S)|\s+`: all white space, but the last of several before a word is left to that word.
  private func spaces(_ start: Int) -> Int {
    var position = start
    var last = start
    while position < end {
      let (flags, count) = flags(position)
      if flags & UnicodeClasses.space == 0 { return last > start ? last : position }
      last = position
      position += count
    }
    return position
  }

  /// The length of 's, 't, 're, 've, 'm, 'll or 'd at `start`, or 0.
  private func contraction(_ start: Int, ignoringCase: Bool) -> Int {
    func letter(_ offset: Int) -> UInt8 {
      guard start + offset < end else { return 0 }
      let byte = bytes[start + offset]
      return ignoringCase && byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
    switch letter(1) {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return letter(2) == UInt8(ascii: "e") ? 3 : 0
    case UInt8(ascii: "l"): return letter(2) == UInt8(ascii: "l") ? 3 : 0
    // U+017F, the long s, folds to s.
    case 0xC5: return ignoringCase && letter(2) == 0xBF ? 3 : 0
    default: return 0
    }
  }
}
