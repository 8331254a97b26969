/// Normalisation form C of Unicode, remembering where each scalar came from.
enum NFC {
  /// A scalar with the bytes of the original text that it stands for.
  struct Scalar {
    var value: UInt32
    var combiningClass: UInt8
    var start: Int32
    var end: Int32
  }

  private struct Tables {
    /// Scalar → (first, second), second 0 where one scalar replaces another.
    var decomposition: [UInt32: (UInt32, UInt32)] = [:]
    /// First and second, packed → composite.
    var composition: [UInt64: UInt32] = [:]
    var unstable: [UInt32] = []
  }

  private static let tables: Tables = {
    var tables = Tables()
    for run in decompositions.utf8.split(separator: UInt8(ascii: ";")) {
      let halves = run.split(separator: UInt8(ascii: ":"))
      var code = hexadecimal(halves[0])
      for entry in halves[1].split(separator: UInt8(ascii: " ")) where !entry.isEmpty {
        let parts = entry.split(separator: UInt8(ascii: "+"))
        let first = hexadecimal(parts[0])
        let second = parts.count > 1 ? hexadecimal(parts[1]) : 0
        tables.decomposition[code] = (first, second)
        if parts.count == 1 || entry.last == UInt8(ascii: "!") {
          tables.unstable.append(code)
        } else {
          tables.composition[UInt64(first) << 32 | UInt64(second)] = code
          tables.unstable.append(second)
        }
        code += 1
      }
    }
    // The vowels and final consonants of Hangul join the syllable before them.
    tables.unstable.append(contentsOf: 0x1161...0x1175)
    tables.unstable.append(contentsOf: 0x11A8...0x11C2)
    return tables
  }()

