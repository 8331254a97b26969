import TestSupport
import Testing

@testable import Formats

/// What a file may ask for at most: every limit has an error that names it, and what lies below it takes no time.
@Suite struct HostileLimitTests {
  // MARK: JSON

  /// Values take up to 20 times the memory of their text; a parser without a bound could be made to take all there is.
  @Test func jsonValuesAreBoundedByTheirText() throws {
    func zeros(_ count: Int) -> [UInt8] {
      Array("[0".utf8) + (1..<count).flatMap { _ in ",0".utf8 } + "]".utf8
    }
    #expect(try JSON(parsing: zeros(500_000), name: "x").array?.count == 500_000)
    let text = message { _ = try JSON(parsing: zeros(2_000_000), name: "x") }
    #expect(text.contains("more values than fit into 45554435 bytes of memory"), "\(text)")
  }

  @Test func jsonDepthIsNamed() {
    let brackets = [UInt8](repeating: UInt8(ascii: "["), count: 200_000)
    #expect(message { _ = try JSON(parsing: brackets, name: "x") }.contains("at most 128 deep"))
  }

  /// Messages quote a file shortly, and without what a terminal would act upon.
  @Test func messagesAreShortAndPlain() {
    let long = String(repeating: "a", count: 100_000)
    let twice = message { _ = try JSON(parsing: "{\"\(long)\": 1, \"\(long)\": 2}", name: "x") }
    #expect(twice.contains("twice") && twice.utf8.count < 300)
    let digits = String(repeating: "9", count: 100_000)
    let number = message { _ = try JSON(parsing: "[\(digits)]", name: "x") }
    #expect(number.contains("the number 9999") && number.utf8.count < 300)
    let error = FormatError("a\u{1B}[2J", found: "b\nc\u{202E}", expected: long)
    #expect(error.description.hasPrefix("a\\u{1b}[2J: found b\\u{a}c\\u{202e}; expected aaa"))
    #expect(error.description.utf8.count < 1100)
  }

  // MARK: Checkpoints

  @Test func tensorCountsAreLimited() throws {
    let entries = (0...Safetensors.tensorLimit).map {
      "\"\($0)\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}"
    }
    let header = Array("{\(entries.joined(separator: ","))}".utf8)
    let bytes = [UInt8](UInt64(header.count)) + header
    let text = message { _ = try Safetensors(CheckpointFixtures.mapped(bytes, name: "x")) }
    #expect(text.contains("at most 65536"), "\(text)")
    var builder = GGUFBuilder()
    builder.tensorCount = 65_537
    builder.data = [UInt8](repeating: 0, count: 65_537 * 32)
    #expect(message { _ = try builder.gguf() }.contains("at most 65536"))
  }

