import Testing

@testable import Formats

/// The vocabularies inside GGUF files against llama.cpp's own expectations.
@Suite(.enabled(if: Reference.isPresent, "needs the reference files"))
struct TokenizerGGUFTests {
  @Test(arguments: ["gpt-2", "llama-bpe", "llama-spm", "phi-3", "qwen2"])
  func casesEqual(_ name: String) throws {
    let path = "tokenizers/ggml-vocab-\(name)/ggml-vocab-\(name).gguf"
    let vocabulary = GGUFVocabulary(file: try Reference.bytes(path))
    let tokenizer = try Tokenizer(gguf: vocabulary, name: path)
    let inputs = String(decoding: try Reference.bytes(path + ".inp"), as: UTF8.self)
    let outputs = String(decoding: try Reference.bytes(path + ".out"), as: UTF8.self)
    let expected = outputs.split(separator: "\n", omittingEmptySubsequences: false)
    let texts = inputs.splitting(at: "\n__ggml_vocab_test__\n")
    #expect(texts.count == 47)
    for (text, line) in zip(texts, expected) {
      let ids = line.split(separator: " ").map { Int32($0)! }
      let encoding = tokenizer.encode(text, addSpecialTokens: false)
      #expect(encoding.ids == ids, "\(text.debugDescription)")
      #expect(JSONString(tokenizer.decode(encoding.ids)) == JSONString(text))
    }
  }

  @Test func templateFollowsTheFile() throws {
    let path = "tokenizers/ggml-vocab-llama-spm/ggml-vocab-llama-spm.gguf"
    var vocabulary = GGUFVocabulary(file: try Reference.bytes(path))
    #expect(try Tokenizer(gguf: vocabulary, name: path).encode("Hello").ids == [1, 15043])
    vocabulary.addBOS = false
    vocabulary.addEOS = true
    #expect(try Tokenizer(gguf: vocabulary, name: path).encode("Hello").ids == [15043, 2])
  }

  /// The same vocabulary through both kinds of file.
  @Test(
    arguments: [
      ("llama-2/tokenizer.derived.json", "llama-spm"),
      ("llama-3/tokenizer.derived.json", "llama-bpe"),
      ("qwen2.5/tokenizer.derived.json", "qwen2"),
    ])
  func equalsTheJSONFile(_ json: String, _ gguf: String) throws {
    let (first, folder) = try TokenizerReferenceTests.tokenizer(json)
    let path = "tokenizers/ggml-vocab-\(gguf)/ggml-vocab-\(gguf).gguf"
    let second = try Tokenizer(gguf: GGUFVocabulary(file: Reference.bytes(path)), name: path)
    for row in try Reference.rows(folder + "/expected.jsonl") {
      let text = row["text"]!.string!
      let expected = first.encode(text, addSpecialTokens: false).ids
      #expect(second.encode(text, addSpecialTokens: false).ids == expected)
    }
  }
}

extension String {
  fileprivate func splitting(at separator: String) -> [String] {
    var parts: [String] = [""]
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts[parts.count - 1] = String(rest[..<range.lowerBound])
      parts.append("")
      rest = rest[range.upperBound...]
    }
    parts[parts.count - 1] = String(rest)
    return parts
  }
}

extension GGUFVocabulary {
  /// Reads the tokenizer of a trusted GGUF file, enough for these tests.
  init(file bytes: [UInt8]) {
    var position = 8
    func read<Value>(_ type: Value.Type) -> Value {
      defer { position += MemoryLayout<Value>.size }
      return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: type) }
    }
    func string() -> [UInt8] {
      let count = Int(read(UInt64.self))
      defer { position += count }
      return Array(bytes[position..<position + count])
    }
    func value(_ type: UInt32) -> Any {
      switch type {
      case 0, 1: return Int(read(UInt8.self))
      case 2, 3: return Int(read(UInt16.self))
      case 4: return Int(read(UInt32.self))
      case 5: return read(Int32.self)
      case 6: return read(Float.self)
      case 7: return read(UInt8.self) != 0
      case 8: return string()
      case 9:
        let element = read(UInt32.self)
        return (0..<Int(read(UInt64.self))).map { _ in value(element) }
      default: return read(UInt64.self)
      }
    }
    _ = read(UInt64.self)
    var members: [String: Any] = [:]
    for _ in 0..<Int(read(UInt64.self)) {
      let key = String(decoding: string(), as: UTF8.self)
      members[key] = value(read(UInt32.self))
    }
    func text(_ key: String) -> String? {
      (members["tokenizer.ggml." + key] as? [UInt8]).map { String(decoding: $0, as: UTF8.self) }
    }
    func number(_ key: String) -> Int? { members["tokenizer.ggml." + key] as? Int }
    func flag(_ key: String) -> Bool? { members["tokenizer.ggml." + key] as? Bool }
    func list<Element>(_ key: String, _ type: Element.Type) -> [Element]? {
      members["tokenizer.ggml." + key] as? [Element]
    }
    self.init(
      model: text("model")!, pre: text("pre"), tokens: list("tokens", [UInt8].self)!,
      scores: list("scores", Float.self), types: list("token_type", Int32.self),
      merges: list("merges", [UInt8].self), bos: number("bos_token_id"),
      eos: number("eos_token_id"), unknown: number("unknown_token_id"),
      padding: number("padding_token_id"), addBOS: flag("add_bos_token"),
      addEOS: flag("add_eos_token"), addSpacePrefix: flag("add_space_prefix"))
  }
}
