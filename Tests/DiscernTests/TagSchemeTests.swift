import Formats
import Testing

@testable import Discern

private func detect(_ sentences: String...) throws -> TagScheme {
  try TagScheme.detect(
    sentences.enumerated().map { index, text in
      TaggedSentence(tags: text.split(separator: " ").map(String.init)) { "\(index):\($0)" }
    })
}

private func convert(_ scheme: TagScheme, _ tags: String) -> String {
  scheme.toIOB2(tags.split(separator: " ").map(String.init)).joined(separator: " ")
}

@Suite struct TagSchemeTests {
  @Test(
    arguments: [
      (.iob2, "O B-A I-A B-A O B-B"), (.iob2, "B-A O"), (.iob2, "O O"), (.iob1, "O I-A I-A B-A O"),
      (.iob1, "I-A I-B O"), (.ioe2, "I-A E-A E-B O"), (.ioe1, "O I-A E-A I-A O"),
      (.ioe2, "E-A O E-B"), (.bioes, "B-A E-A O S-B"), (.bioes, "S-A O"), (.bioes, "B-A I-A E-A"),
      (.bilou, "B-A L-A O U-B"), (.bilou, "U-A O"), (.plain, "NN VB PRP$ -LRB- ."),
      (.plain, "NN I B"), (.iob2, "B I O B"), (.plain, "I B E"), (.plain, "b-per o"),
      (.iob2, "B-A-b I-A-b O"),
    ] as [(TagScheme, String)])
  func detection(scheme: TagScheme, tags: String) throws {
    #expect(try detect(tags) == scheme)
  }

  @Test func allSentencesCount() throws {
    // One fault does not make it IOB1.
    #expect(try detect("B-A O", "B-A I-A", "I-A O") == .iob2)
    #expect(try detect("I-A O", "I-A B-A", "B-A O", "I-A") == .iob1)
  }

  @Test func undecidable() {
    #expect(fault { _ = try detect("B-A O", "O PER") }?.place == "1:1")
    #expect(fault { _ = try detect("B-A O", "O B-") }?.place == "1:1")
    #expect(fault { _ = try detect("B-A L-A", "S-A") }?.place == "0:1")
  }

  @Test(
    arguments: [
      (.iob1, "I-A I-A B-A I-A I-B O I-B", "B-A I-A B-A I-A B-B O B-B"),
      (.iob2, "B-A I-A B-A O B-B", "B-A I-A B-A O B-B"),
      (.ioe1, "I-A E-A I-A O I-B", "B-A I-A B-A O B-B"),
      (.ioe2, "I-A E-A E-A O E-B I-A E-A", "B-A I-A B-A O B-B B-A I-A"),
      (.bioes, "B-A I-A E-A S-A S-A O B-B E-B", "B-A I-A I-A B-A B-A O B-B I-B"),
      (.bilou, "B-A I-A L-A U-A U-A O B-B L-B", "B-A I-A I-A B-A B-A O B-B I-B"),
      (.plain, "NN S-X B-Y", "NN S-X B-Y"),
      (.iob2, "I-A O I-B I-A", "B-A O B-B B-A"),  // faults: every tag but O is kept
      (.bioes, "E-A I-A O I-A S-A", "B-A B-A O B-A B-A"),
      (.iob2, "B I O B", "B I O B"),
    ] as [(TagScheme, String, String)])
  func conversion(scheme: TagScheme, tags: String, expected: String) {
    #expect(convert(scheme, tags) == expected)
  }

  @Test func plainTagsSpellNoSpansWhateverTheirLetters() throws {
    let rows = "Ann\tI-PER\nin\tO\nRome\tI-LOC\n\n"
    let data = try dataset(rows, "conll", .tokens, scheme: .plain)
    #expect(data.labels.names == ["O", "I-LOC", "I-PER"] && !data.labels.spellsSpans)
    #expect(try dataset("a\tB\nb\tE\n\n", "conll", .tokens).labels.spellsSpans == false)
    #expect(try dataset(rows, "conll", .tokens).labels.spellsSpans)
  }

  @Test func faultsHaveLines() throws {
    let data = try dataset(
      "a B-X\nb O\nc I-X\n\nd B-X\ne I-Y\nf O\ng B-Z\n", "conll", .tokens)
    #expect(data.facts.scheme == .iob2)
    #expect(data.facts.tagFaultCount == 2 && data.facts.convertedTags == 2)
    #expect(data.facts.tagFaults.map(\.line) == [3, 6])
    #expect(data.facts.tagFaults.map(\.description) == ["I-X after O", "I-Y after B-X"])
    #expect(tags(data.examples[1]) == ["B-X", "B-Y", "O", "B-Z"])
  }

  @Test func openSpansAreFaults() throws {
    let data = try dataset("a S-X\nb B-X\n\nc B-X\nd O\n", "conll", .tokens)
    #expect(data.facts.scheme == .bioes)
    #expect(
      data.facts.tagFaults == [
        TagFault(line: 2, token: 1, tag: "B-X", description: "B-X at the end of the sentence"),
        TagFault(line: 5, token: 1, tag: "O", description: "O after B-X"),
      ])
  }

  @Test func keptFaultsAreLimited() throws {
    let data = try dataset(
      "x B-X\n\ny B-X\n\n" + String(repeating: "a B-X\nb O\nc I-X\n\n", count: 50), "conll",
      .tokens)
    #expect(data.facts.tagFaultCount == 50 && data.facts.tagFaults.count == 20)
  }

  @Test func givenScheme() throws {
    let plain = try dataset("a B-X\nb PER\n", "conll", .tokens, scheme: .plain)
    #expect(plain.labels.names == ["B-X", "PER"])
    let error = fault { _ = try dataset("a B-X\nb E-X\n", "conll", .tokens, scheme: .iob2) }
    #expect(error?.place == "file:2" && error?.found == "the tag \"E-X\"")
    #expect(fault { _ = try dataset("a NN\n", "conll", .tokens, scheme: .iob1) } != nil)
  }
}

@Suite struct SpanTests {
  @Test func strict() {
    #expect(
      Span.strict(["B-A", "I-A", "B-A", "O", "I-A", "B-B", "I-A", "I-B", "B-A"])
        == [Span("A", 0, 2), Span("A", 2, 3), Span("B", 5, 6), Span("A", 8, 9)])
    #expect(Span.strict([]).isEmpty)
  }

  @Test func lenient() {
    #expect(
      Span.lenient(["I-A", "I-A", "B-A", "O", "I-A", "B-B", "I-A", "I-B", "I-B"])
        == [
          Span("A", 0, 2), Span("A", 2, 3), Span("A", 4, 5), Span("B", 5, 6), Span("A", 6, 7),
          Span("B", 7, 9),
        ])
  }

  @Test func typesAreComparedByBytes() {
    #expect(Span.lenient(["B-é", "I-e\u{301}"]).count == 2)
    #expect(Span("é", 0, 1) != Span("e\u{301}", 0, 1))
  }
}
