/// A fault in a file or row that the user can mend: where it is, what stood there, what should, and what to do.
public struct FormatError: Error, Equatable, CustomStringConvertible {
  /// What kind of fault it is: a class that a command turns into its exit code.
  public enum Kind: Sendable {
    /// What is in a file, or data that cannot be learnt from or scored: the usual case.
    case data
    /// There is no such file or folder, or it is of another kind.
    case noInput
    /// An output cannot be made where it should lie.
    case cannotCreate
    /// The system refuses for want of a permission.
    case permission
    /// Reading or writing failed: a full disk, a broken device.
    case io
    /// A training whose numbers left all bounds, and would do so again.
    case diverged
    /// A setting that cannot be, or settings that disagree.
    case configuration
  }

  /// What kind of fault it is.
  public var kind: Kind
  /// The file, and where known the line or the tensor: `train.jsonl:17`.
  public var place: String
  /// What was found there.
  public var found: String
  /// What was expected instead.
  public var expected: String
  /// What the user can do about it; empty where nothing better than mending the file is known.
  public var remedy: String

  /// Makes an error from its four parts.
  public init(
    _ place: String, found: String, expected: String, remedy: String = "", kind: Kind = .data
  ) {
    self.kind = kind
    self.place = place
    self.found = found
    self.expected = expected
    self.remedy = remedy
  }

  /// One sentence for people: place, found, expected, remedy.
  ///
  /// The parts may quote a file at length and byte for byte; the sentence is short and safe to print.
  public var description: String {
    let sentence = "\(printable(place)): found \(printable(found)); expected \(printable(expected))"
    return remedy.isEmpty ? sentence : "\(sentence). \(printable(remedy))"
  }
}
