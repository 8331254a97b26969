import Formats
import Testing

@testable import Discern

@Suite struct TagErrorsTests {
  @Test func agreesWithThePairingInPython() throws {
    for entry in try #require(EvaluationFixture.json["spans"]?.array) {
      let gold = entry["gold"]!.sentences
      let predicted = entry["predicted"]!.sentences
      let errors = TagErrors(gold: gold, predicted: predicted)
      #expect(errors.correct == entry["errors"]?["correct"]?.int)
      for kind in errors.kinds { #expect(kind.count == entry["errors"]?[kind.name]?.int, "\(kind.name)") }
      // Every span is in one class of errors, or right.
      let counts = TagMetrics(gold: gold, predicted: predicted).strict.overall
      let paired = errors.correct + errors.boundary + errors.type + errors.both
      #expect(counts.correct == errors.correct)
      #expect(counts.gold == paired + errors.missed && counts.found == paired + errors.spurious)
    }
  }

  @Test func oneOfEach() {
    var errors = TagErrors()
    errors.add(
      [Span("A", 0, 2), Span("A", 3, 5), Span("A", 6, 7), Span("A", 8, 10), Span("A", 11, 12)],
      [Span("A", 0, 2), Span("A", 3, 4), Span("B", 6, 7), Span("B", 9, 10), Span("A", 13, 14)])
    #expect(errors.correct == 1)
    #expect(errors.kinds.map(\.count) == [1, 1, 1, 1, 1])
  }
}
