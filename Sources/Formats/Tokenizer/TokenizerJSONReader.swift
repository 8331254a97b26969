/// A value of a tokenizer file with the path to it, for messages that name the place.
struct TokenizerField {
  let value: JSON
  let place: String

  /// The member of that name; nil where it is missing or null.
  subscript(key: String) -> TokenizerField? {
    guard let member = value[key], member != .null else { return nil }
    return TokenizerField(value: member, place: place + (place.contains(": ") ? "." : ": ") + key)
  }

  func required(_ key: String) throws -> TokenizerField {
    guard let member = self[key] else {
      throw FormatError(place, found: "no \(quoted(key))", expected: quoted(key))
    }
    return member
  }

  func string() throws -> String {
    guard let string = value.string else { throw unexpected("a string") }
    return string
  }

  func array() throws -> [TokenizerField] {
    guard let array = value.array else { throw unexpected("an array") }
    return array.enumerated().map { TokenizerField(value: $1, place: "\(place)[\($0)]") }
  }

  /// The id of a token: not negative and not beyond `TokenizerParts.largestID`.
  func id() throws -> Int {
    guard let id = value.int, id >= 0, id <= TokenizerParts.largestID else {
      throw unexpected("a token id from 0 to \(TokenizerParts.largestID)")
    }
    return id
  }

  /// The truth value of a member that may be missing.
  func flag(_ key: String, default missing: Bool) throws -> Bool {
    guard let member = self[key] else { return missing }
    guard let flag = member.value.bool else { throw member.unexpected("true or false") }
    return flag
  }

  /// The member "type".
  func type() throws -> String { try required("type").string() }

  func unexpected(_ expected: String) -> FormatError {
    var found = value.kind
    if case .string(let string) = value { found = quoted(string.text) }
    return FormatError(place, found: found, expected: expected)
  }

  /// The fault that a file asks for something that this package does not do.
  func unsupported(_ expected: String) -> FormatError {
    var error = unexpected(expected)
    if value.object != nil, let type = value["type"]?.string {
      error.found = "the type \(quoted(type))"
    }
    error.remedy = "This tokenizer is not supported."
    return error
  }

  /// Refuses members that this package does not know, except those without effect (null, false, "", 0).
  func allow(_ keys: Set<String>) throws {
    guard let object = value.object else { throw unexpected("an object") }
    for member in object.members where !keys.contains(member.key.text) {
      switch member.value {
      case .null, .bool(false), "", 0: continue
      default:
        throw TokenizerField(value: member.value, place: "\(place).\(printable(member.key.text, limit: 80))")
          .unsupported("nothing but \(keys.sorted().joined(separator: ", "))")
      }
    }
  }
}
