/// Streams small numbers in Parquet's hybrid of runs and packed bits: levels, positions in a dictionary, truth values.
struct ParquetHybrid {
  private let bytes: ArraySlice<UInt8>
  private let width: Int
  private var position: Int
  private var value: UInt32 = 0
  private var runLeft = 0
  private var packedLeft = 0
  private var bit = 0

  /// Numbers of `width` bits, 0 to 32.
  init(_ bytes: ArraySlice<UInt8>, width: Int) {
    self.bytes = bytes
    self.width = width
    position = bytes.startIndex
  }

  /// The next number, or nil where the bytes break off.
  mutating func next() -> UInt32? {
    if width == 0 { return 0 }
    while true {
      if runLeft > 0 {
        runLeft -= 1
        return value
      }
      if packedLeft > 0 {
        packedLeft -= 1
        return packed()
      }
      guard startRun() else { return nil }
    }
  }

  /// Reads the head of the next run; answers false at the end.
  private mutating func startRun() -> Bool {
    var head = 0
    var shift = 0
    while true {
      guard position < bytes.endIndex, shift < 35 else { return false }
      let byte = bytes[position]
      position += 1
      head |= Int(byte & 0x7F) << shift
      shift += 7
      if byte < 0x80 { break }
    }
    if head & 1 == 1 {
      packedLeft = (head >> 1) * 8
      bit = 0
      return true
    }
    let count = (width + 7) / 8
    guard bytes.endIndex - position >= count else { return false }
    value = 0
    for index in 0..<count { value |= UInt32(bytes[position + index]) << (8 * index) }
    position += count
    runLeft = head >> 1
    return true
  }

  private mutating func packed() -> UInt32? {
    var value: UInt64 = 0
    let first = position + bit >> 3
    let last = position + (bit + width - 1) >> 3
    guard last < bytes.endIndex else { return nil }
    for index in first...last { value |= UInt64(bytes[index]) << (8 * (index - first)) }
    value >>= UInt64(bit & 7)
    bit += width
    if packedLeft == 0 { position += (bit + 7) / 8 }
    return UInt32(truncatingIfNeeded: value & (1 << UInt64(width) - 1))
  }
}
