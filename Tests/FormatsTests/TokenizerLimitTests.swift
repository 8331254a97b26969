import TestSupport
import Testing

@testable import Formats

/// Tokenizers made to crash, to hang or to fill the memory of whoever reads them.
@Suite struct TokenizerLimitTests {
  /// Half a character as a special token would be found inside a whole one, and cut it.
  @Test(arguments: [2, 3, 4] as [Int32])
  func specialTokensCutNoCharacter(type: Int32) throws {
    let vocabulary = GGUFVocabulary(
      model: "llama", tokens: [Array("x".utf8), [0xA9], [0xC3], Array("▁x".utf8), Array("é".utf8)],
      scores: [0, 0, 0, 1, 0], types: [1, type, 1, 1, 1], addSpacePrefix: false)
    let tokenizer = try Tokenizer(gguf: vocabulary, name: "x")
    let tokens = tokenizer.encode("xé").tokens
    #expect(tokens.map(\.id) == [0, 4] && tokens.map(\.bytes) == [0..<1, 1..<3])
    #expect(tokenizer.isSpecial(1) == (type != 4))
  }

  /// All parts of one long piece make a third of each other.
  @Test func pairsOfAGGUFVocabularyAreLimited() {
    var generator = SeededGenerator(state: 1)
    let piece = (0..<256).map { _ in UInt8.random(in: 0x61...0x7A, using: &generator) }
    var tokens: Set<[UInt8]> = []
    for start in piece.indices {
      for end in start + 1...piece.count { tokens.insert(Array(piece[start..<end])) }
    }
    let vocabulary = GGUFVocabulary(
      model: "llama", tokens: Array(tokens), scores: tokens.map { _ in 0 }, types: tokens.map { _ in 1 })
    let text = message { _ = try Tokenizer(gguf: vocabulary, name: "x") }
    #expect(text.contains("more than 1048576 pairs of tokens"), "\(text)")
  }

  // MARK: Keys that fall into one slot

  /// What a fixed mixing of a key, known to everybody, was undone with.
  private func unmix(_ hash: UInt64) -> UInt64 {
    func undoShift(_ value: UInt64, _ shift: UInt64) -> UInt64 {
      var result = value
      for _ in 0..<3 { result = value ^ result >> shift }
      return result
    }
    func inverse(_ factor: UInt64) -> UInt64 {
      var inverse = factor
      for _ in 0..<6 { inverse = inverse &* (2 &- factor &* inverse) }
      return inverse
    }
    let middle = undoShift(hash, 29) &* inverse(0x94D0_49BB_1331_11EB)
    return undoShift(middle, 31) &* inverse(0xBF58_476D_1CE4_E5B9)
  }

  @Test func piecesDoNotCollideAtWill() {
    let pieces = (0..<40_000).map { [UInt8](unmix(unmix(UInt64($0) << 32)) ^ 0x9E37_79B9_7F4A_7C15 ^ 8) }
    let time = seconds {
      var vocabulary = Vocabulary(size: pieces.count)
      for (id, piece) in pieces.enumerated() {
        _ = piece.withUnsafeBufferPointer { vocabulary.insert($0, id: id) }
      }
      #expect(vocabulary.id(of: pieces[39_999]) == 39_999)
    }
    #expect(time < 1, "\(time) s")
  }

  @Test func pairsDoNotCollideAtWill() {
    let keys = (0..<60_000).map { unmix(UInt64($0) << 32) }
    func half(_ key: UInt64) -> Int32 { Int32(truncatingIfNeeded: key) }
    let time = seconds {
      var pairs = PairTable(capacity: keys.count)
      for (rank, key) in keys.enumerated() {
        pairs.insert(half(key >> 32), half(key), rank: UInt32(rank), id: Int32(rank))
      }
      #expect(pairs.merge(half(keys[7] >> 32), half(keys[7])) == 7 << 32 | 7)
    }
    #expect(time < 1, "\(time) s")
  }

  // MARK: Templates and steps

  private func fault(_ path: [String], _ value: JSON) throws -> String {
    var json = try TokenizerFixture.stories()
    json.set(path, value)
    return message { _ = try Tokenizer(json: json, name: "t") }
  }

