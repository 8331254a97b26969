/// Which neighbours merge: (left id, right id) → (rank, merged id), the smallest rank first.
struct PairTable: Sendable {
  private struct Slot {
    var key = UInt64.max
    var value = UInt64.max
  }

  /// What `merge` answers for a pair that does not merge: later than every rank.
  static let none = UInt64.max

  private let seed = HashSeed()
  private var slots: [Slot]
  private var used = 0
  /// Bits, one set for each pair at least: most neighbours do not merge, and these bits stay in a near cache where the
  /// slots of a large vocabulary do not.
  private var filter: [UInt64]

  /// Makes an empty table for about that many pairs.
  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = Array(repeating: Slot(), count: size)
    filter = Array(repeating: 0, count: Self.filterWords(size))
  }

  /// Four bits for each slot, so at least eight for each pair.
  private static func filterWords(_ slots: Int) -> Int { slots / 16 }

  /// How many pairs merge.
  var count: Int { used }

  /// The rank in the upper half and the merged id in the lower, or `none`.
  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> UInt64 {
    let key = Self.key(left, right)
    let hash = seed.mix(key)
    if filter[Self.word(hash, filter.count)] & Self.bit(hash) == 0 { return Self.none }
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while true {
      let entry = slots[slot]
      if entry.key == key { return entry.value }
      if entry.key == .max { return Self.none }
      slot = (slot + 1) & (slots.count - 1)
    }
  }

  /// Says that the pair merges; a later word replaces an earlier one.
  mutating func insert(_ left: Int32, _ right: Int32, rank: UInt32, id: Int32) {
    if used * 2 >= slots.count { grow() }
    let key = Self.key(left, right)
    let hash = seed.mix(key)
    filter[Self.word(hash, filter.count)] |= Self.bit(hash)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot].key != .max, slots[slot].key != key { slot = (slot + 1) & (slots.count - 1) }
    if slots[slot].key == .max { used += 1 }
    slots[slot] = Slot(key: key, value: UInt64(rank) << 32 | UInt64(UInt32(bitPattern: id)))
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Slot(), count: old.count * 2)
    filter = Array(repeating: 0, count: Self.filterWords(slots.count))
    for entry in old where entry.key != .max {
      let hash = seed.mix(entry.key)
      filter[Self.word(hash, filter.count)] |= Self.bit(hash)
      var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[slot].key != .max { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = entry
    }
  }

  // The slots take the low bits of the hash, the filter the high ones.
  @inline(__always)
  private static func word(_ hash: UInt64, _ count: Int) -> Int {
    Int(truncatingIfNeeded: hash >> 38) & (count - 1)
  }

  @inline(__always)
  private static func bit(_ hash: UInt64) -> UInt64 { 1 << (hash >> 32 & 63) }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }
}
