/// How the values of a stored tensor are written: plain numbers, or blocks of quantised ones.
///
/// Plain numbers are little-endian. Block formats are those of ggml, and a block never crosses the end of a row.
public enum StoredFormat: Hashable, Sendable, CustomStringConvertible {
  case f64, f32, f16, bf16
  case i64, i32, i16, i8, u64, u32, u16, u8, bool
  // The names are ggml's.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  case q4_0, q4_1, q5_0, q5_1, q8_0
  // swift-format-ignore: AlwaysUseLowerCamelCase
  case q2_K, q3_K, q4_K, q5_K, q6_K
  /// A format that this library names but cannot lay out, such as `IQ4_XS` or `F8_E4M3`.
  case unsupported(String)

  /// How many values one block holds; 1 for plain numbers, 0 if unsupported.
  public var blockValues: Int {
    switch self {
    case .f64, .f32, .f16, .bf16, .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K: 256
    case .unsupported: 0
    }
  }

  /// How many bytes one block takes; 0 if unsupported.
  public var blockBytes: Int {
    switch self {
    case .i8, .u8, .bool: 1
    case .f16, .bf16, .i16, .u16: 2
    case .f32, .i32, .u32: 4
    case .f64, .i64, .u64: 8
    case .q4_0: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q8_0: 34
    case .q2_K: 84
    case .q3_K: 110
    case .q4_K: 144
    case .q5_K: 176
    case .q6_K: 210
    case .unsupported: 0
    }
  }

  /// The alignment in bytes that the start of a tensor needs; 1 if unsupported.
  public var alignment: Int {
    switch self {
    case .unsupported: 1
    case .f64, .f32, .f16, .bf16, .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool: blockBytes
    // Blocks hold 16-bit scales beside bytes; the widest field that a kernel reads is 4 bytes.
    default: 4
    }
  }

  /// The name in small letters, as in `bf16` or `q4_K`; an unsupported one as the file spells it.
  public var description: String {
    switch self {
    case .f64: "f64"
    case .f32: "f32"
    case .f16: "f16"
    case .bf16: "bf16"
    case .i64: "i64"
    case .i32: "i32"
    case .i16: "i16"
    case .i8: "i8"
    case .u64: "u64"
    case .u32: "u32"
    case .u16: "u16"
    case .u8: "u8"
    case .bool: "bool"
    case .q4_0: "q4_0"
    case .q4_1: "q4_1"
    case .q5_0: "q5_0"
    case .q5_1: "q5_1"
    case .q8_0: "q8_0"
    case .q2_K: "q2_K"
    case .q3_K: "q3_K"
    case .q4_K: "q4_K"
    case .q5_K: "q5_K"
    case .q6_K: "q6_K"
    case .unsupported(let name): name
    }
  }

  /// The number of bytes of a tensor with these extents, or nil if that overflows, if an extent is negative,
  /// if a row is no whole number of blocks, or if the format is unsupported.
  public func byteCount(shape: [Int]) -> Int? {
    guard blockValues > 0 else { return nil }
    guard let values = valueCount(shape: shape) else { return nil }
    if blockValues > 1, (shape.last ?? 1) % blockValues != 0 { return nil }
    let (bytes, overflow) = (values / blockValues).multipliedReportingOverflow(by: blockBytes)
    return overflow ? nil : bytes
  }
}

/// The product of the extents, or nil if one is negative or the product overflows.
func valueCount(shape: [Int]) -> Int? {
  var values = 1
  for extent in shape {
    guard extent >= 0 else { return nil }
    let (product, overflow) = values.multipliedReportingOverflow(by: extent)
    if overflow { return nil }
    values = product
  }
  return values
}
