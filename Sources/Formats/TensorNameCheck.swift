/// Checks the names of a file's tensors, one after another.
struct TensorNameCheck {
  /// The longest name that is read, in bytes; those in use have less than 200.
  static let lengthLimit = 1024
  /// The most bytes of names beyond ASCII: Swift brings them into a normal form whenever it compares or hashes them.
  static let normalizedLimit = 1 << 20

  let file: String
  private var normalized = 0

  init(file: String) { self.file = file }

  /// Throws where a name is too long, or where the names so far are.
  mutating func check(_ name: String) throws {
    let length = name.utf8.count
    guard length <= Self.lengthLimit else {
      throw FormatError(
        tensorPlace(file, name), found: "a name of \(length) bytes", expected: "at most \(Self.lengthLimit)")
    }
    if name.utf8.allSatisfy({ $0 < 0x80 }) { return }
    normalized += length
    guard normalized <= Self.normalizedLimit else {
      throw FormatError(
        file, found: "more than \(Self.normalizedLimit) bytes of tensors' names beyond ASCII",
        expected: "at most as many")
    }
  }
}
