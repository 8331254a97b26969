/// What a table mixes into its hashes, chosen anew for each.
///
/// Without it a file could list keys that all fall into one slot. Where a key lies has no effect on any result.
struct HashSeed: Sendable {
  private let addend = UInt64.random(in: 0...UInt64.max)
  private let factor = UInt64.random(in: 0...UInt64.max) | 1

  /// Spreads the bits of a key over the whole word; the low bits can then choose a slot.
  @inline(__always)
  func mix(_ key: UInt64) -> UInt64 {
    let product = (key ^ addend).multipliedFullWidth(by: factor)
    return product.high ^ product.low
  }
}
