/// A tag that must not stand where it stands.
public struct TagFault: Equatable, Sendable {
  /// The line of the file.
  public var line: Int
  /// The token's position in its sentence, from 0.
  public var token: Int
  /// The tag.
  public var tag: String
  /// What is wrong: `I-PER after O`, `B-PER at the end of the sentence`.
  public var description: String
  /// Which of the data set's files it is, from 0.
  public var file = 0
}

extension TagScheme {
  /// Rewrites the tags of a sentence as IOB2; plain tags stay as they are.
  ///
  /// Tags that break the scheme's rules are read leniently, so that none is lost: each tag but `O` belongs to a span,
  /// and `I-PER` after `O` starts one.
  public func toIOB2(_ tags: [String]) -> [String] {
    if self == .plain { return tags }
    var previous = Tag(.outside, "")
    return tags.map { text in
      let tag = Tag(text)
      defer { previous = tag }
      if tag.position == .outside { return "O" }
      return Tag(tag.starts(after: previous) ? .begin : .inside, tag.type).description
    }
  }

  /// The tags of a sentence that break the scheme's rules; `line` tells the line of a token.
  func faults(in tags: [String], line: (Int) -> Int) -> [TagFault] {
    if self == .plain { return [] }
    var faults: [TagFault] = []
    var previous = Tag(.outside, "")
    for index in 0...tags.count {
      let atEnd = index == tags.count
      let tag = atEnd ? Tag(.outside, "") : Tag(tags[index])
      if forbids(tag, after: previous) {
        let token = atEnd ? index - 1 : index
        let description =
          atEnd
          ? "\(tags[token]) at the end of the sentence"
          : "\(tags[index]) " + (index == 0 ? "at the start" : "after \(tags[index - 1])")
        faults.append(
          TagFault(line: line(token), token: token, tag: tags[token], description: description))
      }
      previous = tag
    }
    return faults
  }
}
