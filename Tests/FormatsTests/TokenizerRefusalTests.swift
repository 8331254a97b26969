import Testing

@testable import Formats

/// Files that ask for what is not supported, and hostile files: an error that names the place, never a crash.
@Suite struct TokenizerRefusalTests {
  /// The place and the finding of the error that a change to a sound file brings about.
  func fault(_ path: [String], _ value: JSON?, of variant: String = "stories260K") throws -> String {
    var json =
      try variant == "stories260K"
      ? TokenizerFixture.stories() : TokenizerFixture.byteLevel(variant)
    json.set(path, value)
    do {
      _ = try Tokenizer(json: json, name: "t.json")
      return "no error"
    } catch let error as FormatError {
      return "\(error.place) found \(error.found)"
    }
  }

  @Test func unsupportedParts() throws {
    #expect(try fault(["model", "type"], "WordPiece") == "t.json: model.type found \"WordPiece\"")
    #expect(try fault(["model", "dropout"], 0.1) == "t.json: model.dropout found the number 0.1")
    #expect(
      try fault(["model", "end_of_word_suffix"], "</w>")
        == "t.json: model.end_of_word_suffix found \"</w>\"")
    #expect(
      try fault(["normalizer"], ["type": "NFKC"]) == "t.json: normalizer found the type \"NFKC\"")
    #expect(
      try fault(["pre_tokenizer"], ["type": "BertPreTokenizer"])
        == "t.json: pre_tokenizer found the type \"BertPreTokenizer\"")
    #expect(
      try fault(
        ["pre_tokenizer"],
        ["type": "Split", "pattern": ["Regex": "\\w+"], "behavior": "Isolated", "invert": false])
        == "t.json: pre_tokenizer.pattern found \"\\w+\"")
    #expect(
      try fault(["post_processor"], ["type": "BertProcessing"])
        == "t.json: post_processor found the type \"BertProcessing\"")
    #expect(try fault(["decoder"], ["type": "CTC"]) == "t.json: decoder found the type \"CTC\"")
    #expect(try fault(["extra"], ["a": 1]) == "t.json.extra found an object with 1 member")
  }

  @Test func brokenVocabularies() throws {
    #expect(try fault(["model"], nil) == "t.json found no \"model\"")
    #expect(
      try fault(["model", "vocab"], []) == "t.json: model.vocab found an array of 0 elements")
    for id: JSON in [-1, 4_194_305, 9_223_372_036_854_775_807, 1e300, 0.5, "1", nil] {
      #expect(
        try fault(["model", "vocab", "zz"], id).hasPrefix("t.json: model.vocab[\"zz\"] found"))
    }
    #expect(
      try fault(["model", "vocab", "zz"], 5)
        == "t.json: model.vocab[\"zz\"] found the id 5, which another token has")
    #expect(
      try fault(["model", "unk_token"], "none") == "t.json: model.unk_token found \"none\"")
  }

  @Test func brokenMerges() throws {
    for merge: JSON in ["a", "a b c", "no such", ["a"], ["a", 1], 7, ["", ""], " ", "zz zz"] {
      #expect(try fault(["model", "merges"], [merge]).hasPrefix("t.json: model.merges[0] found"))
    }
    #expect(try fault(["model", "merges"], 1) == "t.json: model.merges found the number 1")
  }

  @Test func mergesInBothFormsAreTheSame() throws {
    var json = try TokenizerFixture.stories()
    let pairs = json["model"]!["merges"]!.array!
    json.set(
      ["model", "merges"],
      .array(
        pairs.map { pair in
          guard let halves = pair.array else { return pair }
          return JSON(halves.map { $0.string! }.joined(separator: " "))
        }))
    let lines = try Tokenizer(json: json, name: "t")
    json.set(
      ["model", "merges"],
      .array(
        json["model"]!["merges"]!.array!.map { line in
          .array(line.string!.split(separator: " ").map { JSON(String($0)) })
        }))
    let arrays = try Tokenizer(json: json, name: "t")
    let text = "Once upon a time there was a little girl."
    #expect(lines.encode(text) == arrays.encode(text))
  }

  @Test func brokenAddedTokens() throws {
    let prefix = "t.json: added_tokens[0]"
    #expect(try fault(["added_tokens"], [["id": 5, "content": "new"]]).hasPrefix(prefix))
    #expect(try fault(["added_tokens"], [["id": 600, "content": "<s>"]]).hasPrefix(prefix))
    #expect(try fault(["added_tokens"], [["id": 600, "content": ""]]).hasPrefix(prefix))
    #expect(try fault(["added_tokens"], [["id": -1, "content": "x"]]).hasPrefix(prefix))
    #expect(try fault(["added_tokens"], [["id": 600]]).hasPrefix(prefix))
    #expect(
      try fault(
        ["added_tokens"], [["id": 600, "content": "xx"], ["id": 600, "content": "yy"]]
      ).hasPrefix("t.json: added_tokens[1]"))
    // Without this token the template names an id that nothing has.
    #expect(try fault(["added_tokens"], [], of: "llama3").hasPrefix("t.json: post_processor"))
  }

  @Test func anyTruncationOfTheFileIsRefused() throws {
    let bytes = try Reference.fixture("byte-level.json")
    for count in stride(from: 0, to: bytes.count - 2, by: 97) {
      #expect(throws: FormatError.self) {
        try Tokenizer(json: Array(bytes[..<count]), name: "t.json")
      }
    }
  }

  @Test func brokenGGUFVocabularies() throws {
    let tokens = ["<unk>", "<s>", "▁", "a", "▁a"].map { Array($0.utf8) }
    var vocabulary = GGUFVocabulary(
      model: "llama", tokens: tokens, scores: [0, 0, -1, -2, -3], types: [2, 3, 1, 1, 1], bos: 1)
    #expect(try Tokenizer(gguf: vocabulary, name: "m.gguf").encode("a a").ids == [1, 4, 4])
    vocabulary.scores = [0]
    #expect(throws: FormatError.self) { try Tokenizer(gguf: vocabulary, name: "m") }
    vocabulary.scores = nil
    #expect(throws: FormatError.self) { try Tokenizer(gguf: vocabulary, name: "m") }
    vocabulary.scores = [0, 0, .nan, 0, 0]
    #expect(throws: FormatError.self) { try Tokenizer(gguf: vocabulary, name: "m") }
    vocabulary.scores = [0, 0, 0, 0, 0]
    vocabulary.bos = 5
    #expect(throws: FormatError.self) { try Tokenizer(gguf: vocabulary, name: "m") }
    vocabulary.bos = nil
    vocabulary.tokens = [[0xFF], [0xE2, 0x96], [], [0x80], [0xF0, 0x20]]
    #expect(try Tokenizer(gguf: vocabulary, name: "m").encode("a b").tokens.count > 0)
    vocabulary.model = "gpt2"
    vocabulary.merges = []
    for pre in [nil, "default", "unknown"] {
      vocabulary.pre = pre
      #expect(throws: FormatError.self) { try Tokenizer(gguf: vocabulary, name: "m") }
    }
    vocabulary.pre = "gpt-2"
    _ = try Tokenizer(gguf: vocabulary, name: "m")
    vocabulary.merges = [Array("a b".utf8)]
    #expect(throws: FormatError.self) { try Tokenizer(gguf: vocabulary, name: "m") }
    vocabulary.model = "bert"
    #expect(throws: FormatError.self) { try Tokenizer(gguf: vocabulary, name: "m") }
  }
}
