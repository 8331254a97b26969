/// A text as it is compared with others: composed (NFC), in lower case, each run of white space one space, none at the
/// edges.
public struct ComparableText: Sendable {
  /// The scalars of that form.
  public private(set) var scalars: [UInt32] = []
  /// Whether the text was composed already.
  public private(set) var wasComposed = true
  /// Whether the text has anything but ASCII.
  public private(set) var hasOnlyASCII = true
  private var isSpacePending = false

  /// How many scalars make a shingle.
  public static let shingleLength = 5

  /// Brings a text into that form.
  public init(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      scalars.reserveCapacity(bytes.count)
      if let first = bytes.firstIndex(where: { $0 >= 0x80 }) {
        hasOnlyASCII = false
        addUnicode(bytes, first)
      } else {
        for byte in bytes { addASCII(UInt32(byte)) }
      }
    }
  }

  /// A hash of the form: texts of the same form have the same.
  public var hash: UInt64 {
    var hash = StableHash()
    var index = 0
    while index + 1 < scalars.count {
      hash.add(UInt64(scalars[index]) << 32 | UInt64(scalars[index + 1]))
      index += 2
    }
    if index < scalars.count { hash.add(UInt64(scalars[index])) }
    hash.add(UInt64(scalars.count))
    return hash.value
  }

  /// Words between spaces.
  public var wordCount: Int { scalars.isEmpty ? 0 : 1 + scalars.count { $0 == 0x20 } }

  /// Calls `body` with a hash of each run of `shingleLength` scalars, or of the whole text where it is shorter.
  public func forEachShingle(_ body: (UInt64) -> Void) {
    let length = min(Self.shingleLength, scalars.count)
    if length == 0 { return }
    scalars.withUnsafeBufferPointer { scalars in
      for start in 0...(scalars.count - length) {
        var sum: UInt64 = 0
        for offset in 0..<length {
          sum = (sum &+ UInt64(scalars[start + offset])) &* 0xD6E8_FEB8_6659_FD93
        }
        body(StableHash.mixed(sum))
      }
    }
  }

  private mutating func addASCII(_ value: UInt32) {
    if value == 0x20 || value >= 0x09 && value <= 0x0D {
      isSpacePending = !scalars.isEmpty
      return
    }
    add(value >= 0x41 && value <= 0x5A ? value + 0x20 : value)
  }

  private mutating func add(_ value: UInt32) {
    if isSpacePending {
      scalars.append(0x20)
      isSpacePending = false
    }
    scalars.append(value)
  }

  private mutating func addUnicode(_ bytes: UnsafeBufferPointer<UInt8>, _ first: Int) {
    if NFC.isSurelyNormalized(bytes) {
      var position = 0
      while position < bytes.count {
        let (value, count) = decodeScalar(bytes.baseAddress! + position)
        addScalar(value)
        position += count
      }
      return
    }
    var position = 0
    NFC.forEachPiece(of: bytes) { _, scalars in
      for scalar in scalars {
        if wasComposed, position < bytes.count {
          let (value, count) = decodeScalar(bytes.baseAddress! + position)
          wasComposed = value == scalar.value
          position += count
        } else {
          wasComposed = false
        }
        addScalar(scalar.value)
      }
    }
    if position < bytes.count { wasComposed = false }
  }

  private mutating func addScalar(_ value: UInt32) {
    if value < 0x80 { return addASCII(value) }
    guard let scalar = Unicode.Scalar(value) else { return }
    let properties = scalar.properties
    if properties.isWhitespace {
      isSpacePending = !scalars.isEmpty
    } else if properties.changesWhenLowercased {
      for lower in properties.lowercaseMapping.unicodeScalars { add(lower.value) }
    } else {
      add(value)
    }
  }
}
