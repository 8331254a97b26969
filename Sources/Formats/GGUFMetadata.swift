/// The keys and values of a GGUF file, with getters that name the key when a value is not what it should be.
///
/// A getter answers nil where the key is absent and throws `FormatError` where the value is of another type.
public struct GGUFMetadata: Sendable {
  private let file: MappedFile
  private var values: [String: GGUFValue] = [:]

  /// Reads `count` pairs of key and value.
  init(_ cursor: inout GGUFCursor, count: UInt64) throws {
    file = cursor.file
    for _ in 0..<count {
      let key = try cursor.name("a key")
      let value = try cursor.value(try cursor.type(key), key)
      guard values.updateValue(value, forKey: key) == nil else {
        throw FormatError(place(key), found: "the key twice", expected: "every key once")
      }
    }
  }

  /// All keys, sorted.
  public var keys: [String] { values.keys.sorted() }

  /// The value of a key as it stands in the file.
  public subscript(key: String) -> GGUFValue? { values[key] }

  /// The place of a key, for messages.
  func place(_ key: String) -> String { "\(file.name), key \(quoted(key))" }

  /// The error for a value that is not what it should be.
  func wrong(_ key: String, expected: String) -> FormatError {
    FormatError(place(key), found: values[key]?.kind ?? "nothing", expected: expected)
  }

  /// An integer of any width that fits in `Int`.
  public func int(_ key: String) throws -> Int? {
    guard let value = values[key] else { return nil }
    guard let int = value.int else { throw wrong(key, expected: "an integer") }
    return int
  }

  /// A number of any type.
  public func double(_ key: String) throws -> Double? {
    guard let value = values[key] else { return nil }
    guard let double = value.double else { throw wrong(key, expected: "a number") }
    return double
  }

  /// A truth value.
  public func bool(_ key: String) throws -> Bool? {
    guard let value = values[key] else { return nil }
    guard case .bool(let bool) = value else { throw wrong(key, expected: "true or false") }
    return bool
  }

  /// A string that is valid UTF-8.
  public func text(_ key: String) throws -> String? {
    guard let value = values[key] else { return nil }
    guard case .string(let bytes) = value, let text = String(validating: bytes, as: UTF8.self)
    else { throw wrong(key, expected: "a text in UTF-8") }
    return text
  }

  /// How many elements an array has; nil where the key is absent.
  public func count(_ key: String) throws -> Int? { try array(key)?.count }

  /// An array of strings, as bytes: pieces of a vocabulary need not be UTF-8.
  public func strings(_ key: String) throws -> [[UInt8]]? {
    guard let array = try array(key) else { return nil }
    guard array.elementType == .string else { throw wrong(key, expected: "an array of strings") }
    var cursor = GGUFCursor(file, at: array.start)
    return try (0..<array.count).map { _ in Array(file.bytes[try cursor.string(key)]) }
  }

  /// An array of integers that fit in `Int`.
  public func ints(_ key: String) throws -> [Int]? {
    try elements(key)?.map {
      guard let int = $0.int else { throw wrong(key, expected: "an array of integers") }
      return int
    }
  }

  /// An array of numbers, rounded to float32.
  public func floats(_ key: String) throws -> [Float]? {
    try elements(key)?.map {
      guard let double = $0.double else { throw wrong(key, expected: "an array of numbers") }
      return Float(double)
    }
  }

  /// The elements of an array of any type; of an array of arrays, the inner arrays.
  public func elements(_ key: String) throws -> [GGUFValue]? {
    guard let array = try array(key) else { return nil }
    return try elements(of: array, key)
  }

  /// The elements of an array that stands in another one.
  public func elements(of array: GGUFArray, _ key: String) throws -> [GGUFValue] {
    var cursor = GGUFCursor(file, at: array.start)
    return try (0..<array.count).map { _ in try cursor.value(array.elementType, key) }
  }

  private func array(_ key: String) throws -> GGUFArray? {
    guard let value = values[key] else { return nil }
    guard case .array(let array) = value else { throw wrong(key, expected: "an array") }
    return array
  }
}
