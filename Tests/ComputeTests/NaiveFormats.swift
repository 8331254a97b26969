import CKernels

/// Decoders written straight from the description of the GGUF blocks, one value at a time.
enum NaiveFormats {
  typealias Block = UnsafeBufferPointer<UInt8>

  static func decode(_ row: Block, format: dk_format_t) -> [Float] {
    let size = Int(dk_block_bytes(format))
    return stride(from: 0, to: row.count, by: size).flatMap { start in
      block(Block(rebasing: row[start..<start + size]), format: format)
    }
  }

  /// Where in a block the 16-bit floats are that scale it.
  private static func halves(of format: dk_format_t) -> [Int] {
    switch format {
    case DK_Q4_0, DK_Q5_0, DK_Q8_0: [0]
    case DK_Q4_1, DK_Q5_1, DK_Q4_K, DK_Q5_K: [0, 2]
    case DK_Q2_K: [80, 82]
    case DK_Q3_K: [108]
    case DK_Q6_K: [208]
    default: []
    }
  }

  /// Overwrites what must be a sensible float in random bytes.
  static func tame(_ data: UnsafeMutablePointer<UInt8>, count: Int, format: dk_format_t, using random: inout Random) {
    func put(_ bits: UInt16, at i: Int) { (data[i], data[i + 1]) = (UInt8(bits & 255), UInt8(bits >> 8)) }
    switch format {
    case DK_F32:
      for i in stride(from: 0, to: count, by: 4) {
        let bits = Float.random(in: -1...1, using: &random).bitPattern
        put(UInt16(bits & 0xffff), at: i)
        put(UInt16(bits >> 16), at: i + 2)
      }
    case DK_BF16:
      for i in stride(from: 0, to: count, by: 2) {
        put(UInt16(Float.random(in: -1...1, using: &random).bitPattern >> 16), at: i)
      }
    case DK_F16:
      for i in stride(from: 0, to: count, by: 2) { put(half(using: &random), at: i) }
    default:
      for start in stride(from: 0, to: count, by: Int(dk_block_bytes(format))) {
        for offset in halves(of: format) { put(half(using: &random), at: start + offset) }
      }
    }
  }

  /// Bits of a half below 1, now and then subnormal or zero.
  private static func half(using random: inout Random) -> UInt16 {
    let exponent = UInt16.random(in: 0...14, using: &random)
    return UInt16.random(in: 0...1, using: &random) << 15 | exponent << 10 | UInt16.random(in: 0...1023, using: &random)
  }

  static func float(half bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 1 ? -1 : 1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023)
    switch exponent {
    case 31: return fraction == 0 ? sign * .infinity : .nan
    case 0: return sign * fraction * 0x1p-24
    default: return sign * (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }

  private static func half(_ b: Block, _ at: Int) -> Float { float(half: UInt16(b[at]) | UInt16(b[at + 1]) << 8) }

  private static func block(_ b: Block, format: dk_format_t) -> [Float] {
    switch format {
    case DK_F32:
      return [Float(bitPattern: UInt32(b[0]) | UInt32(b[1]) << 8 | UInt32(b[2]) << 16 | UInt32(b[3]) << 24)]
    case DK_F16: return [half(b, 0)]
    case DK_BF16: return [Float(bitPattern: UInt32(b[0]) << 16 | UInt32(b[1]) << 24)]
    case DK_Q4_0: return (0..<32).map { i in Float(nibble(b, 2, i) - 8) * half(b, 0) }
    case DK_Q4_1: return (0..<32).map { i in Float(nibble(b, 4, i)) * half(b, 0) + half(b, 2) }
    case DK_Q5_0: return (0..<32).map { i in Float((nibble(b, 6, i) | bit(b, 2, i) << 4) - 16) * half(b, 0) }
    case DK_Q5_1: return (0..<32).map { i in Float(nibble(b, 8, i) | bit(b, 4, i) << 4) * half(b, 0) + half(b, 2) }
    case DK_Q8_0: return (0..<32).map { i in Float(Int8(bitPattern: b[2 + i])) * half(b, 0) }
    case DK_Q2_K: return (0..<256).map { i in q2(b, i) }
    case DK_Q3_K: return (0..<256).map { i in q3(b, i) }
    case DK_Q4_K: return (0..<256).map { i in q4(b, i, codes: 16, fifth: nil) }
    case DK_Q5_K: return (0..<256).map { i in q4(b, i, codes: 48, fifth: 16) }
    case DK_Q6_K: return (0..<256).map { i in q6(b, i) }
    default: preconditionFailure("no such format")
    }
  }

  /// Code i of 32: low nibbles of 16 bytes first, then the high ones.
  private static func nibble(_ b: Block, _ at: Int, _ i: Int) -> Int {
    i < 16 ? Int(b[at + i] & 15) : Int(b[at + i - 16] >> 4)
  }

  /// Bit i of a little-endian bit field.
  private static func bit(_ b: Block, _ at: Int, _ i: Int) -> Int { Int(b[at + i / 8] >> (i % 8)) & 1 }

  // The 256 codes lie in runs of 128 (two bits) or 64 (four bits): value 32·j + l of a run is in byte l.

  private static func q2(_ b: Block, _ i: Int) -> Float {
    let code = Int(b[16 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2)) & 3
    let scale = b[i / 16]
    return half(b, 80) * Float(scale & 15) * Float(code) - half(b, 82) * Float(scale >> 4)
  }

  private static func q3(_ b: Block, _ i: Int) -> Float {
    let low = Int(b[32 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2)) & 3
    let high = Int(b[i % 32] >> (i / 32)) & 1
    // ggml takes the 12 bytes as three 32-bit words and rebuilds four words of 6-bit scales.
    let words = (0..<3).map { w in (0..<4).reduce(UInt32(0)) { $0 | UInt32(b[96 + 4 * w + $1]) << (8 * UInt32($1)) } }
    let scales = [
      (words[0] & 0x0f0f_0f0f) | (words[2] & 0x0303_0303) << 4,
      (words[1] & 0x0f0f_0f0f) | (words[2] >> 2 & 0x0303_0303) << 4,
      (words[0] >> 4 & 0x0f0f_0f0f) | (words[2] >> 4 & 0x0303_0303) << 4,
      (words[1] >> 4 & 0x0f0f_0f0f) | (words[2] >> 6 & 0x0303_0303) << 4,
    ]
    let scale = Int(scales[i / 64] >> (UInt32(i / 16 % 4) * 8) & 63) - 32
    return half(b, 108) * Float(scale) * Float(low - (high == 1 ? 0 : 4))
  }

  private static func q4(_ b: Block, _ i: Int, codes: Int, fifth: Int?) -> Float {
    let byte = b[codes + i / 64 * 32 + i % 32]
    var code = i % 64 < 32 ? Int(byte & 15) : Int(byte >> 4)
    if let fifth { code += Int(b[fifth + i % 32] >> (i / 32) & 1) << 4 }
    let j = i / 32
    let s = (0..<12).map { b[4 + $0] }
    let scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4
    let minimum = j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) | (s[j] >> 6) << 4
    return half(b, 0) * Float(scale) * Float(code) - half(b, 2) * Float(minimum)
  }

  private static func q6(_ b: Block, _ i: Int) -> Float {
    let run = i / 128
    let within = i % 128
    let low = b[64 * run + within % 64]
    let four = within < 64 ? low & 15 : low >> 4
    let two = b[128 + 32 * run + within % 32] >> (within / 32 * 2) & 3
    let scale = Float(Int8(bitPattern: b[192 + i / 16]))
    return half(b, 208) * scale * Float(Int(four | two << 4) - 32)
  }
}
