/// How the tags of a sentence are chosen from the logits of its words.
public enum Decoding: String, CaseIterable, Sendable {
  /// The best sequence of tags together, of those that the scheme allows.
  case viterbi
  /// The best tag of each word by itself.
  case greedy
}

/// Which head a tagger has.
public enum HeadKind: String, CaseIterable, Sendable {
  /// Each word's logits by themselves.
  case linear
  /// Logits, and a learnt score for each pair of neighbouring tags: a linear-chain conditional random field.
  case crf
}
