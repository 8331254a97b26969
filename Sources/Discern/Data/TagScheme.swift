import Formats

/// How spans are written as tags of their tokens.
public enum TagScheme: String, CaseIterable, Sendable {
  /// Tags that stand for themselves, as parts of speech do.
  case plain
  /// `B-` only where a span follows another of its type without a gap (CoNLL-2003 as published).
  case iob1
  /// `B-` at the start of each span. Ours: everything else is converted to it.
  case iob2
  /// `E-` only where a span is followed by another of its type without a gap.
  case ioe1
  /// `E-` at the end of each span.
  case ioe2
  /// `B-`, `I-`, `E-`, and `S-` for spans of one token; also called IOBES.
  case bioes
  /// The same with `L-` for `E-` and `U-` for `S-`.
  case bilou

  /// Whether `tag` must not follow `previous`; outside stands for the sentence's edges.
  func forbids(_ tag: Tag, after previous: Tag) -> Bool {
    let continues = tag.position != .outside && tag.type.utf8.elementsEqual(previous.type.utf8)
    let previousInside = previous.position != .outside
    switch self {
    case .plain: return false
    case .iob1: return tag.position == .begin && !(previousInside && continues)
    case .iob2: return tag.position == .inside && !(previousInside && continues)
    case .ioe1: return previous.position == .end && !continues
    case .ioe2: return previous.position == .inside && !continues
    case .bioes, .bilou:
      let open = previous.position == .begin || previous.position == .inside
      let closes = tag.position == .inside || tag.position == .end
      return open ? !(closes && continues) : closes
    }
  }

  /// How many transitions of a sentence break the rules of the scheme.
  func faults(in tags: [Tag]) -> Int {
    var previous = Tag(.outside, "")
    var count = 0
    for tag in tags + [Tag(.outside, "")] {
      if forbids(tag, after: previous) { count += 1 }
      previous = tag
    }
    return count
  }
}

extension TagScheme {
  /// The letters with which its tags start, beside `O`.
  private var letters: Set<Tag.Prefix> {
    switch self {
    case .plain: []
    case .iob1, .iob2: [.begin, .inside]
    case .ioe1, .ioe2: [.inside, .end]
    case .bioes: [.begin, .inside, .end, .single]
    case .bilou: [.begin, .inside, .last, .unit]
    }
  }

  /// Throws where a tag is none of this scheme's.
  func checkLetters(of sentences: some Sequence<TaggedSentence>) throws {
    if self == .plain { return }
    let allowed = letters
    for sentence in sentences {
      for (index, tag) in sentence.tags.enumerated() {
        if let prefix = Tag.Prefix(tag), prefix == .outside || allowed.contains(prefix) { continue }
        throw FormatError(
          sentence.place(index), found: "the tag \(quoted(tag))",
          expected: "O or a prefix of the scheme \(rawValue) and a type",
          remedy: "Mend the tag, or give the scheme of the file.")
      }
    }
  }
}

// MARK: - Detection

/// The tags of one sentence with the place of each for messages.
struct TaggedSentence {
  var tags: [String]
  var place: (Int) -> String
}

extension TagScheme {
  /// The scheme of a data set, from all its tags.
  ///
  /// 1. If no tag but `O` has the form `X-type` with X one of B I E S L U, the tags are plain; bare letters B I E S L U
  ///    count as prefixes only where all tags are such letters or `O`, and `O` is among them.
  /// 2. If some have the form and others have not, that is an error: the scheme must be given.
  /// 3. L or U make it BILOU (an error together with E or S); S, or B together with E, make it BIOES.
  /// 4. E and I alone are IOE1 or IOE2, B and I alone IOB1 or IOB2: the one whose rules are broken less often; IOE2 and
  ///    IOB2 where both are broken as often (also in data without any span).
  static func detect(_ sentences: some Sequence<TaggedSentence>) throws -> TagScheme {
    var census = TagCensus()
    for sentence in sentences {
      for (index, tag) in sentence.tags.enumerated() {
        census.count(tag) { sentence.place(index) }
      }
    }
    return try census.scheme { scheme in
      sentences.reduce(0) { $0 + scheme.faults(in: $1.tags.map { Tag($0) }) }
    }
  }
}

/// What kinds of tags a data set has.
struct TagCensus: Sendable {
  private var letters: Set<Tag.Prefix> = []
  private var typed = 0
  private var first: [Kind: (tag: String, place: String)] = [:]

  private enum Kind { case outside, typed, bare, other, bioes, bilou }

  /// Whether any tag was counted.
  var hasTags: Bool { !first.isEmpty }

  /// Counts a tag; `place` is for messages.
  mutating func count(_ tag: String, place: () -> String) {
    let prefix = Tag.Prefix(tag)
    let kind: Kind =
      switch prefix {
      case .outside?: .outside
      case nil: .other
      default: tag.utf8.count == 1 ? .bare : .typed
      }
    if kind == .typed { typed += 1 }
    note(kind, tag, place)
    guard let prefix else { return }
    letters.insert(prefix)
    switch prefix {
    case .end, .single: note(.bioes, tag, place)
    case .last, .unit: note(.bilou, tag, place)
    default: break
    }
  }

  private mutating func note(_ kind: Kind, _ tag: String, _ place: () -> String) {
    if first[kind] == nil { first[kind] = (tag, place()) }
  }

  /// The scheme of the tags counted; `faults` tells how often the rules of a scheme are broken.
  func scheme(faults: (TagScheme) -> Int) throws -> TagScheme {
    if try isPlain() { return .plain }
    if letters.contains(.last) || letters.contains(.unit) { return .bilou }
    if letters.contains(.single) || letters.isSuperset(of: [.begin, .end]) { return .bioes }
    let candidates: [TagScheme] = letters.contains(.end) ? [.ioe2, .ioe1] : [.iob2, .iob1]
    return faults(candidates[1]) < faults(candidates[0]) ? candidates[1] : candidates[0]
  }

  /// Whether tags stand for themselves; throws where that cannot be told.
  private func isPlain() throws -> Bool {
    let odd = first[.other] ?? (typed > 0 ? first[.bare] : nil)
    if typed == 0 { return odd != nil || first[.bare] != nil && first[.outside] == nil }
    if let odd {
      throw FormatError(
        odd.place,
        found: "the tag \(quoted(odd.tag)) beside \(typed) like \(quoted(first[.typed]!.tag))",
        expected: "O or a prefix and a type, as B-PER",
        remedy: "Mend the tag; if prefixes mean nothing here, give the scheme: plain.")
    }
    if let one = first[.bioes], let other = first[.bilou] {
      throw FormatError(
        other.place, found: "the tag \(quoted(other.tag)), and \(quoted(one.tag)) at \(one.place)",
        expected: "prefixes of one scheme: B I E S O, or B I L U O",
        remedy: "Mend the tags, or give the scheme.")
    }
    return false
  }
}
