import Glibc

/// Cosines and sines of the rotary angles, position by position.
public struct RopeTable: Sendable {
  /// (positions, headSize / 2).
  public let cosine: Tensor
  /// (positions, headSize / 2).
  public let sine: Tensor
  /// Number of positions that the table holds.
  public var positions: Int { cosine.rows }

  /// Angles of `positions` positions at the given inverse frequencies (headSize / 2 of them).
  ///
  /// Frequencies and angles are rounded to float32 as transformers rounds them, so that long texts agree too.
  public init(inverseFrequencies: [Float], positions: Int, on backend: any Backend) {
    var cosines: [Float] = []
    var sines: [Float] = []
    for position in 0..<positions {
      for frequency in inverseFrequencies {
        let angle = Double(Float(position) * frequency)
        cosines.append(Float(cos(angle)))
        sines.append(Float(sin(angle)))
      }
    }
    let columns = inverseFrequencies.count
    cosine = Tensor(cosines, rows: positions, columns: columns, on: backend)
    sine = Tensor(sines, rows: positions, columns: columns, on: backend)
  }
}
