/// What the split patterns ask about a scalar, as flags in a table.
enum UnicodeClasses {
  /// `\p{L}`
  static let letter: UInt8 = 1
  /// `\p{N}`
  static let number: UInt8 = 2
  /// `\s`, the property White_Space
  static let space: UInt8 = 4
  /// Line feed and carriage return.
  static let newline: UInt8 = 8
  /// May change under normalisation form C, alone or beside others.
  static let unstable: UInt8 = 16

  /// Scalars from here on are neither letters nor numbers nor spaces, and stable (planes 4 to 16 hold none).
  static let limit = 0x40000

  /// The flags of each scalar below `limit`; made on first use and kept for the life of the process.
  nonisolated(unsafe) static let table: UnsafePointer<UInt8> = {
    let table = UnsafeMutablePointer<UInt8>.allocate(capacity: limit)
    table.initialize(repeating: 0, count: limit)
    for value in 0..<limit {
      guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
      table[value] = flags(scalar)
    }
    for value in NFC.unstableScalars where Int(value) < limit { table[Int(value)] |= unstable }
    return UnsafePointer(table)
  }()

  private static func flags(_ scalar: Unicode.Scalar) -> UInt8 {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return letter
    case .decimalNumber, .letterNumber, .otherNumber: return number
    case .nonspacingMark, .spacingMark, .enclosingMark:
      return scalar.properties.canonicalCombiningClass == .notReordered ? 0 : unstable
    case .spaceSeparator, .lineSeparator, .paragraphSeparator: return space
    case .control:
      if scalar == "\n" || scalar == "\r" { return space | newline }
      return scalar.properties.isWhitespace ? space : 0
    default: return 0
    }
  }

  /// Whether a scalar is a word character, `\w`.
  static func isWord(_ value: UInt32) -> Bool {
    guard let scalar = Unicode.Scalar(value) else { return false }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
      return true
    default: return scalar.properties.isAlphabetic || value == 0x200C || value == 0x200D
    }
  }

  /// Whether a scalar is white space, `\s`.
  static func isSpace(_ value: UInt32) -> Bool {
    Int(value) < limit && table[Int(value)] & space != 0
  }
}

/// Reads the scalar that starts at `bytes`, which must be valid UTF-8, and how many bytes it takes.
@inline(__always)
func decodeScalar(_ bytes: UnsafePointer<UInt8>) -> (scalar: UInt32, count: Int) {
  let first = UInt32(bytes[0])
  if first < 0x80 { return (first, 1) }
  if first < 0xE0 { return ((first & 0x1F) << 6 | UInt32(bytes[1]) & 0x3F, 2) }
  if first < 0xF0 {
    return ((first & 0x0F) << 12 | (UInt32(bytes[1]) & 0x3F) << 6 | UInt32(bytes[2]) & 0x3F, 3)
  }
  let upper = (first & 0x07) << 18 | (UInt32(bytes[1]) & 0x3F) << 12
  return (upper | (UInt32(bytes[2]) & 0x3F) << 6 | UInt32(bytes[3]) & 0x3F, 4)
}
