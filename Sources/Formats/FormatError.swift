/// A fault in a file or row that the user can mend: where it is, what stood there, what should, and what to do.
public struct FormatError: Error, Equatable, CustomStringConvertible {
  /// The file, and where known the line or the tensor: `train.jsonl:17`.
  public var place: String
  /// What was found there.
  public var found: String
  /// What was expected instead.
  public var expected: String
  /// What the user can do about it; empty where nothing better than mending the file is known.
  public var remedy: String

  /// Makes an error from its four parts.
  public init(_ place: String, found: String, expected: String, remedy: String = "") {
    self.place = place
    self.found = found
    self.expected = expected
    self.remedy = remedy
  }

  /// One sentence for people: place, found, expected, remedy.
  public var description: String {
    "\(place): found \(found); expected \(expected)" + (remedy.isEmpty ? "" : ". \(remedy)")
  }
}
