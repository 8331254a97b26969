import CZlib
import Discern
import Formats

extension HostileReader {
  /// `tokenizer.json`, `tokenizer_config.json`.
  func readTokenizer(_ input: [UInt8]) throws {
    let parts = parts(input)
    let json = try JSON(parsing: parts[0], name: "tokenizer.json")
    let options = parts.count > 1 ? try JSON(parsing: parts[1], name: "tokenizer_config.json") : nil
    use(try Tokenizer(json: json, name: "tokenizer.json", configuration: options))
  }

  /// Tokenizes some texts and turns the tokens back.
  func use(_ tokenizer: Tokenizer) {
    let texts = [
      "", " ", "The  cat's 1234 mats\n\n<s> ▁x", "Ünïcödé e\u{301}\u{327}\u{AC00}\u{11A8} 🙂",
      String(repeating: "ab ", count: 500), String(repeating: "a", count: 2000),
    ]
    for text in texts { encode(text, tokenizer) }
    encode(words: ["", "The", " cat", "é"], tokenizer)
    for id in 0..<min(300, tokenizer.vocabularySize) {
      _ = tokenizer.bytes(of: Int32(id))
      _ = tokenizer.token(of: Int32(id)).map { tokenizer.id(of: $0) }
    }
  }

  /// The first byte chooses the tokenizer, the rest is the text.
  func readText(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let tokenizers = HostileFixtures.shared.tokenizers
    let tokenizer = tokenizers[Int(first) % tokenizers.count]
    let text = String(decoding: input.dropFirst(), as: UTF8.self)
    encode(text, tokenizer)
    encode(words: text.split(separator: " ", omittingEmptySubsequences: false).map(String.init), tokenizer)
    _ = WordSplitter.words(in: text)
  }

  private func encode(_ text: String, _ tokenizer: Tokenizer) {
    let tokens = tokenizer.encode(text).tokens
    check(tokens, text, tokenizer)
    _ = tokenizer.decode(tokens.map(\.id))
  }

  private func encode(words: [String], _ tokenizer: Tokenizer) {
    for prefixSpace in [true, false] {
      let encoding = tokenizer.encode(words: words, prefixSpace: prefixSpace)
      precondition(encoding.tokens.count == encoding.words.count)
      for (token, word) in zip(encoding.tokens, encoding.words) where word >= 0 {
        check([token], words[Int(word)], tokenizer)
      }
    }
  }

  private func check(_ tokens: [Token], _ text: String, _ tokenizer: Tokenizer) {
    let (bytes, scalars) = (text.utf8.count, text.unicodeScalars.count)
    for token in tokens {
      precondition((0..<tokenizer.vocabularySize).contains(Int(token.id)), "an id beyond the vocabulary")
      precondition(token.bytes.upperBound <= bytes, "a token beyond the text's bytes")
      precondition(token.characters.upperBound <= scalars, "a token beyond the text's characters")
    }
  }

  func readData(_ path: String, _ formats: [DatasetFormat]) throws {
    for format in formats {
      for task in Dataset.Task.allCases {
        for labelled in [true, false] {
          attempt { _ = try Dataset.read(path, format: format, task: task, labelled: labelled) }
        }
      }
    }
  }

  /// The input as it is, and then each of its parts as a sound member, so that what lies behind the checksums is reached.
  func readGzip(_ input: [UInt8], _ folder: HostileFolder) throws {
    let members = parts(input).flatMap(Self.packed)
    for bytes in [input, members] {
      let path = folder.write(bytes, "x.gz")
      for format in [DatasetFormat.jsonLines, .csv, .conll, .lines] {
        attempt { _ = try Dataset.read(path, format: format, task: .tokens, labelled: format != .lines) }
      }
    }
  }

  /// A member of a gzip file that holds the bytes unpacked, in blocks of at most 1000.
  private static func packed(_ bytes: [UInt8]) -> [UInt8] {
    func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
    var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    for start in stride(from: 0, through: bytes.count, by: 1000) {
      let block = bytes[start..<min(start + 1000, bytes.count)]
      let count = UInt16(block.count)
      member += [start + 1000 > bytes.count ? 1 : 0] + littleEndian(count) + littleEndian(~count) + block
    }
    return member + littleEndian(UInt32(crc32(0, bytes, UInt32(bytes.count)))) + littleEndian(UInt32(bytes.count))
  }

  func readRecipe(_ input: [UInt8]) throws {
    guard let text = String(validating: input, as: UTF8.self) else { return }
    _ = try Recipe.resolved(file: RecipeFile(yaml: text, name: "recipe.yaml"))
  }
}
