import Formats
import Glibc
import Testing

@testable import Discern

@Suite struct DatasetTests {
  @Test func jsonLinesOfTexts() throws {
    let data = try dataset(
      """
      {"text": "b", "label": "x"}

      {"label": 3, "text": "", "more": null}
      {"text": "d", "label": true}
      {"text": "e", "label": "x"}
      """, "jsonl", .sequence)
    #expect(
      data.examples == [
        Example(input: .text("b"), label: .classLabel("x"), line: 1),
        Example(input: .text(""), label: .classLabel("3"), line: 3),
        Example(input: .text("d"), label: .classLabel("true"), line: 4),
        Example(input: .text("e"), label: .classLabel("x"), line: 5),
      ])
    #expect(data.labels.names == ["3", "true", "x"])
    #expect(data.facts.labelCounts.map(\.count) == [1, 1, 2])
    #expect(data.facts.rows == 4 && data.facts.blankRows == 1 && data.facts.emptyInputs == 1)
  }

  @Test(arguments: [
    ("csv", "id,label,text\n1,x,\"a, \"\"b\"\"\"\n2,y,c\n"),
    ("tsv", "id\tlabel\ttext\n1\tx\t\"a, \"\"b\"\"\"\n2\ty\tc\n"),
  ])
  func tables(suffix: String, text: String) throws {
    let data = try dataset(text, suffix, .sequence)
    #expect(data.examples.map(\.input) == [.text("a, \"b\""), .text("c")])
    #expect(data.labels.names == ["x", "y"])
  }

  @Test func namedColumns() throws {
    var columns = DatasetColumns()
    columns.text = "sentence"
    columns.label = "target"
    let data = try dataset("sentence,target\na,x\nb,y\n", "csv", .sequence, columns: columns)
    #expect(data.examples.map(\.label) == [.classLabel("x"), .classLabel("y")])
  }

  @Test func jsonLinesOfTokens() throws {
    let data = try dataset(
      "{\"tokens\": [\"EU\", \"is\"], \"tags\": [\"B-ORG\", \"O\"]}\n{\"tokens\": [], \"tags\": []}",
      "jsonl", .tokens)
    #expect(data.examples[0].input == .words(["EU", "is"]))
    #expect(data.examples[1].input == .words([]))
    #expect(data.labels.names == ["O", "B-ORG", "I-ORG"])
    #expect(data.facts.scheme == .iob2 && data.facts.emptyInputs == 1 && data.facts.tokens == 2)
  }

  @Test func conllColumns() throws {
    let text = "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects VB B-VP O\n"
    #expect(tags(try dataset(text, "conll", .tokens).examples[0]) == ["B-ORG", "O"])
    var columns = DatasetColumns()
    columns.tagIndex = 1
    let parts = try dataset(text, "txt", .tokens, columns: columns)
    #expect(parts.facts.scheme == .plain && parts.facts.documentStarts == 1)
    #expect(parts.labels.names == ["NNP", "VB"])
    columns.tokenIndex = 3
    #expect(
      try dataset(text, "tsv", .tokens, columns: columns).examples[0].input
        == .words(["B-ORG", "O"]))
  }

  @Test func unlabelled() throws {
    let lines = try dataset("one\n\ntwo\r\n", "txt", .sequence, labelled: false)
    #expect(lines.examples.map(\.input) == [.text("one"), .text("two")])
    #expect(lines.examples.map(\.line) == [1, 3])
    #expect(lines.labels.count == 0 && lines.facts.blankRows == 1)
    let rows = try dataset("{\"text\": \"a\", \"label\": []}", "jsonl", .sequence, labelled: false)
    #expect(rows.examples == [Example(input: .text("a"), line: 1)])
    let words = try dataset("EU\n#\n\n# a comment\nx\n", "conll", .tokens, labelled: false)
    #expect(words.examples.map(\.input) == [.words(["EU", "#"]), .words(["x"])])
    #expect(words.facts.comments == 1)
  }

  @Test func formatsByExtension() throws {
    #expect(try DatasetFormat(path: "a/b.JSONL", task: .tokens) == .jsonLines)
    #expect(try DatasetFormat(path: "b.tsv", task: .tokens) == .conll)
    #expect(try DatasetFormat(path: "b.tsv", task: .sequence) == .tsv)
    for path in ["-", "a.b/c", "x.xlsx", ""] {
      #expect(throws: FormatError.self) { try DatasetFormat(path: path, task: .sequence) }
    }
  }

  @Test(
    arguments: [
      ("jsonl", "", "file", "no rows"),
      ("jsonl", "\n\n", "file", "no rows"),
      ("csv", "text,label\n", "file", "no rows"),
      (
        "jsonl", "{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"b\"}\n", "file:2",
        "no \"label\" among the columns \"text\""
      ),
      (
        "jsonl", "{\"sentence\": \"a\", \"target\": 1}\n", "file:1",
        "no \"text\" among the columns \"sentence\", \"target\""
      ),
      ("jsonl", "{}\n", "file:1", "no \"text\" and no other column"),
      ("jsonl", "{\"text\": 3, \"label\": \"x\"}\n", "file:1", "the number 3 as \"text\""),
      ("jsonl", "{\"text\": null, \"label\": \"x\"}\n", "file:1", "null as \"text\""),
      (
        "jsonl", "{\"text\": [\"a\"], \"label\": \"x\"}", "file:1",
        "an array of 1 element as \"text\""
      ),
      ("jsonl", "{\"text\": \"a\", \"label\": \"\"}\n", "file:1", "an empty label"),
      ("jsonl", "\n{\"text\": \"a\", \"label\": \" \\u00a0\"}\n", "file:2", "an empty label"),
      ("jsonl", "{\"text\": \"a\", \"label\": null}\n", "file:1", "null as \"label\""),
      ("jsonl", "{\"text\": \"a\", \"label\": 1.5}\n", "file:1", "the number 1.5 as \"label\""),
      (
        "jsonl", "{\"text\": \"a\", \"label\": [\"x\"]}", "file:1",
        "an array of 1 element as \"label\""
      ),
      ("json", "[\n{\"text\": \"a\", \"label\": \"x\"}\n", "file:2", "the end of the file"),
      (
        "csv", "text,labels\na,x\n", "file:1", "no \"label\" among the columns \"text\", \"labels\""
      ),
      ("csv", "text,label\na,x\n\"b\nc\",\n", "file:3", "an empty label"),
      ("csv", "text,label\na, x\n", "file:2", "the label \" x\" with space at its edge"),
      ("csv", "text;label\na;x\n", "file:1", "no \"text\" among the columns \"text;label\""),
      (
        "csv", "t\u{65}\u{301}xt,label\n", "file:1",
        "no \"text\" among the columns \"t\u{65}\u{301}xt\", \"label\""
      ),
      ("conll", "EU NNP B-ORG\n", "file", "the format conll for a sequence task"),
      ("txt", "hello\n", "file", "texts without labels"),
      ("parquet", "PAR1", "file", "no Parquet data"),
      ("xlsx", "PK", "file", "the extension .xlsx"),
    ] as [(String, String, String, String)])
  func hostileTexts(suffix: String, text: String, place: String, found: String) throws {
    let error = fault {
      _ = try withDataFile(text, extension: suffix) { try Dataset.read($0, task: .sequence) }
    }
    #expect(error?.place == place)
    #expect(error?.found == found)
  }

  @Test(
    arguments: [
      ("jsonl", "{\"tokens\": [\"a\", \"b\"], \"tags\": [\"O\"]}", "file:1", "1 tag for 2 tokens"),
      (
        "jsonl", "{\"tokens\": [\"a\"], \"ner_tags\": [0]}", "file:1",
        "no \"tags\" among the columns \"tokens\", \"ner_tags\""
      ),
      (
        "jsonl", "{\"tokens\": [\"a\"], \"tags\": [0]}", "file:1",
        "the number 0 at position 0 of \"tags\""
      ),
      ("jsonl", "{\"tokens\": \"a b\", \"tags\": \"O O\"}", "file:1", "a string as \"tokens\""),
      (
        "jsonl", "{\"tokens\": [\"a\", \"\"], \"tags\": [\"O\", \"O\"]}", "file:1",
        "an empty token at position 1 of \"tokens\""
      ),
      ("jsonl", "{\"tokens\": [\"a\"], \"tags\": [\"\"]}", "file:1", "an empty label"),
      ("conll", "\n\n", "file", "no rows"),
      ("conll", "a O\nb B-X\n\nc\n", "file:4", "1 column"),
      ("conll", "a\nb\n", "file:1", "only the column of the tokens (1 in all)"),
      ("conll", "a\tO\nb\t\n", "file:2", "an empty label"),
      ("conll", "a\tO\n\tO\n", "file:2", "an empty token"),
      ("conll", "a\tO\nb\tB-X \n", "file:2", "the label \"B-X \" with space at its edge"),
      ("conll", "a O\nb B-X\n\nc PER\n", "file:4", "the tag \"PER\" beside 1 like \"B-X\""),
      ("conll", "a O\nb B-X\nc I\n", "file:3", "the tag \"I\" beside 1 like \"B-X\""),
      ("conll", "a S-X\nb U-X\n", "file:2", "the tag \"U-X\", and \"S-X\" at "),
      ("csv", "tokens,tags\na,O\n", "file", "the format csv for a tagging task"),
    ] as [(String, String, String, String)])
  func hostileTags(suffix: String, text: String, place: String, found: String) throws {
    let error = fault {
      _ = try withDataFile(text, extension: suffix) { try Dataset.read($0, task: .tokens) }
    }
    #expect(error?.place == place)
    #expect(error?.found.hasPrefix(found) == true, "\(error?.found ?? "nothing")")
  }

  @Test func suggestions() {
    func remedy(_ text: String, _ task: Dataset.Task) -> String? {
      fault { _ = try dataset(text, "jsonl", task) }?.remedy
    }
    #expect(
      remedy("{\"Sentence\": \"a\"}", .sequence)
        == "If \"Sentence\" is meant, name it as the text column.")
    #expect(
      remedy("{\"text\": \"a\", \"target\": 1}", .sequence)
        == "If \"target\" is meant, name it as the label column.")
    #expect(remedy("{\"text\": \"a\", \"foo\": 1}", .sequence) == "Name the label column.")
  }

  @Test func conllColumnsOutOfRange() throws {
    var columns = DatasetColumns()
    columns.tagIndex = 2
    let error = fault { _ = try dataset("a O\n", "conll", .tokens, columns: columns) }
    #expect(error?.place == "file:1" && error?.found == "2 columns")
  }
}

