/// A value of GGUF metadata.
public enum GGUFValue: Sendable {
  case unsigned(UInt64)
  case signed(Int64)
  case float(Double)
  case bool(Bool)
  case string([UInt8])
  /// An array, which stays in the file until it is asked for.
  case array(GGUFArray)

  /// What kind of value this is, for messages.
  var kind: String {
    switch self {
    case .unsigned(let value): "the number \(value)"
    case .signed(let value): "the number \(value)"
    case .float(let value): "the number \(value)"
    case .bool(let value): "\(value)"
    case .string: "a string"
    case .array(let array): "an array of \(array.count) elements of type \(array.elementType)"
    }
  }

  /// The value as an `Int`, or nil where it is none.
  var int: Int? {
    switch self {
    case .unsigned(let value): Int(exactly: value)
    case .signed(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The value as a `Double`, or nil where it is no number.
  var double: Double? {
    switch self {
    case .unsigned(let value): Double(value)
    case .signed(let value): Double(value)
    case .float(let value): value
    default: nil
    }
  }
}

/// An array of GGUF metadata: where it lies in the file. Its extent is checked, its elements are not yet read.
public struct GGUFArray: Sendable {
  /// What the elements are.
  public let elementType: GGUFType
  /// How many there are.
  public let count: Int
  /// The offset of the first element.
  let start: Int
}

/// The types of GGUF metadata, by their numbers in the file.
public enum GGUFType: UInt32, Sendable {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array
  case uint64, int64, float64

  /// The size of a value in bytes; nil where values differ in size.
  var size: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }

  /// The fewest bytes that a value takes: an empty string is its length, an empty array its type and length.
  var smallestSize: Int { size ?? (self == .string ? 8 : 12) }
}

extension GGUFCursor {
  /// Arrays of arrays deeper than this are refused.
  private static var depthLimit: Int { 4 }
  /// Strings of more bytes than this are refused; the longest in use are chat templates.
  private static var stringLimit: Int { 1 << 26 }

  /// Reads the number of a type.
  mutating func type(_ key: String) throws -> GGUFType {
    let number = try read(UInt32.self, "the type of \(quoted(key))")
    guard let type = GGUFType(rawValue: number) else {
      throw FormatError(
        "\(file.name), key \(quoted(key))", found: "the value type \(number)",
        expected: "a type of GGUF, 0 to 12",
        remedy: "The file may be damaged or of a newer version.")
    }
    return type
  }

  /// Reads a value; of an array, only where it lies.
  mutating func value(_ type: GGUFType, _ key: String) throws -> GGUFValue {
    switch type {
    case .uint8: return .unsigned(UInt64(try read(UInt8.self, quoted(key))))
    case .uint16: return .unsigned(UInt64(try read(UInt16.self, quoted(key))))
    case .uint32: return .unsigned(UInt64(try read(UInt32.self, quoted(key))))
    case .uint64: return .unsigned(try read(UInt64.self, quoted(key)))
    case .int8: return .signed(Int64(try read(Int8.self, quoted(key))))
    case .int16: return .signed(Int64(try read(Int16.self, quoted(key))))
    case .int32: return .signed(Int64(try read(Int32.self, quoted(key))))
    case .int64: return .signed(try read(Int64.self, quoted(key)))
    case .float32:
      return .float(Double(Float(bitPattern: try read(UInt32.self, quoted(key)))))
    case .float64: return .float(Double(bitPattern: try read(UInt64.self, quoted(key))))
    case .bool:
      let byte = try read(UInt8.self, quoted(key))
      guard byte <= 1 else {
        throw FormatError(
          "\(file.name), key \(quoted(key))", found: "the byte \(byte)", expected: "0 or 1")
      }
      return .bool(byte == 1)
    case .string:
      let range = try string(quoted(key))
      guard range.count <= Self.stringLimit else {
        throw FormatError(
          "\(file.name), key \(quoted(key))", found: "a string of \(range.count) bytes",
          expected: "at most \(Self.stringLimit)")
      }
      return .string(Array(file.bytes[range]))
    case .array: return .array(try array(key, depth: 1))
    }
  }

  /// Steps over an array, checking that all of it lies in the file.
  mutating func array(_ key: String, depth: Int) throws -> GGUFArray {
    guard depth <= Self.depthLimit else {
      throw FormatError(
        "\(file.name), key \(quoted(key))", found: "arrays nested \(depth) deep",
        expected: "at most \(Self.depthLimit)")
    }
    let elementType = try type(key)
    let count = try read(UInt64.self, "the length of \(quoted(key))")
    guard count <= UInt64(rest / elementType.smallestSize) else {
      throw FormatError(
        "\(file.name), key \(quoted(key))", found: "an array of \(count) elements",
        expected: "no more than the \(rest) bytes left can hold")
    }
    let start = position
    if let size = elementType.size {
      _ = try skip(count * UInt64(size), quoted(key))
    } else if elementType == .string {
      for _ in 0..<count { _ = try string("an element of \(quoted(key))") }
    } else {
      for _ in 0..<count { _ = try array(key, depth: depth + 1) }
    }
    return GGUFArray(elementType: elementType, count: Int(count), start: start)
  }
}
