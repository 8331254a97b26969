extension Dataset {
  /// What is to be labelled, and with what.
  public enum Task: String, CaseIterable, Sendable {
    /// A text, or a pair of texts, as a whole: one of several classes.
    case sequence
    /// The same: any number of labels, each of which applies or does not.
    case multiLabel = "multi-label"
    /// The same: a number for each target.
    case regression
    /// Each word of a sentence: one tag.
    case tokens

    /// Whether words are answered, each by itself, rather than texts.
    public var tagsWords: Bool { self == .tokens }
  }
}
