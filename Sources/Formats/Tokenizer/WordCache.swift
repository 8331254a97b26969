/// The tokens of short words seen lately: a direct-mapped table of fixed size, one cache line an entry.
struct WordCache: Sendable {
  struct Entry: Sendable {
    var ids = SIMD8<Int32>(repeating: 0)
    var low: UInt64 = 0
    var high: UInt64 = 0
    var lengths = SIMD8<UInt8>(repeating: 0)
    /// How many bytes the word has; 0 where the entry is empty.
    var byteCount: UInt8 = 0
    var tokenCount: UInt8 = 0
  }

  /// A word of at most `longest` bytes, padded with zeros.
  struct Key {
    var low: UInt64
    var high: UInt64
    var byteCount: Int

    /// Reads the word at `start`; `available` bytes may be read from there.
    @inline(__always)
    init(_ start: UnsafePointer<UInt8>, count: Int, available: Int) {
      byteCount = count
      if available >= 16 {
        let raw = UnsafeRawPointer(start)
        low = raw.loadUnaligned(as: UInt64.self)
        high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        if count < 8 {
          low &= (1 << UInt64(truncatingIfNeeded: count &* 8)) &- 1
          high = 0
        } else if count < 16 {
          high &= (1 << UInt64(truncatingIfNeeded: (count &- 8) &* 8)) &- 1
        }
      } else {
        low = 0
        high = 0
        for index in 0..<count {
          if index < 8 {
            low |= UInt64(start[index]) << UInt64(8 * index)
          } else {
            high |= UInt64(start[index]) << UInt64(8 * (index - 8))
          }
        }
      }
    }
  }

  static let longest = 16
  static let mostTokens = 8
  private static let size = 1 << 14

  var entries = [Entry](repeating: Entry(), count: WordCache.size)

  @inline(__always)
  static func slot(_ key: Key) -> Int {
    Int(truncatingIfNeeded: mix(key.low ^ mix(key.high ^ UInt64(key.byteCount))) >> 20) & (size - 1)
  }
}

/// Spreads the bits of a key over the whole word; the low bits can then choose a slot.
@inline(__always)
private func mix(_ key: UInt64) -> UInt64 {
  var key = key &* 0xBF58_476D_1CE4_E5B9
  key ^= key >> 31
  key = key &* 0x94D0_49BB_1331_11EB
  return key ^ key >> 29
}
