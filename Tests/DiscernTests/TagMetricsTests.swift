import Formats
import Testing

@testable import Discern

private func values(_ scores: Scores) -> [Double] { [scores.precision, scores.recall, scores.f1] }

private func metrics(_ entry: JSON) -> TagMetrics {
  TagMetrics(gold: entry["gold"]!.sentences, predicted: entry["predicted"]!.sentences)
}

@Suite struct TagMetricsTests {
  @Test(arguments: ["tags", "marks"])
  func reportIsThatOfConlleval(kind: String) {
    for entry in MetricsFixture.cases(kind) {
      let metrics = metrics(entry)
      let name = Comment(rawValue: entry["name"]!.string!)
      #expect(metrics.tokens == entry["conlleval"]!["tokens"]!.int!, name)
      #expect(metrics.correctTags == entry["conlleval"]!["correct_tags"]!.int!, name)
      #expect(metrics.conllevalReport == entry["conlleval"]!["report"]!.string!, name)
    }
  }

  @Test func agreesWithSeqeval() {
    #expect(MetricsFixture.cases("tags").count == 6)
    for entry in MetricsFixture.cases("tags") {
      let metrics = metrics(entry)
      let name = Comment(rawValue: entry["name"]!.string!)
      for (mine, theirs) in [
        (metrics.strict, entry["strict"]!), (metrics.conlleval, entry["lenient"]!),
      ] {
        #expect(agree(values(mine.micro), theirs["micro"]!.doubles), name)
        #expect(agree(values(mine.macro), theirs["macro"]!.doubles), name)
        #expect(agree(values(mine.weighted), theirs["weighted"]!.doubles), name)
      }
      let types = entry["strict"]!["per_type"]!.array!
      #expect(metrics.strict.perType.count == types.count, name)
      for (mine, theirs) in zip(metrics.strict.perType, types) {
        let counts = mine.counts
        #expect(agree(values(counts.scores) + [Double(counts.gold)], theirs.doubles), name)
      }
    }
  }

  @Test func lenientSpansAreThoseOfConlleval() {
    for entry in MetricsFixture.cases("tags") {
      let spans = entry["predicted"]!.sentences.reduce(0) { $0 + Span.lenient($1).count }
      #expect(spans == metrics(entry).conlleval.overall.found)
    }
  }

  @Test func emptyAndWithoutSpans() {
    let none = TagMetrics(gold: [], predicted: [])
    #expect(
      none.conllevalReport == "processed 0 tokens with 0 phrases; found: 0 phrases; correct: 0.\n")
    #expect(none.accuracy == 0)
    let outside = TagMetrics(gold: [["O"], []], predicted: [["O"], []])
    #expect(
      outside.conllevalReport == """
        processed 1 tokens with 0 phrases; found: 0 phrases; correct: 0.
        accuracy: 100.00%; precision:   0.00%; recall:   0.00%; FB1:   0.00

        """)
    #expect(values(outside.strict.macro) == [0, 0, 0])
  }

  @Test func spansDoNotCrossSentences() {
    let metrics = TagMetrics(
      gold: [["B-A"], ["I-A"]], predicted: [["B-A"], ["I-A"]])
    #expect(metrics.conlleval.overall.correct == 2)
    #expect(metrics.strict.overall.gold == 1)
  }

  @Test func jsonNames() {
    let metrics = TagMetrics(
      gold: [["B-A", "I-A", "O"], ["B-B"]], predicted: [["B-A", "I-A", "I-B"], ["O"]])
    let json = metrics.json
    #expect(json["overall_precision"] == 0.5 && json["overall_recall"] == 0.5)
    #expect(json["overall_f1"] == 0.5 && json["overall_accuracy"] == 0.5)
    #expect(json["strict"]?["precision_micro"] == 1.0)
    #expect(json["conlleval"]?["per_type"]?["B"]?["found"] == 1)
  }

  @Test func tableNamesBothModes() {
    let metrics = TagMetrics(gold: [["B-A", "O"]], predicted: [["I-A", "O"]])
    #expect(
      metrics.table == """
        Spans as conlleval counts them (lenient):
        type           precision  recall      F1  gold  found  correct
        A                 1.0000  1.0000  1.0000     1      1        1

        micro average     1.0000  1.0000  1.0000     1      1        1
        macro average     1.0000  1.0000  1.0000

        Spans counted strictly (IOB2):
        type           precision  recall      F1  gold  found  correct
        A                 0.0000  0.0000  0.0000     1      0        0

        micro average     0.0000  0.0000  0.0000     1      0        0
        macro average     0.0000  0.0000  0.0000

        token accuracy 0.5000 (1 of 2)

        """)
  }
}
