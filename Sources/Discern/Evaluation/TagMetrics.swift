/// How well the spans of sentences were tagged, counted in two ways, as results are published in both.
public struct TagMetrics: Equatable, Sendable {
  /// How many sentences there are.
  public let sentences: Int
  /// How many words they have.
  public let tokens: Int
  /// For how many words the tag was predicted.
  public let correctTags: Int
  /// Spans as `conlleval` counts them: leniently, `I-PER` after `O` starts one.
  public let conlleval: EntityMetrics
  /// Strict IOB2 spans, as seqeval counts them with `mode="strict", scheme=IOB2`: an `I-` without its `B-` is nothing.
  public let strict: EntityMetrics

  /// The share of words whose tag was predicted.
  public var accuracy: Double { tokens == 0 ? 0 : Double(correctTags) / Double(tokens) }

  /// Compares two taggings of the same sentences, in IOB2; counts that do not agree are a programmer error.
  ///
  /// `missed` are labels of gold spans that no tags can stand for: each counts as one that was not found.
  public init(gold: [[String]], predicted: [[String]], missed: [String] = []) {
    precondition(gold.count == predicted.count, "two taggings of the same sentences")
    var counter = Conlleval()
    for (gold, predicted) in zip(gold, predicted) { counter.add(gold: gold, predicted: predicted) }
    sentences = gold.count
    tokens = counter.tokens
    correctTags = counter.correctTags
    conlleval = EntityMetrics(counter.counts).adding(missed)
    strict = EntityMetrics(strict: gold, predicted).adding(missed)
  }
}

extension TagMetrics {
  /// The report in the format of the program `conlleval`, byte for byte.
  public var conllevalReport: String {
    let all = conlleval.overall
    var report =
      "processed \(tokens) tokens with \(all.gold) phrases; "
      + "found: \(all.found) phrases; correct: \(all.correct).\n"
    if tokens > 0 {
      let accuracy = 100 * Double(correctTags) / Double(tokens)
      report += "accuracy: \(Self.percent(accuracy)); \(Self.line(all))\n"
    }
    for (type, counts) in conlleval.perType.map({ ($0.type, $0.counts) }) {
      // C pads by bytes.
      let padding = String(repeating: " ", count: max(0, 17 - type.utf8.count))
      report += "\(padding)\(type): \(Self.line(counts))  \(counts.found)\n"
    }
    return report
  }

  private static func line(_ counts: EntityMetrics.Counts) -> String {
    // In percent from the start, as conlleval computes, so that ties round the same way.
    let correct = 100 * Double(counts.correct)
    let precision = counts.found == 0 ? 0 : correct / Double(counts.found)
    let recall = counts.gold == 0 ? 0 : correct / Double(counts.gold)
    let f1 = precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
    return "precision: \(percent(precision)); recall: \(percent(recall)); "
      + "FB1: \(f1.fixed(2).padded(left: 6))"
  }

  private static func percent(_ value: Double) -> String {
    value.fixed(2).padded(left: 6) + "%"
  }
}
