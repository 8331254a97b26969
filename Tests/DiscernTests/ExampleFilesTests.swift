import Discern
import Formats
import Testing

/// Several files as one data set.
@Suite struct ExampleFilesTests {
  func withFiles(_ files: [(text: String, suffix: String)], _ body: ([String]) throws -> Void) throws {
    func open(_ rest: ArraySlice<(text: String, suffix: String)>, _ paths: [String]) throws {
      guard let file = rest.first else { return try body(paths) }
      try withDataFile(file.text, extension: file.suffix) {
        try open(rest.dropFirst(), paths + [$0])
      }
    }
    try open(files[...], [])
  }

  @Test func rowsKeepFileAndLine() throws {
    try withFiles([
      ("{\"text\": \"a\", \"label\": \"x\"}\n\n{\"text\": \"b\", \"label\": \"y\"}\n", "jsonl"),
      ("label,text\ny,c\n", "csv"),
    ]) { paths in
      let data = try Dataset.read(paths, task: .sequence)
      #expect(data.examples.map(\.input) == [.text("a"), .text("b"), .text("c")])
      #expect(data.examples.map(\.file) == [0, 0, 1] && data.examples.map(\.line) == [1, 3, 2])
      #expect(data.files == paths && data.name == "\(paths[0]) and 1 more file")
      #expect(data.labels.names == ["x", "y"] && data.facts.blankRows == 1)
      do {
        try LabelSet(["x"]).checkKnown(in: Dataset.read([paths[1], paths[0]], task: .sequence))
        Issue.record("an unknown label was taken")
      } catch let error as FormatError {
        #expect(error.place == "\(paths[1]):2")
      }
    }
  }

  @Test func oneSchemeForAllFiles() throws {
    // Alone the first file would be IOB1.
    let second = "b\tB-X\nc\tI-X\n\nd\tB-X\n\ne\tI-X\n"
    try withFiles([("a\tI-X\n\n", "conll"), (second, "conll")]) { paths in
      let data = try Dataset.read(paths, task: .tokens)
      #expect(data.facts.scheme == .iob2)
      #expect(data.facts.tagFaults.map(\.file) == [0, 1] && data.facts.tagFaults.map(\.line) == [1, 6])
    }
  }

  @Test func aFileWithoutRowsIsNamed() throws {
    try withFiles([("text,label\na,x\n", "csv"), ("text,label\n", "csv")]) { paths in
      do {
        _ = try Dataset.read(paths, task: .sequence)
        Issue.record("an empty file was taken")
      } catch let error as FormatError {
        #expect(error.place == paths[1] && error.found == "no rows")
      }
    }
  }
}
