extension GGUF {
  /// Reads the tokenizer's part of the metadata.
  ///
  /// Throws `FormatError` if there is no list of tokens, if lists that belong together differ in length, or if a special
  /// token is not on the list.
  public func vocabulary() throws -> GGUFVocabulary {
    let key = "tokenizer.ggml."
    try checkCounts(key)
    guard let model = try metadata.text(key + "model"),
      let tokens = try metadata.strings(key + "tokens"), !tokens.isEmpty
    else {
      throw FormatError(
        file.name, found: "no tokenizer", expected: "tokenizer.ggml.model and .tokens",
        remedy: "Give a tokenizer.json beside it, or convert the model again.")
    }
    func matched<Element>(_ list: [Element]?, _ name: String) throws -> [Element]? {
      guard list?.count ?? tokens.count == tokens.count else {
        throw metadata.wrong(key + name, expected: "one for each of \(tokens.count) tokens")
      }
      return list
    }
    func token(_ name: String) throws -> Int? {
      let token = try metadata.token(name)
      guard token ?? 0 < tokens.count else {
        throw metadata.wrong(key + name, expected: "an id below \(tokens.count)")
      }
      return token
    }
    let types = try metadata.ints(key + "token_type")?.map { type in
      guard let type = Int32(exactly: type) else {
        throw metadata.wrong(key + "token_type", expected: "small integers")
      }
      return type
    }
    return GGUFVocabulary(
      model: model, pre: try metadata.text(key + "pre"), tokens: tokens,
      scores: try matched(try metadata.floats(key + "scores"), "scores"),
      types: try matched(types, "token_type"), merges: try metadata.strings(key + "merges"),
      bos: try token("bos_token_id"), eos: try token("eos_token_id"),
      unknown: try token("unknown_token_id"), padding: try token("padding_token_id"),
      addBOS: try metadata.bool(key + "add_bos_token"),
      addEOS: try metadata.bool(key + "add_eos_token"),
      addSpacePrefix: try metadata.bool(key + "add_space_prefix"))
  }
}

extension GGUF {
  /// Throws where a list is too long, before it is read.
  private func checkCounts(_ key: String) throws {
    let limit = TokenizerParts.largestID
    for name in ["tokens", "scores", "token_type", "merges"] {
      guard try metadata.count(key + name) ?? 0 <= limit else {
        throw metadata.wrong(key + name, expected: "at most \(limit) elements")
      }
    }
  }
}

extension GGUFMetadata {
  /// The id of a special token such as `bos_token_id`; nil where the file has none.
  func token(_ name: String) throws -> Int? {
    let key = "tokenizer.ggml.\(name)"
    // Some converters write −1 for none, in 32 unsigned bits.
    guard let token = try int(key), token != -1, token != Int(UInt32.max) else { return nil }
    guard token >= 0 else { throw wrong(key, expected: "a token id") }
    return token
  }
}
