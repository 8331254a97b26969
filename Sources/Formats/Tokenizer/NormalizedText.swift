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
  /// Filled up to `count`; they only grow, so that writing costs no checks for room.
  private var bytes: [UInt8] = []
  private var starts: [Int32] = []
  private var ends: [Int32] = []
  private var count = 0

  /// ▁, which SentencePiece writes for a space.
  static let mark: [UInt8] = [0xE2, 0x96, 0x81]

  /// Calls `body` with the text.
  func withView(origin: Int, _ body: (TextView) -> Void) {
    bytes.withUnsafeBufferPointer { bytes in
      starts.withUnsafeBufferPointer { starts in
        ends.withUnsafeBufferPointer { ends in
          let text = UnsafeBufferPointer(rebasing: bytes[..<count])
          body(
            TextView(
              bytes: text, origin: origin, starts: starts.baseAddress, ends: ends.baseAddress))
        }
      }
    }
  }

  /// Becomes the text with `prefix` before it, which stands for the first scalar, and perhaps ▁ for each space.
  mutating func rewrite(_ text: TextView, prefix: [UInt8], marksSpaces: Bool) {
    fill(atMost: text.bytes.count * (marksSpaces ? 3 : 1) + prefix.count) { writer in
      guard !text.bytes.isEmpty else { return }
      let first = text.original(0, 1)
      for byte in prefix {
        writer.append(
          byte, Int32(first.lowerBound - text.origin), Int32(first.upperBound - text.origin))
      }
      for (index, byte) in text.bytes.enumerated() {
        var (start, end) = (Int32(index), Int32(index + 1))
        if byte >= 0x80 || text.starts != nil {
          let range = text.original(index, index + 1)
          start = Int32(range.lowerBound - text.origin)
          end = Int32(range.upperBound - text.origin)
        }
        if marksSpaces, byte == 0x20 {
          writer.append(0xE2, start, end)
          writer.append(0x96, start, end)
          writer.append(0x81, start, end)
        } else {
          writer.append(byte, start, end)
        }
      }
    }
  }

  /// Becomes the text in normalisation form C.
  mutating func normalize(_ text: UnsafeBufferPointer<UInt8>) {
    count = 0
    // Composed text is hardly ever longer.
    reserve(text.count)
    NFC.forEachPiece(of: text) { start, scalars in
      reserve(count + scalars.count * 4)
      write { writer in
        for scalar in scalars {
          for byte in UTF8.encode(Unicode.Scalar(scalar.value)!)! {
            writer.append(byte, Int32(start) + scalar.start, Int32(start) + scalar.end)
          }
        }
      }
    }
  }

  /// Gives large storage back: one long text must not hold its memory for ever.
  mutating func shrink() {
    if bytes.count > Self.keptSize { self = RewrittenText() }
  }

  private static let keptSize = 1 << 18

  private struct Writer {
    let bytes: UnsafeMutablePointer<UInt8>
    let starts: UnsafeMutablePointer<Int32>
    let ends: UnsafeMutablePointer<Int32>
    var count = 0

    @inline(__always)
    mutating func append(_ byte: UInt8, _ start: Int32, _ end: Int32) {
      bytes[count] = byte
      starts[count] = start
      ends[count] = end
      count += 1
    }
  }

  /// Makes room for `capacity` bytes and has them written.
  private mutating func fill(atMost capacity: Int, _ body: (inout Writer) -> Void) {
    count = 0
    reserve(capacity)
    if capacity > 0 { write(body) }
  }

  /// Makes room for `capacity` bytes in all; what is written stays.
  private mutating func reserve(_ capacity: Int) {
    if bytes.count >= capacity { return }
    let wanted = max(capacity, count > 0 ? bytes.count / 2 * 3 : 0)
    func grown<Element: ExpressibleByIntegerLiteral>(_ old: inout [Element]) {
      if count == 0 { old = [] }
      old.reserveCapacity(wanted)
      old.append(contentsOf: repeatElement(0, count: wanted - old.count))
    }
    grown(&bytes)
    grown(&starts)
    grown(&ends)
  }

  /// Has bytes written behind those that are there.
  private mutating func write(_ body: (inout Writer) -> Void) {
    let old = count
    count = bytes.withUnsafeMutableBufferPointer { bytes in
      starts.withUnsafeMutableBufferPointer { starts in
        ends.withUnsafeMutableBufferPointer { ends in
          var writer = Writer(
            bytes: bytes.baseAddress!, starts: starts.baseAddress!, ends: ends.baseAddress!, count: old)
          body(&writer)
          return writer.count
        }
      }
    }
  }
}
