/// Reads checked values from the object of a `config.json`.
///
/// A member that is absent or null takes the default; one of another type or out of range throws `FormatError`.
struct ConfigurationReader {
  let place: String
  let object: JSONObject

  /// The member, or nil where it is absent or null.
  func value(_ key: String) -> JSON? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  /// Whether the member is there at all, be it null.
  func has(_ key: String) -> Bool { object[key] != nil }

  /// The error for a member that is not what it should be.
  func wrong(_ key: String, expected: String, remedy: String = "") -> FormatError {
    let found = value(key).map { value in value.string.map { quoted($0) } ?? value.kind }
    return FormatError(
      "\(place), \(key)", found: found ?? "nothing", expected: expected, remedy: remedy)
  }

  func int(_ key: String, _ range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int {
    guard let value = value(key) else {
      guard let fallback else { throw wrong(key, expected: "an integer in \(range)") }
      return fallback
    }
    guard let int = value.int, range.contains(int) else {
      throw wrong(key, expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return int
  }

  /// A finite number above zero.
  func positive(_ key: String, default fallback: Double? = nil) throws -> Double {
    guard let value = value(key) else {
      guard let fallback else { throw wrong(key, expected: "a number above 0") }
      return fallback
    }
    guard let double = value.double, double > 0, double.isFinite else {
      throw wrong(key, expected: "a number above 0")
    }
    return double
  }

  func bool(_ key: String, default fallback: Bool) throws -> Bool {
    guard let value = value(key) else { return fallback }
    guard let bool = value.bool else { throw wrong(key, expected: "true or false") }
    return bool
  }

  func text(_ key: String) throws -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.string else { throw wrong(key, expected: "a text") }
    return text
  }

  /// A reader of an object inside this one, or nil where it is absent or null.
  func inner(_ key: String) throws -> ConfigurationReader? {
    guard let value = value(key) else { return nil }
    guard let object = value.object else { throw wrong(key, expected: "an object") }
    return ConfigurationReader(place: "\(place), \(key)", object: object)
  }

  /// One token id or a list of them; −1 stands for none.
  func tokens(_ key: String) throws -> [Int] {
    guard let value = value(key) else { return [] }
    return try (value.array ?? [value]).compactMap { element in
      guard let token = element.int, token >= -1 else {
        throw wrong(key, expected: "a token id")
      }
      return token == -1 ? nil : token
    }
  }
}
