/// What is wrong with predicted spans.
///
/// Gold and predicted spans (strict IOB2) are paired one to one: first those with the same borders, then overlapping ones,
/// those of the same type and the longest overlaps first, earlier ones before later ones.
public struct TagErrors: Equatable, Sendable {
  /// Pairs with the same borders and type.
  public var correct = 0
  /// Pairs of one type with other borders.
  public var boundary = 0
  /// Pairs with the same borders and another type.
  public var type = 0
  /// Pairs that overlap, with other borders and another type.
  public var both = 0
  /// Gold spans without a partner.
  public var missed = 0
  /// Predicted spans without a partner.
  public var spurious = 0

  /// The kinds of errors with their names.
  public var kinds: [(name: String, count: Int)] {
    [
      ("boundary", boundary), ("type", type), ("boundary_and_type", both), ("missed", missed),
      ("spurious", spurious),
    ]
  }

  /// Nothing yet.
  public init() {}

  /// Compares two taggings of the same sentences, in IOB2.
  public init(gold: [[String]], predicted: [[String]]) {
    for (gold, predicted) in zip(gold, predicted) {
      add(Span.strict(gold), Span.strict(predicted))
    }
  }

  /// Compares the spans of a sentence.
  public mutating func add(_ gold: [Span], _ predicted: [Span]) {
    var restGold = gold
    var rest: [Span] = []
    for span in predicted {
      if let match = restGold.firstIndex(where: { $0.start == span.start && $0.end == span.end }) {
        if restGold[match] == span { correct += 1 } else { type += 1 }
        restGold.remove(at: match)
      } else {
        rest.append(span)
      }
    }
    pairOverlapping(restGold, rest)
  }

  private mutating func pairOverlapping(_ gold: [Span], _ predicted: [Span]) {
    var pairs: [(isSame: Bool, overlap: Int, gold: Int, predicted: Int)] = []
    for (i, a) in gold.enumerated() {
      for (j, b) in predicted.enumerated() {
        let overlap = min(a.end, b.end) - max(a.start, b.start)
        if overlap > 0 { pairs.append((!a.label.utf8Differs(from: b.label), overlap, i, j)) }
      }
    }
    pairs.sort {
      ($0.isSame ? 0 : 1, -$0.overlap, $0.gold, $0.predicted)
        < ($1.isSame ? 0 : 1, -$1.overlap, $1.gold, $1.predicted)
    }
    var takenGold = Set<Int>()
    var taken = Set<Int>()
    for pair in pairs where !takenGold.contains(pair.gold) && !taken.contains(pair.predicted) {
      takenGold.insert(pair.gold)
      taken.insert(pair.predicted)
      if pair.isSame { boundary += 1 } else { both += 1 }
    }
    missed += gold.count - takenGold.count
    spurious += predicted.count - taken.count
  }
}
