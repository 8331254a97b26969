/// One row of a data set: what is read, and what a human said about it.
public struct Example: Equatable, Sendable {
  /// What the model reads.
  public enum Input: Equatable, Sendable {
    /// A text as a whole.
    case text(String)
    /// Two texts that belong together: a premise and a hypothesis, a question and an answer.
    case pair(String, String)
    /// A sentence already cut into words.
    case words([String])
  }

  /// The right answer, where it is known.
  public enum Label: Equatable, Sendable {
    /// Unknown: the example is there to be predicted.
    case none
    /// The class of the text.
    case classLabel(String)
    /// The labels that apply to the text: none, one or several.
    case labels([String])
    /// A number for each target.
    case values([Double])
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

  /// Labels of marked spans that no tag can stand for, because they overlap others or hold no word: they count as missed.
  public var missedSpans: [String] { missed.map(\.label) }
  /// The same spans.
  var missed: [CharacterSpan] = []

  /// Makes an example.
  public init(input: Input, label: Label = .none, line: Int = 0) {
    self.input = input
    self.label = label
    self.line = line
  }
}

extension Example.Input {
  /// The text; words are joined by spaces, and the second text of a pair stands behind a tab.
  public var text: String {
    switch self {
    case .text(let text): text
    case .pair(let first, let second): first + "\t" + second
    case .words(let words): words.joined(separator: " ")
    }
  }
}
