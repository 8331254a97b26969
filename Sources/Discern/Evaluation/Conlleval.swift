import Formats

/// Counts chunks by the rules of the CoNLL shared tasks' program `conlleval`.
///
/// A tag is split at its first hyphen into a mark and a type. A chunk starts between two tags where the marks go from O
/// to B, I or E, to B from B or I, from E to E or I, and where the type changes to a tag other than O; it ends where they
/// go from B or I to B or O, from E to E, I or O, and where the type changes after a tag other than O. The brackets `[`
/// and `]` are chunks of one token. Other marks (the S of BIOES) have no rule of their own: tags of other schemes should
/// be IOB2 before they are compared. A chunk is correct where both taggings start and end it together with one type.
struct Conlleval {
  private(set) var counts: [JSONString: EntityMetrics.Counts] = [:]
  private(set) var tokens = 0
  private(set) var correctTags = 0

  /// A tag as conlleval reads it: a mark and a type.
  struct Chunk: Equatable {
    let mark: JSONString
    let type: JSONString
    private let rule: Rule

    /// The marks that have rules.
    private enum Rule {
      case outside, begin, inside, end, dot, bracket, other
    }

    static let outside = Chunk("O")

    init(_ tag: String) {
      let hyphen = tag.utf8.firstIndex(of: 0x2D)
      mark = JSONString(String(tag[..<(hyphen ?? tag.endIndex)]))
      type = JSONString(hyphen.map { String(tag[tag.utf8.index(after: $0)...]) } ?? "")
      rule =
        switch mark {
        case "O": .outside
        case ".": .dot
        case "B": .begin
        case "I": .inside
        case "E": .end
        case "[", "]": .bracket
        default: .other
        }
    }

    func starts(after previous: Chunk) -> Bool {
      switch (previous.rule, rule) {
      case (.begin, .begin), (.inside, .begin), (.outside, .begin), (.outside, .inside),
        (.end, .end), (.end, .inside), (.outside, .end):
        true
      case (_, .bracket): true
      case (_, .outside), (_, .dot): false
      default: type != previous.type
      }
    }

    func ends(before next: Chunk) -> Bool {
      switch (rule, next.rule) {
      case (.begin, .begin), (.begin, .outside), (.inside, .begin), (.inside, .outside),
        (.end, .end), (.end, .inside), (.end, .outside):
        true
      case (.bracket, _): true
      case (.outside, _), (.dot, _): false
      default: type != next.type
      }
    }
  }

  /// Counts a sentence; both taggings have a tag for each word.
  mutating func add(gold: [String], predicted: [String]) {
    precondition(gold.count == predicted.count, "two taggings of one sentence")
    var previous = (gold: Chunk.outside, predicted: Chunk.outside)
    var isCorrect = false
    for index in 0...gold.count {
      let atEnd = index == gold.count
      let tag = atEnd ? Chunk.outside : Chunk(gold[index])
      let guess = atEnd ? Chunk.outside : Chunk(predicted[index])
      if isCorrect {
        let ends = previous.gold.ends(before: tag)
        let guessEnds = previous.predicted.ends(before: guess)
        if ends, guessEnds, previous.gold.type == previous.predicted.type {
          isCorrect = false
          counts[previous.gold.type, default: .init()].correct += 1
        } else if ends != guessEnds || tag.type != guess.type {
          isCorrect = false
        }
      }
      let starts = tag.starts(after: previous.gold)
      let guessStarts = guess.starts(after: previous.predicted)
      if starts, guessStarts, tag.type == guess.type { isCorrect = true }
      if starts { counts[tag.type, default: .init()].gold += 1 }
      if guessStarts { counts[guess.type, default: .init()].found += 1 }
      if !atEnd, tag == guess { correctTags += 1 }
      previous = (tag, guess)
    }
    tokens += gold.count
  }
}
