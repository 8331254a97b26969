import CKernels

/// The instruction sets that this machine can run.
let availableSets: [dk_isa_t] = [DK_ISA_GENERIC, DK_ISA_AVX2, DK_ISA_AVX512].filter {
  $0.rawValue <= dk_isa_best().rawValue
}

/// Runs `body` once with each instruction set; suites that do are serialized under ``KernelSuites``.
func onEverySet(_ body: (dk_isa_t) throws -> Void) rethrows {
  defer { dk_isa_release() }
  for set in availableSets {
    precondition(dk_isa_force(set) == 1)
    try body(set)
  }
}

/// A small reproducible generator (SplitMix64).
struct Random: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float.random(in: -1...1, using: &self) }
  }
}

let allFormats: [dk_format_t] = [
  DK_F32, DK_F16, DK_BF16, DK_Q4_0, DK_Q4_1, DK_Q5_0, DK_Q5_1, DK_Q8_0, DK_Q2_K, DK_Q3_K, DK_Q4_K, DK_Q5_K, DK_Q6_K,
]

/// A weight of random bytes that decode to finite, ordinary numbers, and its decoded values.
final class RandomWeight {
  let bytes: UnsafeMutablePointer<UInt8>
  let count: Int
  let view: dk_weight_t
  /// Row-major, as the naive decoder of ``NaiveFormats`` reads them.
  let values: [Float]

  /// `misaligned` puts the data at an odd address.
  init(_ format: dk_format_t, rows: Int, columns: Int, misaligned: Bool = true, using random: inout Random) {
    let rowBytes = columns / Int(dk_block_values(format)) * Int(dk_block_bytes(format))
    count = rows * rowBytes
    bytes = .allocate(capacity: count + 1)
    let data = bytes + (misaligned ? 1 : 0)
    for i in 0..<count { data[i] = UInt8.random(in: 0...255, using: &random) }
    NaiveFormats.tame(data, count: count, format: format, using: &random)
    view = dk_weight_t(
      data: UnsafeRawPointer(data), rows: Int64(rows), columns: Int64(columns), row_bytes: Int64(rowBytes),
      format: format)
    values = (0..<rows).flatMap { row in
      NaiveFormats.decode(UnsafeBufferPointer(start: data + row * rowBytes, count: rowBytes), format: format)
    }
  }

  deinit { bytes.deallocate() }
}

/// 64-byte aligned scratch for products.
final class Scratch {
  let pointer = UnsafeMutableRawPointer.allocate(byteCount: dk_product_scratch(), alignment: 64)
  deinit { pointer.deallocate() }
}
