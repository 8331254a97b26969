import TestSupport
import Testing

@testable import Formats

/// Parquet files that claim more than they hold.
@Suite struct ParquetLimitTests {
  /// The header of a page of the second version whose levels take the largest number of bytes, twice.
  @Test func lengthsOfLevelsDoNotOverflow() {
    let largest: [UInt8] = [0xFE] + [UInt8](repeating: 0xFF, count: 8) + [0x01]
    let header: [UInt8] = [0x15, 6, 0x15, 0, 0x15, 0, 0x5C, 0x55] + largest + [0x15] + largest + [0, 0]
    let text = message {
      try header.withUnsafeBytes {
        var pages = try ParquetPages($0, codec: 0, ParquetBudget(fileSize: 1000), place: "x")
        _ = try pages.next()
      }
    }
    #expect(text.contains("levels longer than their page"), "\(text)")
  }

  @Test func pagesAreLimited() {
    // 20,000,000 bytes unpacked.
    let size: [UInt8] = [0x80, 0xB4, 0x89, 0x13]
    let header: [UInt8] = [0x15, 0] + [0x15] + size + [0x15, 0, 0]
    let text = message {
      try header.withUnsafeBytes {
        var pages = try ParquetPages($0, codec: 0, ParquetBudget(fileSize: 1000), place: "x")
        _ = try pages.next()
      }
    }
    #expect(text.contains("more than 16781216 unpacked bytes at once"), "\(text)")
  }

  @Test func sentencesOfCoNLLUAreLimited() throws {
    func found(_ text: some Sequence<UInt8>) throws -> String? {
      try fault(text) { path in
        let file = CoNLLU(try LineReader(path: path))
        while try file.next() != nil {}
      }?.found
    }
    let tail = [String](repeating: "\t_", count: 9).joined()
    let words = (1...131_073).lazy.map { "\($0)\(tail)\n" }
    #expect(try found(words.prefix(131_072).joined().utf8) == nil)
    #expect(try found(words.joined().utf8) == "a sentence of more than 131072 words")
    #expect(try found([0x61] + [UInt8](repeating: 0x09, count: 100_000)) == "100001 columns")
    // An id is cut once, however many hyphens it has.
    let hyphens = [UInt8](repeating: UInt8(ascii: "-"), count: 15_000_000) + Array(tail.utf8)
    let time = try ContinuousClock().measure {
      let id = try found(hyphens)
      #expect(id?.hasPrefix("the id \"---") == true)
    }
    #expect(time < .seconds(2), "\(time)")
  }
}
