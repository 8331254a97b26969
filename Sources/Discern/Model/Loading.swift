import Compute
import Formats
import Glibc

/// Joins files and kernels: stored tensors become weights and vectors on a backend, checked against the configuration.
struct WeightLoader {
  let checkpoint: any Checkpoint
  let backend: any Backend

  /// A frozen matrix (rows, columns), borrowed from the mapped file in its stored format.
  ///
  /// `pairedHeads`: the rows are stored for paired rotation (GGUF llama files) and are put back in order.
  func matrix(_ name: String, rows: Int, columns: Int, pairedHeads: Int? = nil) throws -> Weight {
    let stored = try checked(name, shape: [rows, columns])
    guard let format = WeightFormat(stored.format) else {
      throw FormatError(
        "\(checkpoint.place):\(name)", found: "values of type \(stored.format)",
        expected: "f32, f16, bf16 or a GGUF block format")
    }
    guard let byteCount = Weight.byteCount(rows: rows, columns: columns, format: format),
      byteCount == stored.bytes.count
    else {
      throw FormatError(
        "\(checkpoint.place):\(name)", found: "\(columns) columns of \(stored.format)",
        expected: "a multiple of \(stored.format.blockValues)")
    }
    guard let pairedHeads else {
      let storage = Storage(borrowing: stored.bytes, owner: stored.owner, on: backend)
      return Weight(rows: rows, columns: columns, format: format, storage: storage)
    }
    let storage = Storage(byteCount: byteCount, on: backend)
    let rowBytes = byteCount / rows
    for (row, source) in unpermutedRows(heads: pairedHeads, headSize: rows / pairedHeads).enumerated() {
      memcpy(
        storage.address + row * rowBytes, stored.bytes.baseAddress! + source * rowBytes, rowBytes)
    }
    // Otherwise every copied weight would be resident twice.
    stored.releasePages()
    return Weight(rows: rows, columns: columns, format: format, storage: storage)
  }

  /// A frozen vector as a (1, count) tensor in the backend's element type.
  func vector(_ name: String, count: Int, pairedHeads: Int? = nil) throws -> Tensor {
    let stored = try checked(name, shape: [count])
    guard let format = WeightFormat(stored.format), stored.format.blockValues == 1 else {
      throw FormatError(
        "\(checkpoint.place):\(name)", found: "values of type \(stored.format)",
        expected: "f32, f16 or bf16")
    }
    let weight = Weight(
      rows: 1, columns: count, format: format,
      storage: Storage(borrowing: stored.bytes, owner: stored.owner, on: backend))
    var values = weight.decoded()
    if let pairedHeads {
      values = unpermutedRows(heads: pairedHeads, headSize: count / pairedHeads).map { values[$0] }
    }
    return Tensor(values, rows: 1, columns: count, on: backend)
  }

  private func checked(_ name: String, shape: [Int]) throws -> StoredTensor {
    let stored = try checkpoint.tensor(name)
    guard stored.shape == shape else {
      throw FormatError(
        "\(checkpoint.place):\(name)", found: "shape \(stored.shape)",
        expected: "\(shape) after the configuration",
        remedy: "The configuration and the tensors are not of the same model.")
    }
    return stored
  }
}

extension WeightFormat {
  /// The kernel's format for a stored one; `nil` where there is no kernel.
  init?(_ stored: StoredFormat) {
    switch stored {
    case .f32: self = .f32
    case .f16: self = .f16
    case .bf16: self = .bf16
    case .q4_0: self = .q4_0
    case .q4_1: self = .q4_1
    case .q5_0: self = .q5_0
    case .q5_1: self = .q5_1
    case .q8_0: self = .q8_0
    case .q2_K: self = .q2_K
    case .q3_K: self = .q3_K
    case .q4_K: self = .q4_K
    case .q5_K: self = .q5_K
    case .q6_K: self = .q6_K
    case .f64, .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool, .unsupported: return nil
    }
  }
}

extension ModelConfiguration {
  /// Turns of each rotary pair per position, rounded to float32 as transformers does.
  var inverseFrequencies: [Float] {
    (0..<headSize / 2).map { pair in
      let exponent = Float(2 * pair) / Float(headSize)
      let frequency = 1 / Float(pow(ropeTheta, Double(exponent)))
      return scaled(frequency, pair: pair)
    }
  }

  private func scaled(_ frequency: Float, pair: Int) -> Float {
    switch ropeScaling {
    case .none: return frequency
    case .linear(let factor): return frequency / Float(factor)
    case .divisors(let divisors): return frequency / divisors[pair]
    case .llama3(let factor, let low, let high, let originalLength):
      let length = Double(originalLength)
      let wavelength = 2 * Double.pi / Double(frequency)
      if wavelength < length / high { return frequency }
      if wavelength > length / low { return frequency / Float(factor) }
      let smooth = (length / wavelength - low) / (high - low)
      return Float((1 - smooth) * Double(frequency) / factor + smooth * Double(frequency))
    }
  }
}