@Suite struct DatasetFuzzTests {
  /// Whatever stands in a file, reading it ends with examples or with a `FormatError` that names the file.
  @Test(
    arguments: [
      (
        "jsonl",
        "{\"text\": \"a\\u00e9\", \"label\": \"x\"}\n\n{\"text\": \"b\", \"label\": 3}\r\n",
        .sequence
      ),
      ("csv", "text,label\r\n\"a\n\"\"b\",x\r\n\né,y\n", .sequence),
      ("jsonl", "{\"tokens\": [\"a\", \"b\"], \"tags\": [\"B-X\", \"I-X\"]}\n", .tokens),
      ("conll", "-DOCSTART- O\n# c d e\na B-X\nb I-X\n\n# O\nc\u{301} E-Y\n", .tokens),
      ("conll", "# c\na\tB-\u{301}X\nb\tU-X\n\nc\tO\n", .tokens),
    ] as [(String, String, Dataset.Task)])
  func mutatedFiles(suffix: String, text: String, task: Dataset.Task) throws {
    var generator = SplitMix(state: 7)
    let alphabet = Array("\"\n\r\t ,#-{}[]:\\OBIESLU0a".utf8) + [0x00, 0xC3, 0xA9, 0xCC, 0x81]
    var read = 0
    for _ in 0..<300 {
      var bytes = Array(text.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let position = Int.random(in: 0..<bytes.count, using: &generator)
        let byte = alphabet.randomElement(using: &generator)!
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[position] = byte
        case 1: bytes.insert(byte, at: position)
        default: bytes.remove(at: position)
        }
      }
      do {
        read += try withDataFile(bytes, extension: suffix) {
          try Dataset.read($0, task: task).examples.count
        }
      } catch let error as FormatError {
        #expect(error.place.hasPrefix("/tmp/discern-"))
      }
    }
    #expect(read > 0)
  }
}

