/// One row of a data set: what is read, and what a human said about it.
public struct Example: Equatable, Sendable {
  /// What the model reads.
  public enum Input: Equatable, Sendable {
    /// A text as a whole.
    case text(String)
    /// A sentence already cut into words.
    case words([String])
  }

  /// The right answer, where it is known.
  public enum Label: Equatable, Sendable {
    /// Unknown: the example is there to be predicted.
    case none
    /// The class of the text.
    case classLabel(String)
    /// A tag for each word.
    case tags([String])
  }

  /// What the model reads.
  public var input: Input
  /// The right answer, or `.none`.
  public var label: Label
  /// The line of the file on which the example starts, from 1; 0 where it comes from no file.
  public var line: Int
  /// Which of the data set's files that is, from 0.
  public var file = 0

  /// Makes an example.
  public init(input: Input, label: Label = .none, line: Int = 0) {
    self.input = input
    self.label = label
    self.line = line
  }
}
