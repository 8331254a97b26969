import Formats
import TestSupport
import Testing

@testable import Discern

/// Spans of characters in the exports of annotation tools: read as tags, and none lost without a word.
@Suite struct SpanRowTests {
  private func read(_ text: String, _ suffix: String = "jsonl") throws -> Dataset {
    try dataset(text, suffix, .tokens)
  }

  @Test(
    arguments: [
      #"{"text": "Ann went to New York.", "spans": [{"start": 0, "end": 3, "label": "PER"}, "#
        + #"{"start": 12, "end": 20, "label": "LOC"}]}"#,
      #"{"text": "Ann went to New York.", "entities": [[0, 3, "PER"], [12, 20, "LOC"]]}"#,
      #"{"text": "Ann went to New York.", "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0}], "#
        + #""spans": [{"start": 0, "end": 3, "label": "PER", "token_start": 0, "token_end": 0}, "#
        + #"{"start": 12, "end": 20, "label": "LOC"}], "answer": "accept"}"#,
      #"{"id": 3, "text": "Ann went to New York.", "label": [[12, 20, "LOC"], [0, 3, "PER"]]}"#,
      #"{"id": 3, "data": "Ann went to New York.", "labels": [[0, 3, "PER"], [12, 20, "LOC"]]}"#,
      #"{"text": "Ann went to New York.", "entities": [{"id": 1, "label": "PER", "start_offset": 0, "end_offset": 3}, "#
        + #"{"id": 2, "label": "LOC", "start_offset": 12, "end_offset": 20}], "relations": []}"#,
      #"[{"data": {"text": "Ann went to New York."}, "annotations": [{"was_cancelled": true, "result": []}, "#
        + #"{"result": [{"type": "labels", "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}}, "#
        + #"{"type": "choices", "value": {"choices": ["x"]}}, "#
        + #"{"type": "labels", "value": {"start": 12, "end": 20, "text": "New York", "labels": ["LOC"]}}]}]}]"#,
      #"[{"text": "Ann went to New York.", "label": [{"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}, "#
        + #"{"start": 12, "end": 20, "text": "New York", "labels": ["LOC"]}], "id": 1}]"#,
    ])
  func exports(row: String) throws {
    let data = try read(row)
    #expect(data.examples[0].input == .text("Ann went to New York."))
    #expect(tags(data.examples[0]) == ["B-PER", "O", "O", "B-LOC", "I-LOC", "O"])
    #expect(data.facts.spanFaultCounts.isEmpty && data.examples[0].missedSpans.isEmpty)
    #expect(data.labels.names == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"])
  }

  @Test func offsetsAreCodePoints() throws {
    // An emoji is one code point and two units of UTF-16.
    let row = #"{"text": "😀 Ann", "spans": [{"start": 2, "end": 5, "label": "PER"}]}"#
    #expect(tags(try read(row).examples[0]) == ["O", "B-PER"])
    // What the row says that it covers tells offsets that count UTF-16.
    let units = #"[{"text": "😀 Ann", "label": [{"start": 3, "end": 6, "text": "Ann", "labels": ["PER"]}]}]"#
    let data = try read(units, "json")
    #expect(tags(data.examples[0]) == ["O", "B-PER"] && data.facts.utf16Spans == 1)
    #expect(data.facts.spanFaultCounts.isEmpty)
  }

  @Test func whatCannotBeReadIsSaid() throws {
    let rows = [
      #"{"text": "Annas cat", "entities": [[0, 3, "PER"]]}"#,
      #"{"text": "New York Times", "entities": [[0, 8, "LOC"], [0, 14, "ORG"]]}"#,
      #"{"text": "a  b", "entities": [[1, 3, "X"], [3, 9, "X"], [-1, 1, "X"], [2, 2, "X"]]}"#,
      #"{"text": "a b", "spans": [{"start": 0, "end": 1, "label": "X", "text": "b"}]}"#,
    ]
    let data = try read(rows.joined(separator: "\n") + "\n")
    #expect(
      data.examples.map { tags($0) } == [["B-PER", "O"], ["B-ORG", "I-ORG", "I-ORG"], ["O", "O"], ["B-X", "O"]])
    #expect(data.examples.map(\.missedSpans) == [[], ["LOC"], ["X", "X", "X", "X"], []])
    #expect(
      data.facts.spanFaultCounts == [.missesBorders: 1, .overlaps: 1, .lacksWords: 4, .saysOther: 1])
    let first = try #require(data.facts.spanFaults.first)
    #expect(first.place.hasSuffix(":1") && first.span == "0..<3 \"PER\"")
    #expect(data.facts.spanFaults.map { $0.place.last! } == ["1", "2", "3", "3", "3", "3", "4"])
  }

  @Test func partsThatAreWrittenKeepTextsAndSpans() throws {
    let rows = [
      #"{"text": "Ann  went to New York.", "spans": [[0, 3, "PER"], [13, 21, "LOC"], [17, 21, "X"], [90, 95, "Y"]]}"#,
      #"{"text": "\ud83d\ude00 Tom's dog", "spans": [{"start": 3, "end": 6, "label": "PER", "text": "Tom"}]}"#,
      #"{"text": "nothing here", "spans": []}"#, #"{"text": "half a word", "spans": [[1, 3, "X"], [3, 3, "Z"]]}"#,
    ]
    let whole = try read(rows.joined(separator: "\n") + "\n")
    let folder = try TemporaryFolder()
    let record = try SplitRecord(whole, names: ["a", "b"], shares: [1, 1], seed: 1)
    try record.write(to: folder.path + "/parts")
    var missed: [String] = []
    for (name, part) in record.parts {
      let again = try Dataset.read("\(folder.path)/parts/\(name).jsonl", task: .tokens)
      #expect(again.examples.map(\.input) == part.examples.map(\.input))
      #expect(again.examples.map(\.label) == part.examples.map(\.label))
      #expect(again.examples.map(\.missed) == part.examples.map(\.missed))
      missed += again.examples.flatMap(\.missedSpans)
    }
    #expect(missed.sorted() == ["X", "Y", "Z"])
  }

  @Test func missedSpansCountAsMissed() {
    let gold = [["B-X", "O"]]
    let scores = TagMetrics(gold: gold, predicted: gold, missed: ["X", "Y"])
    #expect(scores.strict.overall == EntityMetrics.Counts(gold: 3, found: 1, correct: 1))
    #expect(scores.conlleval.overall.gold == 3 && scores.strict.perType.map(\.type) == ["X", "Y"])
  }

  @Test func rejectedRowsAreCounted() throws {
    let data = try read(
      #"{"text": "a", "spans": [], "answer": "reject"}"# + "\n" + #"{"text": "b", "spans": [], "answer": "ignore"}"#
        + "\n" + #"{"text": "c", "tokens": [{"text": "c"}], "answer": "accept"}"# + "\n")
    #expect(data.examples.map(\.input) == [.text("c")] && data.facts.rejectedRows == 2)
    #expect(tags(data.examples[0]) == ["O"])
  }

  @Test(
    arguments: [
      #"{"text": "a", "spans": [{"start": 0, "label": "X"}]}"#, #"{"text": "a", "entities": [[0, 1]]}"#,
      #"{"text": "a", "entities": [["0", 1, "X"]]}"#, #"{"text": "a", "spans": [{"start": 0, "end": 1, "label": ""}]}"#,
      #"{"text": "a", "label": "X"}"#,
    ])
  func hostileSpans(row: String) {
    #expect(fault { _ = try read("\n" + row) }?.place == "file:2")
  }
}
