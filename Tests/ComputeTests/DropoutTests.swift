import CKernels
import Testing

extension KernelSuites {
  @Suite struct DropoutTests {
    func dropout(
      _ x: [Float], width: Int, p: Float = 0.25, seed: UInt64 = 42, step: UInt32 = 3,
      site: UInt32 = 5, firstRow: UInt32 = 0
    ) -> [Float] {
      let rows = Int64(x.count / width)
      var mask = [UInt32](repeating: 0xaaaa_aaaa, count: Int(rows * dk_dropout_words(Int64(width))))
      dk_dropout_mask(rows, Int64(width), p, seed, step, site, firstRow, &mask)
      var y = [Float](repeating: .nan, count: x.count)
      dk_dropout(x, mask, rows, Int64(width), p, &y, 0)
      // Over x, and added to something.
      var over = x
      over.withUnsafeMutableBufferPointer {
        dk_dropout($0.baseAddress, mask, rows, Int64(width), p, $0.baseAddress, 0)
      }
      expectSame(over, y, "y over x")
      var sum = x
      dk_dropout(x, mask, rows, Int64(width), p, &sum, 1)
      expectSame(sum, zip(x, y).map { $0 + $1 }, "y added to x")
      return y
    }

    /// The vectors that Random123 publishes for philox4x32-10.
    @Test func philoxKnownAnswers() {
      let known: [(counter: [UInt32], key: [UInt32], words: [UInt32])] = [
        ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        (
          [.max, .max, .max, .max], [.max, .max],
          [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        ),
        (
          [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
          [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        ),
      ]
      onEverySet { set in
        for (counter, key, wanted) in known {
          var words = [UInt32](repeating: 0, count: 4)
          dk_philox(counter, key, &words)
          #expect(words == wanted)
        }
      }
    }

    /// The mask by its definition: 16 bits for each column, of sixteen Philox counters for each 128 columns.
    @Test(arguments: [1, 7, 8, 64, 130, 576]) func maskIsTheDefinition(width: Int) {
      let rowCount = 5
      let p: Float = 0.3
      let firstRow = 11
      let x = [Float](repeating: 1, count: rowCount * width)
      let wanted = (0..<rowCount * width).map { i -> Float in
        let row = i / width
        let column = i % width
        var words = [UInt32](repeating: 0, count: 4)
        dk_philox([UInt32(firstRow + row), UInt32(column / 128 * 16 + column % 16), 5, 3], [42, 0], &words)
        let half = column % 128 / 16
        let number = words[half / 2] >> (half % 2 == 0 ? 0 : 16) & 0xffff
        return number >= 19661 ? 1 / (1 - p) : 0
      }
      onEverySet { set in
        expectSame(dropout(x, width: width, p: p, firstRow: UInt32(firstRow)), wanted, "y")
      }
    }

    @Test func maskDoesNotDependOnChunks() {
      var random = Random(8)
      let width = 77
      let x = random.floats(9 * width)
      onEverySet { set in
        let whole = dropout(x, width: width)
        let first = dropout([Float](x[..<(4 * width)]), width: width)
        let rest = dropout([Float](x[(4 * width)...]), width: width, firstRow: 4)
        expectSame(first + rest, whole, "two chunks")
      }
    }

    @Test func everyArgumentChangesTheMask() {
      let x = [Float](repeating: 1, count: 256)
      let masks = [
        dropout(x, width: 64), dropout(x, width: 64, seed: 43),
        dropout(x, width: 64, seed: 42 | 1 << 40), dropout(x, width: 64, step: 4),
        dropout(x, width: 64, site: 6), dropout(x, width: 64, firstRow: 4),
      ]
      #expect(Set(masks).count == masks.count)
    }

    @Test(arguments: [0.05, 0.1, 0.5] as [Float]) func keepRate(p: Float) {
      let count = 1 << 18
      let y = dropout([Float](repeating: 1, count: count), width: 512, p: p)
      let dropped = Double(y.count { $0 == 0 }) / Double(count)
      // Five standard deviations.
      let spread = 5 * (Double(p) * (1 - Double(p)) / Double(count)).squareRoot()
      #expect(abs(dropped - Double(p)) < spread)
      #expect(y.allSatisfy { $0 == 0 || $0 == 1 / (1 - p) })
    }

    @Test func allAndNothing() {
      var random = Random(9)
      let x = random.floats(100)
      onEverySet { set in
        expectSame(dropout(x, width: 50, p: 0), x, "p = 0")
        #expect(dropout(x, width: 50, p: 1).allSatisfy { $0 == 0 })
      }
    }
  }
}
