import Testing

@testable import Formats

/// Files that are one array of objects are read like JSON Lines.
@Suite struct JSONArrayTests {
  private func rows(_ text: String) throws -> [JSONLines.Row] {
    try withDataFile(text.utf8) { path in
      let file = JSONLines(try LineReader(path: path))
      var rows: [JSONLines.Row] = []
      while let row = try file.next() { rows.append(row) }
      return rows
    }
  }

  @Test func rowsWithTheirLines() throws {
    let text = "\n [{\"a\": \"]}\\\"{\"},\n  {\n \"b\": [1,\n {}]} ,{}\n]\n\n"
    #expect(
      try rows(text) == [
        JSONLines.Row(object: ["a": "]}\"{"], line: 2), JSONLines.Row(object: ["b": [1, [:]]], line: 3),
        JSONLines.Row(object: [:], line: 5),
      ])
    #expect(try rows("[]").isEmpty && rows("[ \n ]").isEmpty)
  }

  @Test(arguments: [
    ("[{}", "file:1"), ("[{},\n]", "file:2"), ("[{} {}]", "file:1"), ("[,{}]", "file:1"), ("[1]", "file:1"),
    ("[{}]\n{}", "file:2"), ("[{\n\"a\": x}]", "file:2:6"), ("{}\n[{}]", "file:2"), ("[{\"a\": \"}]", "file:1"),
  ])
  func hostileArrays(text: String, place: String) throws {
    #expect(
      try fault(text.utf8) { path in
        let file = JSONLines(try LineReader(path: path))
        while try file.next() != nil {}
      }?.place == place)
  }
}
