import Formats

/// How many spans were found, by type and in all.
public struct EntityMetrics: Equatable, Sendable {
  /// The counts of one type, or of all.
  public struct Counts: Equatable, Sendable {
    /// Spans that are there.
    public var gold = 0
    /// Spans that were predicted.
    public var found = 0
    /// Spans that are both: same words, same type.
    public var correct = 0

    /// Precision, recall and F1.
    public var scores: Scores { Scores(correct: correct, found: found, gold: gold) }
  }

  /// The counts of one type.
  public struct PerType: Equatable, Sendable {
    public var type: String
    public var counts: Counts
  }

  /// The types that occur among the gold or the predicted spans, sorted by bytes.
  public let perType: [PerType]
  /// The counts over all types.
  public let overall: Counts

  /// The scores over all spans.
  public var micro: Scores { overall.scores }
  /// The mean over the types that occur.
  public var macro: Scores {
    Scores(mean: perType.map(\.counts.scores), weights: perType.map { _ in 1 })
  }
  /// The mean over types, weighted by the number of gold spans.
  public var weighted: Scores {
    Scores(mean: perType.map(\.counts.scores), weights: perType.map { Double($0.counts.gold) })
  }

  init(_ counts: [JSONString: Counts]) {
    perType = counts.sorted { $0.key < $1.key }.map { PerType(type: $0.key.text, counts: $0.value) }
    overall = counts.values.reduce(into: Counts()) {
      $0.gold += $1.gold
      $0.found += $1.found
      $0.correct += $1.correct
    }
  }

  /// Counts strict IOB2 spans.
  init(strict gold: [[String]], _ predicted: [[String]]) {
    var counts: [JSONString: Counts] = [:]
    for (gold, predicted) in zip(gold, predicted) {
      let goldSpans = Span.strict(gold)
      let known = Set(goldSpans)
      for span in goldSpans { counts[JSONString(span.label), default: Counts()].gold += 1 }
      for span in Span.strict(predicted) {
        counts[JSONString(span.label), default: Counts()].found += 1
        if known.contains(span) { counts[JSONString(span.label)]!.correct += 1 }
      }
    }
    self.init(counts)
  }

  /// The same with gold spans that were not found.
  func adding(_ missed: [String]) -> EntityMetrics {
    if missed.isEmpty { return self }
    var counts = Dictionary(uniqueKeysWithValues: perType.map { (JSONString($0.type), $0.counts) })
    for label in missed { counts[JSONString(label), default: Counts()].gold += 1 }
    return EntityMetrics(counts)
  }
}
