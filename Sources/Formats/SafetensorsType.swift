/// A number type of safetensors files: its name there, its size, and what it means here.
struct SafetensorsType {
  let name: String
  let bits: Int
  let format: StoredFormat

  /// All types in the order of the reference implementation, which writes the last of them first.
  static let all: [SafetensorsType] = [
    SafetensorsType("BOOL", 8, .bool),
    SafetensorsType("F4", 4), SafetensorsType("F6_E2M3", 6), SafetensorsType("F6_E3M2", 6),
    SafetensorsType("U8", 8, .u8), SafetensorsType("I8", 8, .i8),
    SafetensorsType("F8_E5M2", 8), SafetensorsType("F8_E4M3", 8), SafetensorsType("F8_E8M0", 8),
    SafetensorsType("F8_E4M3FNUZ", 8), SafetensorsType("F8_E5M2FNUZ", 8),
    SafetensorsType("I16", 16, .i16), SafetensorsType("U16", 16, .u16),
    SafetensorsType("F16", 16, .f16), SafetensorsType("BF16", 16, .bf16),
    SafetensorsType("I32", 32, .i32), SafetensorsType("U32", 32, .u32),
    SafetensorsType("F32", 32, .f32), SafetensorsType("C64", 64),
    SafetensorsType("F64", 64, .f64), SafetensorsType("I64", 64, .i64),
    SafetensorsType("U64", 64, .u64),
  ]

  private init(_ name: String, _ bits: Int, _ format: StoredFormat? = nil) {
    self.name = name
    self.bits = bits
    self.format = format ?? .unsupported(name)
  }

  /// The size in bytes of a tensor of this type, or nil if that overflows or is no whole number.
  func byteCount(shape: [Int]) -> Int? {
    guard let values = valueCount(shape: shape) else { return nil }
    let (total, overflow) = values.multipliedReportingOverflow(by: bits)
    return overflow || total % 8 != 0 ? nil : total / 8
  }
}
