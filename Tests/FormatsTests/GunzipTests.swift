import CZlib
import Formats
import Glibc
import Testing

/// Packed text files. The packed bytes come from zlib's own compressor.
@Suite struct GunzipTests {
  /// One gzip member.
  static func gzip(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var input = Array(bytes)
    var output = [UInt8](repeating: 0, count: input.count + 1000)
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    deflateInit2_(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
    let count = output.count
    let left = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(count)
        precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
        return Int(stream.avail_out)
      }
    }
    deflateEnd(&stream)
    return Array(output[..<(count - left)])
  }

  func lines(_ bytes: some Sequence<UInt8>) throws -> [String] {
    try withDataFile(bytes) { path in
      let reader = try LineReader(path: path)
      var lines: [String] = []
      while let line = try reader.next() { lines.append(line.text) }
      return lines
    }
  }

  @Test func linesComeUnpacked() throws {
    #expect(try lines(Self.gzip("a\nb\n".utf8)) == ["a", "b"])
    #expect(try lines(Self.gzip("".utf8)) == [])
    // Longer than any buffer, and badly compressible.
    var state: UInt32 = 1
    let long = (0..<60_000).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return String(state, radix: 36)
    }
    let text = long.joined(separator: "\n")
    #expect(try lines(Self.gzip(text.utf8)) == long)
  }

  @Test func membersAndPadding() throws {
    let two = Self.gzip("a\nb".utf8) + Self.gzip("c\n".utf8)
    #expect(try lines(two) == ["a", "bc"])
    #expect(try lines(two + [0, 0, 0]) == ["a", "bc"])
    let many = (0..<3000).flatMap { Self.gzip("line \($0)\n".utf8) }
    #expect(try lines(many) == (0..<3000).map { "line \($0)" })
  }

  @Test func damage() throws {
    let whole = Self.gzip((0..<1000).map { "line \($0 * $0)\n" }.joined().utf8)
    for length in [2, 5, 11, whole.count / 2, whole.count - 9, whole.count - 1] {
      let error = try fault(whole[..<length], readAll)
      #expect(error?.found == "gzip data that breaks off", "\(length)")
    }
    var flipped = whole
    flipped[whole.count - 6] ^= 1
    let sum = try fault(flipped, readAll)
    #expect(sum?.found == "damaged gzip data (incorrect data check)")
    let trailing = try fault(whole + Array("more".utf8), readAll)
    #expect(trailing?.found == "damaged gzip data (incorrect header check)")
  }

  /// A few bytes can stand for a thousand times as many.
  @Test func whatUnpacksTooFarIsRefused() throws {
    let line = [UInt8](repeating: UInt8(ascii: "a"), count: 99_999) + [0x0A]
    let member = Self.gzip(repeatElement(line, count: 100).joined())
    #expect(member.count < 20_000)
    // 30 MB come out whatever the ratio, 300 MB only of data that are packed less.
    #expect(try lines(repeatElement(member, count: 3).joined()).count == 300)
    let error = try #require(try fault(repeatElement(member, count: 30).joined(), readAll))
    #expect(error.found.contains("bytes of gzip data that unpack to more than"), "\(error)")
    #expect(error.expected == "at most 64 times as many and 33554432" && error.remedy.contains("gunzip"))
    var state: UInt32 = 1
    let text = (0..<10_000).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return "the number \(state >> 16), and then some words that are the same in each and every one of the lines\n"
    }
    let packed = Self.gzip(text.joined().utf8)
    #expect(try lines(repeatElement(packed, count: 40).joined()).count == 400_000)
  }

  private func readAll(_ path: String) throws {
    let reader = try LineReader(path: path)
    while try reader.next() != nil {}
  }
}
