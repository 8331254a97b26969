import Formats
import Testing

@Suite struct CoNLLUTests {
  static let text = """
    # sent_id = 1
    # text = vámonos al mar
    1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_
    1\tvamos\tir\tVERB\tV\tMood=Imp|Number=Plur\t0\troot\t_\tNER=O
    2\tnos\tnosotros\tPRON\tP\tCase=Acc\t1\tobj\t_\t_
    2.1\tx\tx\tVERB\t_\t_\t_\t_\t1:conj\t_
    3\tmar\tmar\tNOUN\tN\t_\t1\tobl\t_\tSpaceAfter=No|NER=B-LOC

    # a comment
    1\t#\t#\tSYM\t_\t_\t0\troot\t_\t_
    """

  func sentences(_ text: String) throws -> (sentences: [CoNLLU.Sentence], reader: CoNLLU) {
    try withDataFile(text.utf8) { path in
      let reader = CoNLLU(try LineReader(path: path))
      var sentences: [CoNLLU.Sentence] = []
      while let sentence = try reader.next() { sentences.append(sentence) }
      return (sentences, reader)
    }
  }

  @Test func wordsAreReadAndOtherNodesCounted() throws {
    let (sentences, reader) = try sentences(Self.text)
    #expect(sentences.map { $0.rows.map { $0[1] } } == [["vamos", "nos", "mar"], ["#"]])
    #expect(sentences.map(\.lines) == [[4, 5, 7], [10]])
    #expect(reader.comments == 3 && reader.skippedNodes == 2)
  }

  @Test(arguments: [
    ("upos", ["VERB", "PRON", "NOUN"]), ("DEPREL", ["root", "obj", "obl"]), ("lemma", ["ir", "nosotros", "mar"]),
    ("misc:NER", ["O", "O", "B-LOC"]), ("feats:Number", ["Plur", "_", "_"]),
    ("feats", ["Mood=Imp|Number=Plur", "Case=Acc", "_"]),
  ])
  func columns(name: String, expected: [String]) throws {
    let column = try #require(CoNLLUColumn(name))
    #expect(try sentences(Self.text).sentences[0].rows.map { column.value(in: $0) } == expected)
  }

  @Test(arguments: ["ner", "upos:x", "misc:", "", "tags"])
  func noSuchColumn(name: String) { #expect(CoNLLUColumn(name) == nil) }

  @Test(arguments: [
    ("1\ta\tb\n", 1, "3 columns"),
    ("1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n1\tb\t_\t_\t_\t_\t_\t_\t_\t_\n", 2, "the id \"1\""),
    ("2\ta\t_\t_\t_\t_\t_\t_\t_\t_\n", 1, "the id \"2\""), ("x\ta\t_\t_\t_\t_\t_\t_\t_\t_\n", 1, "the id \"x\""),
    ("1\t\t_\t_\t_\t_\t_\t_\t_\t_\n", 1, "nothing in the column form"),
    ("1-x\ta\t_\t_\t_\t_\t_\t_\t_\t_\n", 1, "the id \"1-x\""),
  ])
  func faults(text: String, line: Int, found: String) throws {
    let error = try fault(text.utf8) { path in
      let reader = CoNLLU(try LineReader(path: path))
      while try reader.next() != nil {}
    }
    #expect(error?.place == "file:\(line)" && error?.found == found)
  }
}