  @Test func idsOfATemplateAreCountedBeforeTheyAreLookedFor() throws {
    var json = try TokenizerFixture.stories()
    json.set(["added_tokens"], .array((0..<20_000).map { ["id": .integer(600 + $0), "content": "<\($0)>"] }))
    let ids = JSON.array(Array(repeating: 20_599, count: 200_000))
    json.set(
      ["post_processor"],
      [
        "type": "TemplateProcessing", "single": [["SpecialToken": ["id": "x"]], ["Sequence": ["id": "A"]]],
        "special_tokens": ["x": ["ids": ids]],
      ])
    let time = seconds {
      let text = message { _ = try Tokenizer(json: json, name: "t") }
      #expect(text.contains("200000 tokens around the text; expected at most 64"), "\(text)")
    }
    #expect(time < 2, "\(time) s")
  }

  @Test func piecesOfATemplateAreLimited() throws {
    let template: JSON = [
      "type": "TemplateProcessing", "special_tokens": ["x": ["ids": []]],
      "single": .array(Array(repeating: ["SpecialToken": ["id": "x"]], count: 200) + [["Sequence": ["id": "A"]]]),
    ]
    let text = try fault(["post_processor"], template)
    #expect(text.contains("201 pieces of a template; expected at most 128"), "\(text)")
  }

  @Test func stepsAreCountedBeforeTheyAreRead() throws {
    let steps: JSON = ["type": "Sequence", "normalizers": .array(Array(repeating: 0, count: 100_000))]
    let text = try fault(["normalizer"], steps)
    #expect(text.contains("100000 steps; expected at most 64"), "\(text)")
  }

  /// Names of members are quoted shortly, however many bytes a character has, and whatever it is shown as.
  @Test func namesOfMembersAreQuotedShortly() throws {
    let name = String(repeating: "🙂", count: 2000)
    let text = try fault(["model", name], 1)
    #expect(text.utf8.count < 1000, "\(text.utf8.count) bytes")
    for character in ["🙂", "\u{0}", "\u{E000}"] {
      let long = String(repeating: character, count: 2000)
      #expect(FormatError(long, found: long, expected: long, remedy: long).description.utf8.count <= 4096)
    }
  }

  // MARK: Texts

  /// A piece of 65,534 spaces is taken out of a range of one byte in one step.
  @Test func longSpacesAreTrimmedAtOnce() {
    var processor = PostProcessor()
    (processor.trimsSpaces, processor.spaces) = (true, [(leading: 65_534, trailing: 65_534)])
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 200_000)
    var tokens = text.indices.map { Token(id: 0, bytes: $0..<$0 + 1, characters: 0..<0) }
    let time = seconds { text.withUnsafeBufferPointer { processor.trim(&tokens, of: $0) } }
    #expect(tokens[199_999].bytes == 200_000..<200_000)
    #expect(time < 1, "\(time) s")
  }

  @Test func addedTokensOfManyLengthsTakeNoTime() {
    let matcher = AddedTokenMatcher(
      (1...255).map { AddedToken(id: Int32($0), content: [UInt8](repeating: 0x61, count: $0) + [0x62]) })
    let text = [UInt8](repeating: 0x61, count: 1_000_000)
    let time = seconds { #expect(text.withUnsafeBufferPointer { matcher.segments(of: $0).count } == 1) }
    #expect(time < 5, "\(time) s")
  }

  /// The leftmost first, and the longest of those that start at one place: as looking for each token at each place.
  @Test func addedTokensAreThoseOfANaiveSearch() {
    var generator = SeededGenerator(state: 3)
    func word(_ lengths: ClosedRange<Int>) -> [UInt8] {
      (0..<Int.random(in: lengths, using: &generator)).map { _ in UInt8.random(in: 0x61...0x63, using: &generator) }
    }
    for _ in 0..<300 {
      let contents = (0..<Int.random(in: 1...40, using: &generator)).map { _ in word(1...7) }
      let matcher = AddedTokenMatcher(contents.enumerated().map { AddedToken(id: Int32($0), content: $1) })
      let text = word(0...60)
      var (found, expected): ([[Int]], [[Int]]) = ([], [])
      for segment in text.withUnsafeBufferPointer({ matcher.segments(of: $0) }) where segment.id >= 0 {
        found.append([segment.start, segment.end, Int(segment.id)])
      }
      var position = 0
      while position < text.count {
        let here = contents.filter { text[position...].starts(with: $0) }
        if let longest = here.max(by: { $0.count < $1.count }) {
          expected.append([position, position + longest.count, contents.firstIndex(of: longest)!])
          position += longest.count
        } else {
          position += 1
        }
      }
      #expect(found == expected)
    }
  }
}
