import Formats

/// A mistake of the user's or the world's outside of a single file: settings that disagree, a folder that cannot be written.
///
/// Faults inside a file are `FormatError`s, which name the line.
public struct DiscernError: Error, Equatable, CustomStringConvertible {
  /// What went wrong, as a class that a command turns into its exit code.
  public enum Kind: Sendable {
    /// A setting that cannot be, or settings that disagree.
    case configuration
    /// Data that cannot be learnt from or scored.
    case data
    /// A file or folder that is not there.
    case noInput
    /// An output that cannot be made.
    case cannotCreate
    /// The system refuses for want of a permission.
    case permission
    /// Reading or writing failed: a full disk, a broken device.
    case io
  }

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
