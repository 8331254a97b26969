/// A run of tokens with a label: an entity or a chunk.
public struct Span: Sendable {
  /// The type; empty where tags have none.
  public var label: String
  /// The first token.
  public var start: Int
  /// The token behind the last.
  public var end: Int

  /// Makes a span of the tokens `start..<end`.
  public init(_ label: String, _ start: Int, _ end: Int) {
    self.label = label
    self.start = start
    self.end = end
  }
}

extension Span: Hashable {
  /// Labels are compared by bytes.
  public static func == (a: Span, b: Span) -> Bool {
    a.start == b.start && a.end == b.end && !a.label.utf8Differs(from: b.label)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(start)
    hasher.combine(end)
  }
}

extension Span {
  /// The spans of IOB2 tags, strictly: a span is a `B-` and the `I-` of its type that follow; other `I-` are nothing.
  ///
  /// The same as seqeval with `mode="strict", scheme=IOB2`.
  public static func strict(_ tags: [String]) -> [Span] {
    var spans: [Span] = []
    var open: Span?
    for (index, text) in tags.enumerated() {
      let tag = Tag(text)
      if tag.position == .inside, let span = open, !span.label.utf8Differs(from: tag.type) {
        open!.end = index + 1
        continue
      }
      if let span = open { spans.append(span) }
      open = tag.position == .begin ? Span(tag.type, index, index + 1) : nil
    }
    if let span = open { spans.append(span) }
    return spans
  }

  /// The spans of tags in any scheme, leniently: each tag but `O` belongs to a span, and a new span starts where the
  /// tags mark an edge or the type changes.
  ///
  /// On tags of the letters B, I and O the same as conlleval.
  public static func lenient(_ tags: [String]) -> [Span] {
    var spans: [Span] = []
    var previous = Tag(.outside, "")
    for (index, text) in tags.enumerated() {
      let tag = Tag(text)
      if tag.starts(after: previous) {
        spans.append(Span(tag.type, index, index + 1))
      } else if tag.position != .outside {
        spans[spans.count - 1].end = index + 1
      }
      previous = tag
    }
    return spans
  }
}
