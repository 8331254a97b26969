/// A JSON value as it stands in a file: object members keep their order and strings their bytes.
///
/// Two objects are equal when they hold equal members in any order. `.integer(1)` and `.number(1)` differ, as `1` and
/// `1.0` differ in a file; read either through `int` or `double` where the writer's choice does not matter.
public enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  /// A number without fraction or exponent that fits in `Int`.
  case integer(Int)
  /// Any other number; always finite when it came from a file.
  case number(Double)
  case string(JSONString)
  case array([JSON])
  case object(JSONObject)
}

extension JSON {
  /// The member of that name, or nil where this is no object or has no such member.
  public subscript(key: String) -> JSON? {
    guard case .object(let object) = self else { return nil }
    return object[key]
  }

  /// The text, or nil where this is no string.
  public var string: String? {
    guard case .string(let string) = self else { return nil }
    return string.text
  }

  /// The number as an `Int`, or nil where this is no number or not exactly an `Int`.
  public var int: Int? {
    switch self {
    case .integer(let value): return value
    case .number(let value): return Int(exactly: value)
    default: return nil
    }
  }

  /// The number as a `Double` (integers are rounded to the nearest), or nil where this is no number.
  public var double: Double? {
    switch self {
    case .integer(let value): return Double(value)
    case .number(let value): return value
    default: return nil
    }
  }

  /// The truth value, or nil where this is neither `true` nor `false`.
  public var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// The elements, or nil where this is no array.
  public var array: [JSON]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  /// The members, or nil where this is no object.
  public var object: JSONObject? {
    guard case .object(let object) = self else { return nil }
    return object
  }

  /// Whether this is `null`.
  public var isNull: Bool { self == .null }

  /// What kind of value this is, for messages: "a string", "an object with 3 members".
  public var kind: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return "\(value)"
    case .integer(let value): return "the number \(value)"
    case .number(let value): return "the number \(value)"
    case .string: return "a string"
    case .array(let elements):
      return "an array of \(elements.count) element\(elements.count == 1 ? "" : "s")"
    case .object(let object):
      return "an object with \(object.count) member\(object.count == 1 ? "" : "s")"
    }
  }

  /// Makes a JSON string.
  public init(_ text: String) { self = .string(JSONString(text)) }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(JSONString(value)) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (JSONString, JSON)...) {
    var object = JSONObject()
    for (key, value) in elements { object.append(key, value) }
    self = .object(object)
  }
}

/// A string of JSON, compared and hashed by its UTF-8 bytes.
///
/// Swift's `String` takes canonically equivalent texts for one ("é" and "e" + U+0301); keys of files must not.
public struct JSONString: Sendable {
  /// The text; its UTF-8 bytes are those of the file, unescaped.
  public let text: String

  /// Wraps a text.
  public init(_ text: String) { self.text = text }

  /// The UTF-8 bytes, copied.
  public var bytes: [UInt8] { Array(text.utf8) }

  /// Calls `body` with the UTF-8 bytes, which live only as long as the call.
  public func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = text.utf8.withContiguousStorageIfAvailable(body) { return result }
    return Array(text.utf8).withUnsafeBufferPointer(body)
  }
}

extension JSONString: Hashable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
  public init(stringLiteral value: String) { self.text = value }

  public static func == (a: JSONString, b: JSONString) -> Bool {
    a.withBytes { x in
      b.withBytes { y in x.count == y.count && (0..<x.count).allSatisfy { x[$0] == y[$0] } }
    }
  }

  /// Orders by bytes, which is the order of Unicode scalars.
  public static func < (a: JSONString, b: JSONString) -> Bool {
    a.withBytes { x in b.withBytes { y in x.lexicographicallyPrecedes(y) } }
  }

  public func hash(into hasher: inout Hasher) {
    withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }

  public var description: String { text }
}
