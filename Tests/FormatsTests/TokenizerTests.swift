import Testing

@testable import Formats

@Suite struct TokenizerTests {
  @Test(arguments: TokenizerFixture.variants + ["stories260K"])
  func equalsHuggingFace(_ variant: String) throws {
    let tokenizer = try TokenizerFixture.tokenizer(variant)
    let rows = try TokenizerFixture.rows(variant)
    #expect(rows.count == 28)
    for row in rows {
      let encoding: Encoding
      if let words = row["words"]?.array {
        encoding = tokenizer.encode(words: words.map { $0.string! }, prefixSpace: false)
        #expect(encoding.words == row.ids("words_of"))
      } else {
        encoding = tokenizer.encode(row["text"]!.string!)
        #expect(JSONString(tokenizer.decode(encoding.ids)) == JSONString(row["decoded"]!.string!))
        for token in encoding.tokens { #expect(token.covers(row["text"]!.string!)) }
      }
      #expect(encoding.ids == row.ids("ids"), "\(row.serialized())")
      let offsets = row["offsets"]!.array!.map { [$0.array![0].int!, $0.array![1].int!] }
      let ours = encoding.tokens.map { [$0.characters.lowerBound, $0.characters.upperBound] }
      #expect(ours == offsets, "\(row.serialized())")
    }
  }

  @Test func templateTokensAreSpecialAndOptional() throws {
    let tokenizer = try TokenizerFixture.tokenizer("llama3")
    let with = tokenizer.encode("d")
    #expect(with.tokens.map(\.isSpecial) == [true, false, true])
    #expect(with.tokens[0].bytes.isEmpty && with.tokens[0].characters.isEmpty)
    let without = tokenizer.encode("d", addSpecialTokens: false)
    #expect(without.tokens == [with.tokens[1]])
    #expect(tokenizer.encode("").ids == [461, 460])
    let words = tokenizer.encode(words: ["d"], prefixSpace: true)
    #expect(words.words == [-1, 0, -1])
    #expect(tokenizer.bosToken == 461)
    #expect(tokenizer.eosToken == 460)
  }

  @Test func prefixedWordsAreThoseOfRunningText() throws {
    for variant in ["gpt2", "llama3", "qwen2"] {
      let tokenizer = try TokenizerFixture.tokenizer(variant)
      let words = ["The", "little", "dog", "played", "all", "day"]
      let encoding = tokenizer.encode(words: words, prefixSpace: true)
      #expect(encoding.ids == tokenizer.encode(words.joined(separator: " ")).ids)
      for (token, word) in zip(encoding.tokens, encoding.words) where word >= 0 {
        #expect(token.covers(words[Int(word)]))
        #expect(!token.bytes.isEmpty)
      }
    }
  }

  @Test func rangesFollowTheOriginalThroughNormalisation() throws {
    let tokenizer = try TokenizerFixture.tokenizer("qwen2")
    let text = "cafe\u{301} \u{1100}\u{1161}\u{11A8} q\u{307}\u{323}"
    let encoding = tokenizer.encode(text)
    #expect(encoding.ids == tokenizer.encode("caf\u{E9} \u{AC01} q\u{323}\u{307}").ids)
    // The composed letter stands for the letter and its accent.
    #expect(encoding.tokens.contains { $0.characters.upperBound == 5 })
    var end = 0
    for token in encoding.tokens {
      #expect(token.covers(text))
      #expect(token.bytes.lowerBound <= end)
      end = max(end, token.bytes.upperBound)
    }
    #expect(end == text.utf8.count)
  }

  @Test func vocabularyIsKeyedByBytes() throws {
    let tokenizer = try TokenizerFixture.tokenizer("stories260K")
    #expect(tokenizer.id(of: "<s>") == 1)
    #expect(tokenizer.id(of: "▁the") != nil)
    #expect(tokenizer.id(of: "nothing of the kind") == nil)
    #expect(tokenizer.token(of: 1) == "<s>")
    #expect(tokenizer.token(of: 512) == nil)
    #expect(tokenizer.token(of: -1) == nil)
    #expect(tokenizer.bytes(of: tokenizer.id(of: "▁the")!) == Array(" the".utf8))
    #expect(tokenizer.bytes(of: tokenizer.id(of: "<0x0A>")!) == [10])
    #expect(tokenizer.vocabularySize == 512)
    let byteLevel = try TokenizerFixture.tokenizer("gpt2")
    #expect(byteLevel.bytes(of: byteLevel.id(of: "Ġthe")!) == Array(" the".utf8))
    #expect(byteLevel.decode([-5, 100_000]) == "")
  }

  @Test func configurationNamesTheSpecialTokens() throws {
    let configuration: JSON = [
      "bos_token": "<s>", "eos_token": ["content": "</s>", "special": true], "pad_token": nil,
    ]
    let tokenizer = try Tokenizer(
      json: TokenizerFixture.stories(), name: "x", configuration: configuration)
    #expect(tokenizer.bosToken == 1)
    #expect(tokenizer.eosToken == 2)
    #expect(tokenizer.padToken == nil)
  }
}

/// Any text, however odd.
@Suite struct TokenizerPropertyTests {
  /// Texts of random scalars and fragments, the same in each run.
  static func texts(_ count: Int) -> [String] {
    var state: UInt64 = 7
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let starts: [UInt32] = [
      0, 0x20, 0xA0, 0x300, 0x590, 0x900, 0x1100, 0x2000, 0x3040, 0xAC00, 0x1F300,
    ]
    let fragments = [
      "the little dog", " 's", "\r\n", "  ", "<|end|>", "<special> ", "12345", "日本語",
    ]
    return (0..<count).map { _ in
      var text = ""
      for _ in 0..<random(12) {
        if random(3) == 0 {
          text += fragments[random(fragments.count)]
        } else if let scalar = Unicode.Scalar(starts[random(starts.count)] + UInt32(random(96))) {
          text.unicodeScalars.append(scalar)
        }
      }
      return text
    }
  }

