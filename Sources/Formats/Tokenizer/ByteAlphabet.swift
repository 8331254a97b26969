/// The 256 visible characters that GPT-2 and its heirs write for the 256 bytes in their vocabulary files.
package enum ByteAlphabet {
  /// By byte: the scalar that stands for it; printable Latin-1 stands for itself, the others follow from U+0100.
  static let scalars: [UInt32] = {
    var scalars = [UInt32](repeating: 0, count: 256)
    var next: UInt32 = 256
    for byte in UInt32(0)..<256 {
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: scalars[Int(byte)] = byte
      default:
        scalars[Int(byte)] = next
        next += 1
      }
    }
    return scalars
  }()

  /// By scalar: the byte, or -1.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 324)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// The bytes that a piece stands for, or nil where it holds another character.
  static func decode(_ piece: some Collection<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(piece.count)
    var lead: UInt8 = 0
    for byte in piece {
      let scalar: Int
      if byte < 0x80 {
        if lead != 0 { return nil }
        scalar = Int(byte)
      } else if lead == 0 {
        // Every scalar of the alphabet takes at most two bytes.
        if byte & 0xE0 != 0xC0 { return nil }
        lead = byte
        continue
      } else {
        scalar = Int(lead & 0x1F) << 6 | Int(byte & 0x3F)
        lead = 0
      }
      guard scalar < bytes.count, bytes[scalar] >= 0 else { return nil }
      result.append(UInt8(bytes[scalar]))
    }
    return lead == 0 ? result : nil
  }

  /// The piece that stands for those bytes.
  package static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    for byte in bytes {
      result.append(contentsOf: UTF8.encode(Unicode.Scalar(scalars[Int(byte)])!)!)
    }
    return result
  }
}
