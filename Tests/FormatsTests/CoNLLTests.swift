import Testing

@testable import Formats

private func read(_ text: String) throws -> (
  sentences: [CoNLL.Sentence], documents: Int, comments: Int
) {
  try withDataFile(text.utf8) { path in
    let file = CoNLL(try LineReader(path: path))
    var sentences: [CoNLL.Sentence] = []
    while let sentence = try file.next() { sentences.append(sentence) }
    return (sentences, file.documentStarts, file.comments)
  }
}

private func readAll(_ path: String) throws {
  let file = CoNLL(try LineReader(path: path))
  while try file.next() != nil {}
}

@Suite struct CoNLLTests {
  @Test func sentencesByBlankLines() throws {
    let (sentences, _, _) = try read("\nEU B-ORG\nrejects O\n\n \t\n\nPeter B-PER\r\n")
    #expect(
      sentences == [
        CoNLL.Sentence(rows: [["EU", "B-ORG"], ["rejects", "O"]], line: 2),
        CoNLL.Sentence(rows: [["Peter", "B-PER"]], line: 7),
      ])
  }

  @Test func documentStartsEndSentences() throws {
    let (sentences, documents, _) = try read(
      "-DOCSTART- -X- -X- O\n\nEU NNP I-NP B-ORG\n-DOCSTART-\nPeter NNP I-NP B-PER\n")
    #expect(sentences.map(\.line) == [3, 5])
    #expect(documents == 2)
  }

  @Test func tabsKeepSpacesAndEmptyColumns() throws {
    let (sentences, _, _) = try read("New York\t\tB-LOC\nis\tx\tO\n")
    #expect(sentences[0].rows == [["New York", "", "B-LOC"], ["is", "x", "O"]])
  }

  @Test func runsOfSpaces() throws {
    let (sentences, _, _) = try read("EU   NNP B-ORG \n  a  b c\n")
    #expect(sentences[0].rows == [["EU", "NNP", "B-ORG"], ["a", "b", "c"]])
  }

  @Test func numberSignsAreTokensWhereTheyHaveATag() throws {
    let (sentences, _, comments) = try read("# O\nEU B-ORG\n# O\n")
    #expect(sentences[0].rows == [["#", "O"], ["EU", "B-ORG"], ["#", "O"]])
    #expect(comments == 0)
    let tabbed = try read("#\tO\nEU\tB-ORG\n")
    #expect(tabbed.sentences[0].rows == [["#", "O"], ["EU", "B-ORG"]])
    #expect(try read("# O\n# O\n").sentences[0].rows.count == 2)
  }

  @Test func commentsBeforeSentences() throws {
    let (sentences, _, comments) = try read(
      "# id = 1\n# text = a b\na\tX\nb\tY\n\n# two\nc\tZ\n\n# end\n")
    #expect(sentences.map(\.rows) == [[["a", "X"], ["b", "Y"]], [["c", "Z"]]])
    #expect(sentences.map(\.line) == [3, 7])
    #expect(comments == 4)
  }

  @Test func commentsInFilesWithSpaces() throws {
    let (sentences, _, comments) = try read("# a long comment\nEU B-ORG\n")
    #expect(sentences.map(\.rows) == [[["EU", "B-ORG"]]])
    #expect(comments == 1)
  }

  @Test(arguments: [
    ("EU B-ORG\nrejects\n", "file:2", "1 column"),
    ("EU B-ORG\n\nrejects VB O\n", "file:3", "3 columns"),
    ("EU\tB-ORG\na O\tx\ty\n", "file:2", "3 columns"),
    ("EU\tB-ORG\tx\nrejects O\n", "file:2", "2 columns"),
    ("EU\tB-ORG\n# no comment here\n", "file:2", "4 columns"),
    ("EU\tB-ORG\n#tag\n", "file:2", "1 column"),
    ("EU B-ORG\r\na\rb O\n", "file:2", "a carriage return inside the line"),
    ("# a b\n# c\n", "file:2", "2 columns"),
  ])
  func hostileColumns(text: String, place: String, found: String) throws {
    let error = try fault(text.utf8, readAll)
    #expect(error?.place == place)
    #expect(error?.found == found)
  }

  @Test func emptyFileHasNoSentences() throws {
    #expect(try read("").sentences.isEmpty)
    #expect(try read("\n\n").sentences.isEmpty)
  }
}