  @Test(arguments: ["gpt2", "llama3", "smollm"])
  func byteLevelReadsBackExactly(_ variant: String) throws {
    let tokenizer = try TokenizerFixture.tokenizer(variant)
    for text in Self.texts(2000) {
      let ids = tokenizer.encode(text, addSpecialTokens: false).ids
      // <special> takes the white space after it.
      if ids.contains(tokenizer.id(of: "<special>")!) { continue }
      #expect(JSONString(tokenizer.decode(ids, skipSpecialTokens: false)) == JSONString(text))
    }
  }

  @Test(arguments: TokenizerFixture.variants + ["stories260K"])
  func rangesAreOrderedAndWithinTheText(_ variant: String) throws {
    let tokenizer = try TokenizerFixture.tokenizer(variant)
    let trims = variant == "gpt2-space" || variant == "llama3"
    for text in Self.texts(2000) {
      var end = 0
      for token in tokenizer.encode(text, addSpecialTokens: false).tokens {
        #expect(token.covers(text))
        #expect(trims || token.bytes.lowerBound <= end, "a gap in \(text.debugDescription)")
        end = max(end, token.bytes.upperBound)
      }
      #expect(trims || end == text.utf8.count)
    }
  }

  @Test(arguments: TokenizerFixture.variants + ["stories260K"])
  func longRunsTakeNoQuadraticTime(_ variant: String) throws {
    let tokenizer = try TokenizerFixture.tokenizer(variant)
    for unit in ["a", " ", "日", "\u{301}", "\0", "ab", "<"] {
      let text = String(repeating: unit, count: 30_000)
      let encoding = tokenizer.encode(text, addSpecialTokens: false)
      #expect(encoding.tokens.last?.bytes.upperBound == text.utf8.count)
    }
  }

  @Test func threadsShareATokenizer() async throws {
    let tokenizer = try TokenizerFixture.tokenizer("llama3")
    let texts = Self.texts(300)
    let expected = texts.map { tokenizer.encode($0) }
    await withTaskGroup(of: [Encoding].self) { group in
      for _ in 0..<8 { group.addTask { texts.map { tokenizer.encode($0) } } }
      for await result in group { #expect(result == expected) }
    }
  }
}
