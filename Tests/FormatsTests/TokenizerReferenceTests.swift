import Testing

@testable import Formats

/// Ids, ranges and decoded texts against those of Hugging Face's library.
@Suite(.enabled(if: Reference.isPresent, "needs the reference files"))
struct TokenizerReferenceTests {
  static let folders = [
    "llama-2/tokenizer.derived.json", "llama-3/tokenizer.derived.json",
    "mistral-v3/tokenizer.derived.json", "qwen2.5/tokenizer.derived.json", "qwen3/tokenizer.json",
    "smollm2/tokenizer.derived.json",
  ]

  static func tokenizer(_ path: String) throws -> (Tokenizer, folder: String) {
    let tokenizer = try Tokenizer(json: Reference.bytes("tokenizers/" + path), name: path)
    return (tokenizer, "tokenizers/" + path.split(separator: "/")[0])
  }

  /// The tokenizer file of a folder with `add_prefix_space` of its last pre-tokenizer set.
  static func addingPrefixSpace(_ folder: String) throws -> JSON {
    let path = "tokenizers/\(folder)/tokenizer.derived.json"
    let json = try JSON(parsing: Reference.bytes(path), name: path)
    guard case .object(var root) = json, case .object(var sequence)? = root["pre_tokenizer"],
      case .array(var steps)? = sequence["pretokenizers"], case .object(var last)? = steps.last
    else { return json }
    last["add_prefix_space"] = true
    steps[steps.count - 1] = .object(last)
    sequence["pretokenizers"] = .array(steps)
    root["pre_tokenizer"] = .object(sequence)
    return .object(root)
  }

  @Test(arguments: folders)
  func textsEqual(_ path: String) throws {
    let (tokenizer, folder) = try Self.tokenizer(path)
    let rows = try Reference.rows(folder + "/expected.jsonl")
    #expect(rows.count == 167)
    for row in rows {
      let text = row["text"]!.string!
      let encoding = tokenizer.encode(text, addSpecialTokens: false)
      #expect(encoding.ids == row.ids("ids"), "\(text.debugDescription)")
      let offsets = row["offsets"]!.array!.map { [$0.array![0].int!, $0.array![1].int!] }
      let ours = encoding.tokens.map { [$0.characters.lowerBound, $0.characters.upperBound] }
      #expect(ours == offsets, "\(text.debugDescription)")
      #expect(JSONString(tokenizer.decode(encoding.ids)) == JSONString(row["decoded"]!.string!))
      for token in encoding.tokens { #expect(token.covers(text)) }
    }
  }

  @Test(arguments: folders)
  func wordsEqual(_ path: String) throws {
    let (tokenizer, folder) = try Self.tokenizer(path)
    var files = [("/expected_words.jsonl", false)]
    if tokenizer.isByteLevel { files.append(("/expected_words_prefix.jsonl", true)) }
    for (file, prefixSpace) in files {
      let rows = try Reference.rows(folder + file)
      #expect(rows.count == 120)
      for row in rows {
        let words = row["words"]!.array!.map { $0.string! }
        let encoding = tokenizer.encode(
          words: words, prefixSpace: prefixSpace, addSpecialTokens: false)
        #expect(encoding.ids == row.ids("ids"), "\(words)")
        #expect(encoding.words == row.ids("word_ids"), "\(words)")
        for (token, word) in zip(encoding.tokens, encoding.words) {
          #expect(token.covers(words[Int(word)]))
        }
      }
    }
  }

  @Test func nastyTextsEqual() throws {
    let (tokenizer, _) = try Self.tokenizer("smollm2/tokenizer.derived.json")
    let path = "goldens/smol/tokenizer.json"
    let golden = try JSON(parsing: Reference.bytes(path), name: path)
    for row in golden["texts"]!.array! {
      let text = row["text"]!.string!
      #expect(
        tokenizer.encode(text, addSpecialTokens: false).ids == row.ids("ids"),
        "\(text.debugDescription)")
    }
    // There `prefix_space` is the library's `add_prefix_space`: a space before every word and even before every digit.
    let spaced = try Tokenizer(json: Self.addingPrefixSpace("smollm2"), name: "smollm2")
    for row in golden["words"]!.array! {
      let encoding = (row["prefix_space"]!.bool! ? spaced : tokenizer).encode(
        words: row["words"]!.array!.map { $0.string! }, prefixSpace: false, addSpecialTokens: false)
      #expect(encoding.ids == row.ids("ids"))
      #expect(encoding.words == row.ids("word_ids"))
    }
  }
}

extension JSON {
  /// A member that is a list of ids.
  func ids(_ key: String) -> [Int32] { self[key]!.array!.map { Int32($0.int!) } }
}

extension Token {
  /// Whether both ranges name the same part of a text.
  func covers(_ text: String) -> Bool {
    let scalars = text.unicodeScalars.map { String($0) }
    let before = scalars[..<characters.lowerBound].joined().utf8.count
    let inside = scalars[characters].joined().utf8.count
    return bytes == before..<before + inside
  }
}
