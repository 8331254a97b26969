import TestSupport
import Testing

@testable import Discern

/// Spans and windows that come in thousands, or lie anywhere: no trap, and no time.
@Suite struct SpanLimitTests {
  @Test func offsetsMayBeAnyNumber() {
    let spans = [
      CharacterSpan(start: .min, end: .max, label: "X"), CharacterSpan(start: -1, end: .max, label: "Y", text: "a"),
      CharacterSpan(start: .max, end: .min, label: "Z", text: ""), CharacterSpan(start: 0, end: 2, label: "W"),
    ]
    let aligned = AlignedSpans("ab cd", spans)
    #expect(aligned.tags == ["B-W", "O"])
    #expect(aligned.missed.sorted() == ["X", "Y", "Z"])
  }

  @Test func manySpansTakeNoTime() {
    let words = 100_000
    let text = String(repeating: "ab ", count: words)
    let spans = (0..<words).map {
      CharacterSpan(start: 3 * $0, end: 3 * $0 + 2, label: "X", text: $0 % 2 == 0 ? "ab" : "x")
    }
    // Each of these shares words with others.
    let long = (0..<words / 2).map { CharacterSpan(start: 3 * $0, end: 3 * ($0 + words / 2) - 1, label: "Y") }
    var aligned: AlignedSpans?
    #expect(seconds { aligned = AlignedSpans(text, spans + long) } < 4)
    #expect(aligned?.tags[0] == "B-Y" && aligned?.tags[words / 2] == "B-X")
    #expect(aligned?.missed.count == words - 1)
  }

  @Test func manyWindowsTakeNoTime() {
    let windows = TextWindows(count: 500_000, room: 500, stride: 250)
    var sum = 0
    #expect(seconds { for token in 0..<500_000 { sum += windows.owner(of: token) } } < 4)
    #expect(windows.owner(of: 0) == 0 && windows.owner(of: 499_999) == windows.ranges.count - 1)
    #expect(sum > 0)
  }
}
