/// What is odd about the characters of a text.
public struct TextFaults: OptionSet, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// U+FFFD, which stands where bytes were lost.
  public static let replacement = TextFaults(rawValue: 1)
  /// UTF-8 that was read as Latin-1 or Windows-1252: `cafÃ©`.
  public static let mojibake = TextFaults(rawValue: 2)
  /// Control characters other than tabs and line breaks.
  public static let control = TextFaults(rawValue: 4)
  /// Characters without width or ink: zero-width spaces, byte order marks, soft hyphens, directional marks.
  public static let invisible = TextFaults(rawValue: 8)

  /// The faults of a text.
  public init(of text: String) {
    self = []
    var text = text
    let isASCII = text.withUTF8 { bytes in
      for byte in bytes {
        if byte >= 0x80 { return false }
        if byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D || byte == 0x7F { insert(.control) }
      }
      return true
    }
    if isASCII { return }
    let scalars = text.unicodeScalars.map(\.value)
    for value in scalars {
      switch value {
      case 0x09, 0x0A, 0x0D, 0x85: break
      case 0..<0x20, 0x7F..<0xA0: insert(.control)
      case 0xAD, 0x200B, 0x200E, 0x200F, 0x202A...0x202E, 0x2060, 0x2066...0x2069, 0xFEFF: insert(.invisible)
      case 0xFFFD: insert(.replacement)
      default: break
      }
    }
    if Self.looksMisread(scalars) { insert(.mojibake) }
  }

  /// Whether the scalars contain UTF-8 sequences read one byte at a time.
  ///
  /// Sequences that begin with Â or Ã (most of Latin) or with â€ and the like (quotes and dashes) are told from one
  /// occurrence; others, which may be real words, only from two in a row.
  private static func looksMisread(_ scalars: [UInt32]) -> Bool {
    var index = 0
    var run = 0
    while index < scalars.count {
      let length = misreadLength(scalars, index)
      if length == 0 {
        run = 0
        index += 1
        continue
      }
      run += 1
      let lead = scalars[index]
      // A closing quote behind a capital is no such byte: «IRMÃ”.
      let isQuote = length == 2 && (0x2018...0x201E).contains(scalars[index + 1])
      if (lead == 0xC2 || lead == 0xC3) && !isQuote || lead == 0xE2 || run >= 2 { return true }
      index += length
    }
    return false
  }

  /// How many scalars from `start` on spell one character of two to four bytes; 0 where they don't.
  private static func misreadLength(_ scalars: [UInt32], _ start: Int) -> Int {
    let length =
      switch scalars[start] {
      case 0xC2...0xDF: 2
      case 0xE0...0xEF: 3
      case 0xF0...0xF4: 4
      default: 0
      }
    guard length > 0, start + length <= scalars.count else { return 0 }
    let rest = scalars[(start + 1)..<(start + length)]
    return rest.allSatisfy { (0x80..<0xC0).contains($0) || windows1252.contains($0) } ? length : 0
  }

  /// What Windows-1252 has at 0x80 to 0x9F.
  private static let windows1252: Set<UInt32> = [
    0x20AC, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x017D,
    0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x017E, 0x0178,
  ]
}
