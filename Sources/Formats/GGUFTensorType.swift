/// A tensor type of ggml: its name, its blocks, and what it means here.
struct GGUFTensorType {
  let format: StoredFormat
  /// How many values a block holds and how many bytes it takes; nil for a type that is not known at all.
  let block: (values: Int, bytes: Int)?

  /// The type with this number in a file.
  init(_ number: UInt32) {
    if let known = Self.supported[number] {
      format = known
      block = (known.blockValues, known.blockBytes)
    } else if let (name, values, bytes) = Self.named[number] {
      format = .unsupported(name)
      block = (values, bytes)
    } else {
      format = .unsupported("ggml type \(number)")
      block = nil
    }
  }

  private static let supported: [UInt32: StoredFormat] = [
    0: .f32, 1: .f16, 2: .q4_0, 3: .q4_1, 6: .q5_0, 7: .q5_1, 8: .q8_0, 10: .q2_K, 11: .q3_K,
    12: .q4_K, 13: .q5_K, 14: .q6_K, 24: .i8, 25: .i16, 26: .i32, 27: .i64, 28: .f64, 30: .bf16,
  ]

  /// Types that have a name and a size, but no kernel.
  private static let named: [UInt32: (String, Int, Int)] = [
    9: ("Q8_1", 32, 36), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50), 20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136), 29: ("IQ1_M", 256, 56),
    34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
  ]
}
