import Compute
import Formats

/// Random values in the bytes of a stored format, made piece by piece: no tensor is ever in memory as a whole.
struct RandomValues {
  private let format: StoredFormat
  private let count: Int
  private let center: Float
  private let bound: Float
  private var random: Random

  /// Values of the tensor that is number `stream` of the model with this seed.
  init(_ tensor: RandomTensor, format: StoredFormat, seed: UInt64, stream: UInt64) {
    self.format = format
    count = tensor.shape.reduce(1, *)
    (center, bound) = (tensor.center, tensor.bound)
    random = Random(seed: seed, stream: stream)
  }

  /// Writes all of them.
  mutating func write(to sink: inout FileSink) throws {
    var rest = count
    switch format {
    case .f32: try writeFloats(&rest, &sink)
    case .f16: try writeHalves(&rest, &sink) { Float16($0).bitPattern }
    case .bf16:
      try writeHalves(&rest, &sink) { UInt16(truncatingIfNeeded: ($0.bitPattern &+ 0x8000) >> 16) }
    case .q8_0: try writeBlocks(&rest, &sink, values: 32, header: q8Header)
    case .q4_K: try writeBlocks(&rest, &sink, values: 256, header: q4Header)
    default: preconditionFailure("no random values of \(format)")
    }
  }

  private static let piece = 1 << 16

  /// 16 random bits as a value.
  private func value(_ bits: UInt16) -> Float {
    center + bound * Float(Int16(bitPattern: bits)) / 32768
  }

  private mutating func writeFloats(_ rest: inout Int, _ sink: inout FileSink) throws {
    while rest > 0 {
      let count = min(rest, Self.piece)
      try sink.write(words(count * 2).prefix(count).map(value))
      rest -= count
    }
  }

  /// Formats of two bytes go through a table of all values.
  private mutating func writeHalves(
    _ rest: inout Int, _ sink: inout FileSink, _ encoded: (Float) -> UInt16
  ) throws {
    let table = (0...UInt16.max).map { encoded(value($0)) }
    while rest > 0 {
      let count = min(rest, Self.piece)
      let values = words(count * 2).prefix(count).map { table[Int($0)] }
      try values.withUnsafeBytes { try sink.write($0) }
      rest -= count
    }
  }

  /// At least so many random bytes, by twos.
  private mutating func words(_ byteCount: Int) -> [UInt16] {
    [UInt16](unsafeUninitializedCapacity: (byteCount + 7) / 8 * 4) { buffer, count in
      for index in stride(from: 0, to: buffer.count & ~3, by: 4) {
        let bits = random.next()
        for part in 0..<4 { buffer[index + part] = UInt16(truncatingIfNeeded: bits >> UInt64(16 * part)) }
      }
      count = buffer.count & ~3
    }
  }

  /// Blocks of a header that fixes the scale and random quants.
  private mutating func writeBlocks(
    _ rest: inout Int, _ sink: inout FileSink, values: Int, header: [UInt8]
  ) throws {
    let quants = format.blockBytes - header.count
    while rest > 0 {
      let blocks = min(rest / values, Self.piece / values)
      var bytes: [UInt8] = []
      bytes.reserveCapacity(blocks * format.blockBytes)
      for _ in 0..<blocks {
        bytes += header
        for _ in 0..<quants / 8 { withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) } }
      }
      try sink.write(bytes)
      rest -= blocks * values
    }
  }

  /// The scale; quants are signed bytes.
  private var q8Header: [UInt8] { halfBytes(bound / 128) }

  /// Scale and scale of the minima, then eight times scale 32 and minimum 32 in six bits each: value = 32·d·(q − 7.5).
  private var q4Header: [UInt8] {
    // 16 levels a step apart have a variance of 21.25 steps², the uniform distribution has bound² / 3.
    let scale = bound / (32 * Float(63.75).squareRoot())
    let parts = [UInt8](repeating: 0b1010_0000, count: 8) + [UInt8](repeating: 0, count: 4)
    return halfBytes(scale) + halfBytes(7.5 * scale) + parts
  }

  private func halfBytes(_ value: Float) -> [UInt8] {
    withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { Array($0) }
  }
}