  /// Reads the hexadecimal digits of a table entry, passing over what else stands there.
  private static func hexadecimal(_ text: Substring.UTF8View) -> UInt32 {
    text.reduce(0) { value, byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): return value << 4 | UInt32(byte & 15)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): return value << 4 | UInt32(byte - 55)
      default: return value
      }
    }
  }

  /// The scalars that may change, besides those with a combining class: text without any of these is normalised.
  static var unstableScalars: [UInt32] { tables.unstable }

  /// Whether a text has no scalar that might change.
  static func isSurelyNormalized(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    // Below U+0300, whose first byte is 0xCC, nothing changes.
    guard let start = bytes.firstIndex(where: { $0 >= 0xCC }) else { return true }
    let classes = UnicodeClasses.table
    var position = start
    while position < bytes.count {
      if bytes[position] < 0x80 {
        position += 1
        continue
      }
      let (scalar, count) = decodeScalar(bytes.baseAddress! + position)
      if Int(scalar) < UnicodeClasses.limit, classes[Int(scalar)] & UnicodeClasses.unstable != 0 {
        return false
      }
      position += count
    }
    return true
  }

  /// A text of about this many bytes is normalised at once; what it is turned into takes many times as much.
  static let pieceSize = 1 << 14

  /// Calls `body` with piece after piece of the normalised text, `start` being where the piece stood in the original.
  static func forEachPiece(
    of bytes: UnsafeBufferPointer<UInt8>, _ body: (_ start: Int, _ scalars: [Scalar]) -> Void
  ) {
    var start = 0
    while start < bytes.count {
      let end = pieceEnd(bytes, from: start)
      body(start, normalize(UnsafeBufferPointer(rebasing: bytes[start..<end])))
      start = end
    }
  }

  /// Where a piece may end: before a scalar that never changes, alone or with what stands before it.
  private static func pieceEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let classes = UnicodeClasses.table
    var position = start + pieceSize
    while position < bytes.count {
      if bytes[position] & 0xC0 != 0x80 {
        let scalar = Int(decodeScalar(bytes.baseAddress! + position).scalar)
        if scalar >= UnicodeClasses.limit || classes[scalar] & UnicodeClasses.unstable == 0 { return position }
      }
      position += 1
    }
    return bytes.count
  }

  /// The normalised scalars of a text; each covers whole scalars of the original, and ends never go back.
  static func normalize(_ bytes: UnsafeBufferPointer<UInt8>) -> [Scalar] {
    let tables = tables
    var scalars: [Scalar] = []
    scalars.reserveCapacity(bytes.count)
    var position = 0
    while position < bytes.count {
      let (value, count) = decodeScalar(bytes.baseAddress! + position)
      decompose(value, Int32(position), Int32(position + count), tables, &scalars)
      position += count
    }
    reorder(&scalars)
    compose(&scalars, tables)
    straighten(&scalars)
    return scalars
  }

  /// Deals the ranges of each run of marks out in their own order, so that no range goes back behind another.
  private static func straighten(_ scalars: inout [Scalar]) {
    var start = 0
    while start < scalars.count {
      let marks = scalars[start...].prefix { $0.combiningClass > 0 }
      if zip(marks, marks.dropFirst()).contains(where: { $0.start > $1.start }) {
        let ranges = marks.map { (start: $0.start, end: $0.end) }.enumerated().sorted {
          ($0.element.start, $0.offset) < ($1.element.start, $1.offset)
        }
        for (offset, range) in ranges.enumerated() {
          (scalars[start + offset].start, scalars[start + offset].end) = range.element
        }
      }
      start = marks.endIndex + 1
    }
    var end: Int32 = 0
    for index in scalars.indices {
      end = max(end, scalars[index].end)
      scalars[index].end = end
    }
  }

  private static func decompose(
    _ value: UInt32, _ start: Int32, _ end: Int32, _ tables: Tables, _ output: inout [Scalar]
  ) {
    if value < 0xC0 {
      output.append(Scalar(value: value, combiningClass: 0, start: start, end: end))
    } else if value >= 0xAC00, value <= 0xD7A3 {
      let index = value - 0xAC00
      let parts = [0x1100 + index / 588, 0x1161 + index % 588 / 28, 0x11A7 + index % 28]
      for part in parts where part != 0x11A7 {
        output.append(Scalar(value: part, combiningClass: 0, start: start, end: end))
      }
    } else if let (first, second) = tables.decomposition[value] {
      decompose(first, start, end, tables, &output)
      if second != 0 { decompose(second, start, end, tables, &output) }
    } else {
      let combining = Unicode.Scalar(value)!.properties.canonicalCombiningClass.rawValue
      output.append(Scalar(value: value, combiningClass: combining, start: start, end: end))
    }
  }

  /// Sorts each run of combining marks by class.
  private static func reorder(_ scalars: inout [Scalar]) {
    var start = 0
    while start < scalars.count {
      if scalars[start].combiningClass == 0 {
        start += 1
        continue
      }
      let end = scalars[start...].firstIndex { $0.combiningClass == 0 } ?? scalars.count
      let run = scalars[start..<end]
      if zip(run, run.dropFirst()).contains(where: { $0.combiningClass > $1.combiningClass }) {
        let sorted = run.enumerated().sorted {
          ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset)
        }
        for (offset, (_, scalar)) in sorted.enumerated() {
          scalars[start + offset] = scalar
        }
      }
      start = end
    }
  }

  private static func compose(_ scalars: inout [Scalar], _ tables: Tables) {
    var kept = 0
    var starter = -1
    for index in scalars.indices {
      let scalar = scalars[index]
      // A mark is blocked from the starter by one of its own or a higher class, and by another starter, between them.
      let isBlocked =
        kept - 1 > starter && scalars[kept - 1].combiningClass >= scalar.combiningClass
      if starter >= 0, !isBlocked,
        let composite = composite(scalars[starter].value, scalar.value, tables)
      {
        scalars[starter].value = composite
        scalars[starter].end = max(scalars[starter].end, scalar.end)
      } else {
        scalars[kept] = scalar
        if scalar.combiningClass == 0 { starter = kept }
        kept += 1
      }
    }
    scalars.removeLast(scalars.count - kept)
  }

  private static func composite(_ first: UInt32, _ second: UInt32, _ tables: Tables) -> UInt32? {
    if first >= 0x1100, first < 0x1113, second >= 0x1161, second < 0x1176 {
      return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
    }
    if first >= 0xAC00, first <= 0xD7A3, (first - 0xAC00) % 28 == 0, second > 0x11A7,
      second < 0x11C3
    {
      return first + second - 0x11A7
    }
    return tables.composition[UInt64(first) << 32 | UInt64(second)]
  }
}
