import Formats

/// Signatures that tell how much two texts have in common: the share of equal places estimates the Jaccard similarity of
/// their sets of shingles.
///
/// A signature has 120 places, of each of which a byte is kept (b-bit minwise hashing). Texts without any shingle have
/// none.
struct MinHash {
  /// Places of a signature.
  static let places = 120
  /// Places in a band; texts that agree in a whole band are compared.
  static let bandPlaces = 6
  static let bands = places / bandPlaces

  private static let factors: [UInt64] = (0..<UInt64(places)).map {
    StableHash.mixed($0 &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1) | 1
  }
  private var minima = [UInt32](repeating: .max, count: places)

  /// Appends the signature of a text, or zeros where it is empty.
  mutating func append(_ text: ComparableText, to signatures: inout [UInt8]) {
    minima.withUnsafeMutableBufferPointer { minima in
      Self.factors.withUnsafeBufferPointer { factors in
        for place in 0..<Self.places { minima[place] = .max }
        text.forEachShingle { shingle in
          for place in 0..<Self.places {
            let value = UInt32(truncatingIfNeeded: (shingle &* factors[place]) >> 32)
            minima[place] = min(minima[place], value)
          }
        }
      }
    }
    // The low bits of a minimum are as random as those of any other number.
    for minimum in minima { signatures.append(UInt8(truncatingIfNeeded: minimum)) }
  }

  /// The similarity that two signatures tell of, from 0 to 1.
  static func similarity(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>) -> Double {
    var equal = 0
    for place in 0..<places where a[place] == b[place] { equal += 1 }
    // Bytes of different minima agree by chance once in 256.
    return max(0, (Double(equal) / Double(places) - 1 / 256) / (1 - 1 / 256))
  }

  /// The places of a band as one number.
  static func key(_ signature: UnsafePointer<UInt8>, band: Int) -> UInt64 {
    var key: UInt64 = 0
    for place in 0..<bandPlaces { key = key << 8 | UInt64(signature[band * bandPlaces + place]) }
    return key
  }
}

/// Signatures of many texts, in blocks, so that growing never copies them all.
struct SignatureStore: Sendable {
  private var blocks: [[UInt8]] = []
  private static let blockRows = 1 << 15

  /// Appends the signatures of some rows.
  mutating func append(_ signatures: [UInt8]) {
    var rest = signatures[...]
    while !rest.isEmpty {
      if blocks.last.map({ $0.count == Self.blockRows * MinHash.places }) ?? true {
        blocks.append([])
        blocks[blocks.count - 1].reserveCapacity(Self.blockRows * MinHash.places)
      }
      let space = Self.blockRows * MinHash.places - blocks[blocks.count - 1].count
      blocks[blocks.count - 1].append(contentsOf: rest.prefix(space))
      rest = rest.dropFirst(space)
    }
  }

  /// Calls `body` with the signature of a row.
  @inline(__always)
  func with<Result>(_ row: Int, _ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    blocks[row / Self.blockRows].withUnsafeBufferPointer {
      body($0.baseAddress! + row % Self.blockRows * MinHash.places)
    }
  }
}
