import Formats

/// A mistake of the user's or the world's outside of a single file: settings that disagree, a folder that cannot be written.
///
/// Faults inside a file are `FormatError`s, which name the line.
public struct DiscernError: Error, Equatable, CustomStringConvertible {
  /// What went wrong: the same classes as inside a file.
  public typealias Kind = FormatError.Kind

  /// Class of the fault.
  public let kind: Kind
  /// What was found, what was expected, what to do, in one or two sentences that are safe to print.
  public let description: String

  /// Makes an error.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = printable(description, limit: 4000)
  }
}
