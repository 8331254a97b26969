import Testing

@testable import Formats

private func readAll(_ path: String) throws {
  let file = JSONLines(try LineReader(path: path))
  while try file.next() != nil {}
}

@Suite struct JSONLinesTests {
  @Test func rowsWithTheirLines() throws {
    try withDataFile("{\"a\": 1}\n\n  \r\n {\"a\": \"é\"} \r\n{}".utf8) { path in
      let file = JSONLines(try LineReader(path: path))
      #expect(try file.next() == JSONLines.Row(object: ["a": 1], line: 1))
      #expect(try file.next() == JSONLines.Row(object: ["a": "é"], line: 4))
      #expect(try file.next() == JSONLines.Row(object: [:], line: 5))
      #expect(try file.next() == nil)
      #expect(file.blankLines == 2)
    }
  }

  @Test(arguments: [
    ("{}\n[1]\n", "file:2"), ("{}\n\n\"text\"\n", "file:3"), ("text label\n", "file:1"),
    ("[{\"text\": 1},\n", "file:1"), ("{\"a\": 1}\n{\"a\": \n1}", "file:2:7"),
    ("{}\n{\"a\": 1} {\"b\": 2}\n", "file:2:10"), ("{\"a\": 1, \"a\": 2}", "file:1:10"),
    ("{\"a\": NaN}", "file:1:7"), ("{'a': 1}", "file:1:2"), ("{\"a\": \"\t\"}", "file:1:8"),
    ("{\"a\": \"\\ud800\"}", "file:1:8"), ("{\"a\": 1e999}", "file:1:7"), ("{}\n{", "file:2:2"),
    (String(repeating: "{\"a\":", count: 100_000), "file:1:641"),
  ])
  func hostileRows(text: String, place: String) throws {
    #expect(try fault(text.utf8, readAll)?.place == place)
  }
}
