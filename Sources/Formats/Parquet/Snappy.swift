/// Unpacks a block in Snappy's raw format.
enum Snappy {
  /// Unpacks into exactly `output.count` bytes; answers false where the input is damaged or gives another length.
  static func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    var reader = Reader(input: input)
    guard reader.length() == output.count else { return false }
    var written = 0
    while let tag = reader.byte() {
      let isDone =
        tag & 3 == 0
        ? reader.literal(tag, output, &written) : reader.copy(tag, output, &written)
      if !isDone { return false }
    }
    return written == output.count
  }

  private struct Reader {
    let input: UnsafeRawBufferPointer
    var position = 0

    mutating func byte() -> UInt8? {
      guard position < input.count else { return nil }
      defer { position += 1 }
      return input[position]
    }

    /// A little-endian number of up to four bytes.
    mutating func number(_ bytes: Int) -> Int? {
      guard input.count - position >= bytes else { return nil }
      var value = 0
      for index in 0..<bytes { value |= Int(input[position + index]) << (8 * index) }
      position += bytes
      return value
    }

    /// The length of the unpacked block.
    mutating func length() -> Int? {
      var value = 0
      for shift in stride(from: 0, to: 35, by: 7) {
        guard let byte = byte() else { return nil }
        value |= Int(byte & 0x7F) << shift
        if byte < 0x80 { return value }
      }
      return nil
    }

    /// Bytes that stand in the input as they are.
    mutating func literal(
      _ tag: UInt8, _ output: UnsafeMutableRawBufferPointer, _ written: inout Int
    ) -> Bool {
      var length = Int(tag >> 2)
      if length >= 60 {
        guard let long = number(length - 59) else { return false }
        length = long
      }
      length += 1
      guard length <= input.count - position, length <= output.count - written else { return false }
      output.baseAddress!.advanced(by: written)
        .copyMemory(from: input.baseAddress!.advanced(by: position), byteCount: length)
      position += length
      written += length
      return true
    }

    /// Bytes that were written before; they may overlap with those that they make.
    mutating func copy(
      _ tag: UInt8, _ output: UnsafeMutableRawBufferPointer, _ written: inout Int
    ) -> Bool {
      var length = Int(tag >> 2) + 1
      var offset: Int?
      switch tag & 3 {
      case 1:
        length = 4 + Int(tag >> 2 & 7)
        offset = number(1).map { Int(tag >> 5) << 8 | $0 }
      case 2: offset = number(2)
      default: offset = number(4)
      }
      guard let offset, offset > 0, offset <= written, length <= output.count - written else { return false }
      for index in written..<(written + length) { output[index] = output[index - offset] }
      written += length
      return true
    }
  }
}
