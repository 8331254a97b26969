extension [UInt8] {
  /// Appends a number in base 128, the lowest digit first, each but the last with the highest bit set.
  mutating func append(base128 number: UInt64) {
    var rest = number
    while rest > 127 {
      append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    append(UInt8(rest))
  }
}