  /// The work on a piece of SentencePiece's grows with the square of its length.
  @Test func lengthsInAGGUFVocabularyAreLimited() {
    func vocabulary(_ length: Int, type: Int32) -> GGUFVocabulary {
      let piece = [UInt8](repeating: UInt8(ascii: "a"), count: length)
      return GGUFVocabulary(
        model: "llama", tokens: [piece, [0x61]], scores: [0, 1], types: [type, 1], merges: [])
    }
    #expect(message { _ = try Tokenizer(gguf: vocabulary(256, type: 1), name: "x") } == "no error")
    #expect(
      message { _ = try Tokenizer(gguf: vocabulary(257, type: 1), name: "x") }
        .contains("tokens[0]: found 257 bytes; expected at most 256"))
    #expect(
      message { _ = try Tokenizer(gguf: vocabulary(257, type: 3), name: "x") }
        .contains("tokens[0]: found 257 bytes; expected at most 256"))
  }

  @Test func specialTokensOfAGGUFVocabularyAreLimited() {
    let count = TokenizerParts.addedLimit + 1
    let vocabulary = GGUFVocabulary(
      model: "gpt2", pre: "gpt-2", tokens: (0..<count).map { Array("\($0)".utf8) },
      types: Array(repeating: 3, count: count), merges: [])
    #expect(
      message { _ = try Tokenizer(gguf: vocabulary, name: "x") }
        .contains("found 65537 special tokens; expected at most 65536"))
  }

  @Test func listsInGGUFAreCountedBeforeTheyAreRead() {
    var builder = GGUFBuilder.model()
    let heads = GGUFBuilder.array(0, [[UInt8](repeating: 2, count: 5000)])
    let count = [UInt8](UInt32(0)) + [UInt8](UInt64(5000)) + heads.suffix(5000)
    builder.keys.append(GGUFBuilder.pair("llama.attention.head_count_kv", 9, count))
    #expect(message { _ = try builder.configuration() }.contains("at most 4096 elements"))
  }

  // MARK: Tokenizers

  private func tokenizerFault(_ path: [String], _ value: JSON) throws -> String {
    var json = try TokenizerFixture.stories()
    json.set(path, value)
    return message { _ = try Tokenizer(json: json, name: "t") }
  }

  @Test func tokenizerFilesAreLimited() throws {
    let token: JSON = ["id": 0, "content": JSON(String(repeating: "a", count: 257))]
    #expect(try tokenizerFault(["added_tokens"], [token]).contains("257 bytes; expected 1 to 256"))
    let far: JSON = ["id": 500_000, "content": "far"]
    #expect(
      try tokenizerFault(["added_tokens"], [far])
        .contains("the id 500000 among 513 tokens; expected ids of at most 66561"))
    #expect(
      try tokenizerFault(["added_tokens"], .array(Array(repeating: far, count: 65_537)))
        .contains("at most 65536 added tokens"))
    let template: JSON = [
      "type": "TemplateProcessing",
      "single": [["SpecialToken": ["id": "x"]], ["Sequence": ["id": "A"]]],
      "special_tokens": ["x": ["ids": .array(Array(repeating: 1, count: 65))]],
    ]
    #expect(
      try tokenizerFault(["post_processor"], template)
        .contains("65 tokens around the text; expected at most 64"))
    let steps: JSON = ["type": "Sequence", "decoders": .array(Array(repeating: ["type": "Fuse"], count: 65))]
    #expect(try tokenizerFault(["decoder"], steps).contains("65 steps; expected at most 64"))
  }

  /// Thirty steps that double a text would make a gigabyte of one letter.
  @Test func decodersDoNotMakeTextsLonger() throws {
    let step: JSON = ["type": "Replace", "pattern": ["String": "a"], "content": "aa"]
    #expect(try tokenizerFault(["decoder"], step).contains("no longer than what it replaces"))
  }

  /// Tokens that take the white space around them must not each walk through all of it.
  @Test func overlappingSpacesTakeNoTime() throws {
    var json = try TokenizerFixture.byteLevel("gpt2")
    json.set(
      ["added_tokens"], [["id": 5000, "content": " ", "lstrip": true, "rstrip": true, "special": true]])
    let tokenizer = try Tokenizer(json: json, name: "t")
    let text = String(repeating: " ", count: 300_000) + "a"
    #expect(tokenizer.encode(text).tokens.count == 2)
    #expect(seconds { _ = tokenizer.encode(text) } < 2)
  }

  /// Marks of two classes in turns are sorted, and so are the ranges that they came from.
  @Test func combiningMarksTakeNoTime() throws {
    let tokenizer = try TokenizerFixture.tokenizer("qwen2")
    let marks = String(repeating: "\u{301}\u{327}", count: 100_000)
    let tokens = tokenizer.encode("a\(marks)").tokens
    #expect(tokens.last?.bytes.upperBound == 400_001)
    #expect(zip(tokens, tokens.dropFirst()).allSatisfy { $0.bytes.lowerBound <= $1.bytes.lowerBound })
    #expect(seconds { _ = tokenizer.encode("a\(marks)") } < 2)
  }

  // MARK: Data

  @Test func rowsAreLimited() throws {
    let header = [UInt8](repeating: UInt8(ascii: ","), count: 65_536)
    let fields = try fault(header) { _ = try Delimited(LineReader(path: $0), separator: .comma) }
    #expect(fields?.found == "more than 65536 fields")
    func sentences(_ text: some Sequence<UInt8>) throws -> String? {
      try fault(text) { path in
        let file = CoNLL(try LineReader(path: path))
        while try file.next() != nil {}
      }?.found
    }
    #expect(try sentences(repeatElement("a ", count: 1024).joined().utf8) == nil)
    #expect(try sentences(repeatElement("a ", count: 1025).joined().utf8) == "more than 1024 columns")
    #expect(try sentences(repeatElement("a b\n", count: 131_072).joined().utf8) == nil)
    #expect(
      try sentences(repeatElement("a b\n", count: 131_073).joined().utf8)
        == "a sentence of more than 131072 tokens")
    let wide = repeatElement("a b c d e f g h\n", count: 131_073).joined()
    #expect(try sentences(wide.utf8.dropLast(16)) == nil)
    #expect(try sentences(wide.utf8) == "a sentence of more than 131072 tokens")
    let wider = repeatElement(String(repeating: "a ", count: 1000) + "\n", count: 1049).joined()
    #expect(try sentences(wider.utf8) == "a sentence of more than 1048576 values")
    #expect(try sentences(repeatElement("\n", count: 200_000).joined().utf8) == nil)
    #expect(
      try sentences(repeatElement("# a b\n", count: 65_537).joined().utf8)
        == "no token yet after 65536 lines")
  }
}