/// A small generator with a seed.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite struct LabelSetTests {
  @Test func orderAndBytes() {
    let examples = ["b", "a", "Z", "é", "e\u{301}", "10", "9"].map {
      Example(input: .text(""), label: .classLabel($0))
    }
    let labels = LabelSet.classes(of: examples)
    #expect(labels.names == ["10", "9", "Z", "a", "b", "e\u{301}", "é"])
    #expect(labels.index(of: "é") == 6 && labels.index(of: "e\u{301}") == 5)
    #expect(labels.index(of: "c") == nil)
    #expect(LabelSet(["é"]) != LabelSet(["e\u{301}"]))
  }

  @Test func tagOrder() {
    let example = Example(
      input: .words([]), label: .tags(["B-PER", "I-LOC-x", "O", "B-LOC-x"]))
    #expect(
      LabelSet.tags(of: [example], scheme: .iob2).names
        == ["O", "B-LOC-x", "I-LOC-x", "B-PER", "I-PER"])
    let parts = Example(input: .words([]), label: .tags(["VB", "O", "NN"]))
    #expect(LabelSet.tags(of: [parts], scheme: .plain).names == ["O", "NN", "VB"])
  }

  @Test func namesFromAFile() {
    #expect(fault { _ = try LabelSet(["a", "b", "a"], place: "labels.json") }?.place != nil)
    #expect(fault { _ = try LabelSet(["a", ""], place: "labels.json") }?.place != nil)
    #expect(fault { _ = try LabelSet(["é", "e\u{301}"], place: "labels.json") } == nil)
  }

  @Test func unknownLabels() throws {
    let trained = LabelSet(["a", "b"])
    let error = fault {
      try withDataFile("text,label\n1,a\n\n2,c\n3,d\n4,c\n", extension: "csv") {
        try trained.checkKnown(in: Dataset.read($0, task: .sequence))
      }
    }
    #expect(error?.place == "file:4")
    #expect(error?.found == "the unknown label \"c\" and 1 other unknown label (in 3 examples)")
    #expect(error?.expected == "one of the 2 labels trained on: \"a\", \"b\"")
    let tags = fault {
      try withDataFile("x O\ny B-A\n\nz O\nw B-C\n", extension: "conll") {
        try LabelSet(["O", "B-A", "I-A"]).checkKnown(in: Dataset.read($0, task: .tokens))
      }
    }
    #expect(tags?.place == "file:5")
    #expect(tags?.found == "the unknown label \"B-C\" (in 1 example)")
  }

  @Test func trainingNeedsTwoLabels() throws {
    #expect(
      fault { try LabelSet(["a"]).checkTrainable(place: "f") }?.found == "only the label \"a\"")
    #expect(fault { try LabelSet([]).checkTrainable(place: "f") }?.found == "no labels")
    #expect(fault { try LabelSet(["a", "b"]).checkTrainable(place: "f") } == nil)
  }
}
