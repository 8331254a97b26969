extension Tokenizer {
  /// Reads a Hugging Face `tokenizer.json`.
  ///
  /// `configuration` is the `tokenizer_config.json` beside it, which names the tokens for begin, end and padding;
  /// without it, begin and end are those of the template. `name` is the file's name for messages. Whatever the file
  /// asks for and this package does not do is refused by name; its `truncation` and `padding` are the caller's matter
  /// and passed over.
  public convenience init(json: JSON, name: String, configuration: JSON? = nil) throws {
    var parts = try TokenizerJSON(root: TokenizerField(value: json, place: name)).parts()
    for (key, path) in [
      ("bos_token", \TokenizerParts.bosToken), ("eos_token", \.eosToken), ("pad_token", \.padToken),
    ] {
      let entry = configuration?[key]
      if let content = (entry?["content"] ?? entry)?.string {
        parts[keyPath: path] = parts.id(of: content)
      }
    }
    self.init(parts)
  }

  /// Reads a Hugging Face `tokenizer.json` from its bytes.
  public convenience init(
    json bytes: [UInt8], name: String, configuration: JSON? = nil
  ) throws {
    try self.init(json: JSON(parsing: bytes, name: name), name: name, configuration: configuration)
  }
}

extension TokenizerParts {
  /// The id of an added token or a piece.
  func id(of token: String) -> Int32? {
    let bytes = Array(token.utf8)
    if let added = added.first(where: { $0.content == bytes }) { return added.id }
    let id = vocabulary.id(of: bytes)
    return id < 0 ? nil : id
  }
}

/// Reads the parts of a `tokenizer.json`.
struct TokenizerJSON {
  let root: TokenizerField

  func parts() throws -> TokenizerParts {
    try root.allow([
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
      "post_processor", "decoder", "model",
    ])
    let model = try root.required("model")
    let added = try addedTokens()
    let vocabulary = try vocabulary(model, added)
    let normalizer = try normalizer(root["normalizer"])
    var preTokenizer = try preTokenizer(root["pre_tokenizer"])
    var bpe: BPE
    if case .steps = preTokenizer {
      if case .marks = normalizer {
        throw root["normalizer"]!.unsupported("no ▁ before a byte-level pre-tokenizer")
      }
      bpe = try BPEReader(model: model, vocabulary: vocabulary).model(.bytes)
    } else {
      bpe = try BPEReader(model: model, vocabulary: vocabulary).model(.scalars)
    }
    if case .whole = preTokenizer {
      preTokenizer = .whole(cutsAtMarks: bpe.canCutAtMarks(vocabulary))
    }
    var parts = TokenizerParts(
      vocabulary: vocabulary, added: added, normalizer: normalizer, preTokenizer: preTokenizer,
      model: bpe, decoder: try decoder(root["decoder"]))
    if let field = root["post_processor"] { try postProcessor(field, &parts) }
    parts.bosToken = parts.postProcessor.prefix.first
    parts.eosToken = parts.postProcessor.suffix.last
    return parts
  }

  // MARK: Vocabulary

  private func addedTokens() throws -> [AddedToken] {
    guard let list = root["added_tokens"] else { return [] }
    guard list.value.array?.count ?? 0 <= TokenizerParts.addedLimit else {
      throw list.unexpected("at most \(TokenizerParts.addedLimit) added tokens")
    }
    return try list.array().map { field in
      try field.allow([
        "id", "content", "single_word", "lstrip", "rstrip", "normalized", "special",
      ])
      let content = try field.required("content").string()
      guard (1...AddedToken.longest).contains(content.utf8.count) else {
        throw FormatError(
          "\(field.place).content", found: "a text of \(content.utf8.count) bytes",
          expected: "1 to \(AddedToken.longest)")
      }
      let special = try field.flag("special", default: false)
      return AddedToken(
        id: Int32(try field.required("id").id()), content: Array(content.utf8),
        stripsLeft: try field.flag("lstrip", default: false),
        stripsRight: try field.flag("rstrip", default: false),
        isSingleWord: try field.flag("single_word", default: false),
        isNormalized: try field.flag("normalized", default: !special), isSpecial: special)
    }
  }

  private func vocabulary(_ model: TokenizerField, _ added: [AddedToken]) throws -> Vocabulary {
    let field = try model.required("vocab")
    guard let object = field.value.object else { throw field.unexpected("an object") }
    var size = 0
    for member in object.members {
      let entry = TokenizerField(value: member.value, place: "\(field.place)[\(quoted(member.key.text))]")
      size = max(size, try entry.id() + 1)
    }
    let largest = max(size - 1, Int(added.map(\.id).max() ?? 0))
    try TokenizerParts.check(
      largestID: largest, tokens: object.count + added.count, place: field.place)
    var vocabulary = Vocabulary(size: size)
    for member in object.members {
      let id = member.value.int!
      if member.key.withBytes({ vocabulary.insert($0, id: id) }) != .done {
        throw FormatError(
          "\(field.place)[\(quoted(member.key.text))]", found: "the id \(id), which another token has",
          expected: "a different id for each token")
      }
    }
    var contents: [Int32: [UInt8]] = [:]
    for (index, token) in added.enumerated() {
      let piece = vocabulary.id(of: token.content)
      let other = contents.updateValue(token.content, forKey: token.id)
      let isTaken = vocabulary.contains(Int(token.id)) && piece != token.id
      if isTaken || piece >= 0 && piece != token.id || other.map({ $0 != token.content }) == true {
        let name = String(decoding: token.content, as: UTF8.self)
        throw FormatError(
          "\(root.place): added_tokens[\(index)]",
          found: "the id \(token.id) for \(quoted(name)), which the vocabulary contradicts",
          expected: "one id for each token")
      }
    }
    return vocabulary
  }
}
