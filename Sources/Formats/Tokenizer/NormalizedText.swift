/// A stretch of text as the pre-tokenizer sees it, with the way back to the original.
///
/// The pointers belong to the caller and live as long as the call that made the value.
struct TextView {
  /// The bytes, possibly rewritten.
  var bytes: UnsafeBufferPointer<UInt8>
  /// Where the stretch begins in the original text; of rewritten text, what is added to `starts` and `ends`.
  var origin: Int
  /// Of rewritten text, for each byte: the part of the original that it stands for, from `origin`.
  var starts: UnsafePointer<Int32>?
  var ends: UnsafePointer<Int32>?

  /// The whole scalars of the original text that stand behind the bytes `start` to `end`, which must not be empty.
  @inline(__always)
  func original(_ start: Int, _ end: Int) -> Range<Int> {
    if let starts, let ends { return origin + Int(starts[start])..<origin + Int(ends[end - 1]) }
    var (start, end) = (start, end)
    while bytes[start] & 0xC0 == 0x80 { start -= 1 }
    while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
    return origin + start..<origin + end
  }
}

/// Storage for rewritten text; used again for the next stretch.
struct RewrittenText: Sendable {
  private var bytes: [UInt8] = []
  private var starts: [Int32] = []
  private var ends: [Int32] = []

  /// ▁, which SentencePiece writes for a space.
  static let mark: [UInt8] = [0xE2, 0x96, 0x81]

  /// Calls `body` with the text.
  func withView(origin: Int, _ body: (TextView) -> Void) {
    bytes.withUnsafeBufferPointer { bytes in
      starts.withUnsafeBufferPointer { starts in
        ends.withUnsafeBufferPointer { ends in
          body(
            TextView(
              bytes: bytes, origin: origin, starts: starts.baseAddress, ends: ends.baseAddress))
        }
      }
    }
  }

  /// Becomes the text with `prefix` before it, which stands for the first scalar, and perhaps ▁ for each space.
  mutating func rewrite(_ text: TextView, prefix: [UInt8], marksSpaces: Bool) {
    clear(reserving: text.bytes.count + prefix.count)
    guard !text.bytes.isEmpty else { return }
    for byte in prefix { append(byte, text.original(0, 1), text.origin) }
    var index = 0
    while index < text.bytes.count {
      let byte = text.bytes[index]
      if text.starts == nil, byte < 0x80 {
        if marksSpaces, byte == 0x20 {
          for byte in Self.mark { append(byte, Int32(index), Int32(index + 1)) }
        } else {
          append(byte, Int32(index), Int32(index + 1))
        }
      } else {
        let range = text.original(index, index + 1)
        let replaced = marksSpaces && byte == 0x20
        for byte in replaced ? Self.mark : [byte] { append(byte, range, text.origin) }
      }
      index += 1
    }
  }

  /// Becomes the text in normalisation form C.
  mutating func normalize(_ text: UnsafeBufferPointer<UInt8>) {
    clear(reserving: text.count)
    for scalar in NFC.normalize(text) {
      for byte in UTF8.encode(Unicode.Scalar(scalar.value)!)! {
        append(byte, scalar.start, scalar.end)
      }
    }
  }

  private mutating func clear(reserving capacity: Int) {
    bytes.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    bytes.reserveCapacity(capacity)
    starts.reserveCapacity(capacity)
    ends.reserveCapacity(capacity)
  }

  @inline(__always)
  private mutating func append(_ byte: UInt8, _ start: Int32, _ end: Int32) {
    bytes.append(byte)
    starts.append(start)
    ends.append(end)
  }

  @inline(__always)
  private mutating func append(_ byte: UInt8, _ range: Range<Int>, _ origin: Int) {
    append(byte, Int32(range.lowerBound - origin), Int32(range.upperBound - origin))
  }
}
