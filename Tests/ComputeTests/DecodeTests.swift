import CKernels
import Testing

/// Suites that choose an instruction set for the whole process, and so must run one after the other.
@Suite(.serialized) enum KernelSuites {}

extension KernelSuites {
  @Suite struct DecodeTests {
    @Test(arguments: allFormats) func everyValueIsTheFormatsOwn(format: dk_format_t) {
      var random = Random(1)
      let columns = max(Int(dk_block_values(format)) * 2, 96)
      let weight = RandomWeight(format, rows: 5, columns: columns, using: &random)
      onEverySet { set in
        for row in 0..<5 {
          var out = [Float](repeating: .nan, count: columns)
          withUnsafePointer(to: weight.view) { dk_decode($0, Int64(row), 0, Int64(columns), &out) }
          let expected = weight.values[row * columns..<(row + 1) * columns]
          // Bits, not values: the sign of a zero and the rounding must be the same on every set.
          #expect(out.map(\.bitPattern) == expected.map(\.bitPattern), "set \(set.rawValue) row \(row)")
        }
      }
    }

    @Test(arguments: allFormats) func anyPartOfARow(format: dk_format_t) {
      var random = Random(2)
      let block = Int(dk_block_values(format))
      let columns = block == 1 ? 150 : max(2 * block, 160)
      let weight = RandomWeight(format, rows: 2, columns: columns, using: &random)
      onEverySet { set in
        for _ in 0..<60 {
          let first = Int.random(in: 0..<columns, using: &random)
          let count = Int.random(in: 0...columns - first, using: &random)
          var out = [Float](repeating: .infinity, count: count + 1)
          withUnsafePointer(to: weight.view) { dk_decode($0, 1, Int64(first), Int64(count), &out) }
          #expect(out.last == .infinity, "wrote past the end")
          #expect(Array(out.dropLast()) == Array(weight.values[columns + first..<columns + first + count]))
        }
      }
    }

    @Test func everyHalf() {
      let halves = (0...UInt16.max).map { $0 }
      halves.withUnsafeBytes { bytes in
        var weight = dk_weight_t(
          data: bytes.baseAddress, rows: 1, columns: 65536, row_bytes: 131_072, format: DK_F16)
        onEverySet { set in
          var out = [Float](repeating: 0, count: 65536)
          dk_decode(&weight, 0, 0, 65536, &out)
          for bits in halves {
            let expected = NaiveFormats.float(half: bits)
            let value = out[Int(bits)]
            #expect(value.bitPattern == expected.bitPattern || (value.isNaN && expected.isNaN), "\(bits)")
          }
        }
      }
    }

    @Test func blockSizes() {
      #expect(allFormats.map { dk_block_values($0) } == [1, 1, 1, 32, 32, 32, 32, 32, 256, 256, 256, 256, 256])
      #expect(allFormats.map { dk_block_bytes($0) } == [4, 2, 2, 18, 20, 22, 24, 34, 84, 110, 144, 176, 210])
    }
  }
}
