/// A 64-bit hash that is the same in every run and on every machine, for telling rows apart.
public struct StableHash: Sendable {
  /// The hash of what was added so far.
  public private(set) var value: UInt64

  /// Starts a hash; different seeds make different ones.
  public init(seed: UInt64 = 0) { value = seed ^ 0x9E37_79B9_7F4A_7C15 }

  /// Adds a word.
  @inline(__always)
  public mutating func add(_ word: UInt64) {
    let product = (value ^ word ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
    value = product.high ^ product.low &+ 0x8EBC_6AF0_9C88_C6E3
  }

  /// Adds a text by its UTF-8 bytes and its end, so that "ab", "c" and "a", "bc" differ.
  public mutating func add(_ text: String) {
    var word: UInt64 = 0
    var count = 0
    for byte in text.utf8 {
      word = word << 8 | UInt64(byte)
      count += 1
      if count % 8 == 0 {
        add(word)
        word = 0
      }
    }
    add(word)
    add(UInt64(count))
  }

  /// Scatters the bits of a word; different words stay different.
  @inline(__always)
  public static func mixed(_ word: UInt64) -> UInt64 {
    var word = word
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
