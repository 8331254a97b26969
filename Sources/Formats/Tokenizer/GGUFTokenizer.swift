extension Tokenizer {
  /// Makes the tokenizer that a GGUF file describes; `name` is the file's name for messages.
  ///
  /// Control and user-defined tokens are recognised in the text, as Hugging Face's library does. Qwen's text is
  /// brought into normalisation form C as its `tokenizer.json` demands, though the file cannot say so.
  public convenience init(gguf vocabulary: GGUFVocabulary, name: String) throws {
    let reader = GGUFTokenizerReader(source: vocabulary, name: name)
    switch vocabulary.model {
    case "gpt2": self.init(try reader.byteLevel())
    case "llama": self.init(try reader.sentencePiece())
    default:
      throw FormatError(
        "\(name): tokenizer.ggml.model", found: quoted(vocabulary.model),
        expected: "\"gpt2\" or \"llama\"", remedy: "This tokenizer is not supported.")
    }
  }
}

/// Builds a tokenizer's parts from a GGUF vocabulary.
struct GGUFTokenizerReader {
  let source: GGUFVocabulary
  let name: String

  private enum TokenType { static let unknown: Int32 = 2, control: Int32 = 3, user: Int32 = 4 }

  func fault(_ key: String, _ found: String, _ expected: String) -> FormatError {
    FormatError("\(name): tokenizer.ggml.\(key)", found: found, expected: expected)
  }

  func type(_ id: Int) -> Int32 { source.types?[id] ?? 1 }

  /// Whether merges can make the piece.
  func isText(_ id: Int) -> Bool {
    switch type(id) {
    case TokenType.unknown, TokenType.control, 6: return false
    default: return true
    }
  }

  // MARK: Both kinds

  private func vocabulary() throws -> Vocabulary {
    let count = source.tokens.count
    if count == 0 || count > TokenizerParts.largestID {
      throw fault("tokens", "\(count) tokens", "1 to \(TokenizerParts.largestID)")
    }
    let bytes = source.tokens.reduce(0) { $0 + $1.count }
    guard bytes <= Vocabulary.longest else {
      throw fault("tokens", "\(bytes) bytes in all", "at most \(Vocabulary.longest)")
    }
    for (key, other) in [("token_type", source.types?.count), ("scores", source.scores?.count)] {
      if let other, other != count {
        throw fault(key, "\(other) entries", "one for each of the \(count) tokens")
      }
    }
    var vocabulary = Vocabulary(size: count)
    for (id, token) in source.tokens.enumerated() {
      _ = token.withUnsafeBufferPointer { vocabulary.insert($0, id: id, keepsRepeated: true) }
    }
    return vocabulary
  }

  private func addedTokens() throws -> [AddedToken] {
    let count = source.types?.count { (TokenType.unknown...TokenType.user).contains($0) } ?? 0
    guard count <= TokenizerParts.addedLimit else {
      throw fault("token_type", "\(count) special tokens", "at most \(TokenizerParts.addedLimit)")
    }
    return try source.tokens.indices.compactMap { id in
      switch type(id) {
      case TokenType.unknown, TokenType.control, TokenType.user:
        if source.tokens[id].isEmpty { return nil }
        guard source.tokens[id].count <= AddedToken.longest else {
          throw fault(
            "tokens[\(id)]", "a special token of \(source.tokens[id].count) bytes",
            "at most \(AddedToken.longest)")
        }
        // What is not UTF-8 is in no text, and must not be found in the middle of a character.
        let isText = String(validating: source.tokens[id], as: UTF8.self) != nil
        return AddedToken(
          id: Int32(id), content: source.tokens[id], matched: isText ? nil : [],
          isSpecial: type(id) != TokenType.user)
      default: return nil
      }
    }
  }

  private func id(_ value: Int?, _ key: String) throws -> Int32? {
    guard let value else { return nil }
    if !source.tokens.indices.contains(value) {
      throw fault(key, "\(value)", "an id below \(source.tokens.count)")
    }
    return Int32(value)
  }

  private func finish(_ parts: inout TokenizerParts, addsBOS: Bool) throws {
    parts.bosToken = try id(source.bos, "bos_token_id")
    parts.eosToken = try id(source.eos, "eos_token_id")
    parts.padToken = try id(source.padding, "padding_token_id")
    if source.addBOS ?? addsBOS, let bos = parts.bosToken { parts.postProcessor.prefix = [bos] }
    if source.addEOS ?? false, let eos = parts.eosToken { parts.postProcessor.suffix = [eos] }
  }

  // MARK: Byte-level

  func byteLevel() throws -> TokenizerParts {
    let vocabulary = try vocabulary()
    var steps: [SplitStep]
    var normalizer = Normalizer.none
    var isLlama3 = false
    switch source.pre {
    case "llama-bpe", "llama3", "llama-v3":
      steps = [.pattern(.llama3)]
      isLlama3 = true
    case "qwen2":
      steps = [.pattern(.qwen2)]
      normalizer = .nfc
    case "gpt-2": steps = [.pattern(.gpt2)]
    case "smollm": steps = [.pattern(.digits), .pattern(.gpt2)]
    default:
      var error = fault(
        "pre", source.pre.map { quoted($0) } ?? "nothing",
        "llama-bpe, llama3, llama-v3, qwen2, gpt-2 or smollm")
      error.remedy = "Use the model's tokenizer.json instead."
      throw error
    }
    if source.addSpacePrefix == true { steps.insert(.addSpace, at: 0) }
    var bpe = BPE(alphabet: .bytes, byteIDs: [], pairs: try pairs(vocabulary))
    bpe.setByteAlphabet(vocabulary)
    bpe.unknown = try id(source.unknown, "unknown_token_id") ?? -1
    if isLlama3 { bpe.wholeWords = vocabulary.decodedFromByteAlphabet() }
    var parts = TokenizerParts(
      vocabulary: vocabulary, added: try addedTokens(), normalizer: normalizer,
      preTokenizer: .steps(steps), model: bpe, decoder: Decoder(steps: [.byteLevel]))
    try finish(&parts, addsBOS: isLlama3)
    return parts
  }

  private func pairs(_ vocabulary: Vocabulary) throws -> PairTable {
    guard let merges = source.merges else { throw fault("merges", "nothing", "the list of merges") }
    var pairs = PairTable(capacity: merges.count)
    for (rank, merge) in merges.enumerated() {
      var joined: [UInt8] = []
      let split = merge.withUnsafeBufferPointer { BPEReader.appendLine($0, to: &joined) }
      let left = split.map { vocabulary.id(of: Array(joined[..<$0])) } ?? -1
      let right = split.map { vocabulary.id(of: Array(joined[$0...])) } ?? -1
      let whole = vocabulary.id(of: joined)
      if left < 0 || right < 0 || whole < 0 {
        throw fault(
          "merges[\(rank)]", quoted(String(decoding: merge, as: UTF8.self)),
          "two tokens that make a third")
      }
      pairs.insert(left, right, rank: UInt32(rank), id: whole)
    }
    return pairs
  }

  // MARK: SentencePiece

  func sentencePiece() throws -> TokenizerParts {
    let vocabulary = try vocabulary()
    var bpe = BPE(alphabet: .scalars, byteIDs: [], pairs: PairTable(capacity: vocabulary.size))
    bpe.byteIDs = (0..<256).map { vocabulary.id(of: Array(BPEReader.fallbackPiece($0).utf8)) }
    bpe.unknown = try id(source.unknown ?? 0, "unknown_token_id") ?? -1
    bpe.fusesUnknown = true
    try ScoredMerges(reader: self, vocabulary: vocabulary).fill(&bpe)
    let addsSpace = source.addSpacePrefix ?? true
    var decoder = Decoder(steps: [
      .replace(RewrittenText.mark, with: [0x20]), .byteFallback, .fuse,
    ])
    if addsSpace { decoder.steps.append(.strip([0x20], start: 1, end: 0)) }
    var parts = TokenizerParts(
      vocabulary: vocabulary, added: try addedTokens(),
      normalizer: .marks(prefix: addsSpace, spaces: true),
      preTokenizer: .whole(cutsAtMarks: bpe.canCutAtMarks(vocabulary)), model: bpe,
      decoder: decoder)
    try finish(&parts, addsBOS: true)
    return parts
  }
}

/// SentencePiece's merges, which follow from the scores: any two neighbours that make a piece, the best piece first.
private struct ScoredMerges {
  let reader: GGUFTokenizerReader
  let vocabulary: Vocabulary

  /// The longest piece that is cut into halves, in bytes; those in use have less than 100.
  static let longestPiece = 256
  /// The most pairs that may merge; Gemma's 256,000 pieces, the most in use, have 600,000.
  static let mostPairs = 1 << 20

  func fill(_ bpe: inout BPE) throws {
    let ranks = try ranks()
    // The work on a piece grows with the square of its length.
    if let id = reader.source.tokens.firstIndex(where: { $0.count > Self.longestPiece }) {
      throw reader.fault(
        "tokens[\(id)]", "\(reader.source.tokens[id].count) bytes", "at most \(Self.longestPiece)")
    }
    let pieces = reader.source.tokens.indices.filter { id in
      reader.isText(id) && String(validating: reader.source.tokens[id], as: UTF8.self) != nil
    }
    for id in pieces {
      let piece = reader.source.tokens[id]
      if let scalar = single(piece[...]), bpe.scalarIDs[scalar] < 0 {
        bpe.scalarIDs.insert(scalar, id: Int32(id))
      }
    }
    bpe.firstPseudo = Int32(vocabulary.size)
    var next = bpe.firstPseudo
    for id in pieces {
      for character in characters(of: reader.source.tokens[id]) {
        // A character without a token can still be part of a longer piece.
        let scalar = single(character)!
        if bpe.scalarIDs[scalar] < 0 {
          bpe.scalarIDs.insert(scalar, id: next)
          next += 1
        }
      }
    }
    for id in pieces {
      let piece = reader.source.tokens[id]
      for character in characters(of: piece).dropFirst() {
        let left = symbol(piece[..<character.startIndex], bpe)
        let right = symbol(piece[character.startIndex...], bpe)
        guard left >= 0, right >= 0 else { continue }
        bpe.pairs.insert(left, right, rank: ranks[id], id: Int32(id))
        guard bpe.pairs.count <= Self.mostPairs else {
          throw reader.fault(
            "tokens", "more than \(Self.mostPairs) pairs of tokens that make a third", "at most as many")
        }
      }
    }
  }

  /// By id: how many different scores are better.
  private func ranks() throws -> [UInt32] {
    guard let scores = reader.source.scores else {
      throw reader.fault("scores", "nothing", "a score for each token")
    }
    if let id = scores.firstIndex(where: \.isNaN) {
      throw reader.fault("scores[\(id)]", "NaN", "a number")
    }
    var ranks = [UInt32](repeating: 0, count: scores.count)
    var rank: UInt32 = 0
    var last: Float?
    for id in scores.indices.sorted(by: { scores[$0] > scores[$1] }) {
      if let last, last != scores[id] { rank += 1 }
      last = scores[id]
      ranks[id] = rank
    }
    return ranks
  }

  private func symbol(_ piece: ArraySlice<UInt8>, _ bpe: BPE) -> Int32 {
    if let scalar = single(piece) { return bpe.scalarIDs[scalar] }
    let id = piece.withUnsafeBufferPointer { vocabulary.id(of: $0) }
    return id >= 0 && reader.isText(Int(id)) ? id : -1
  }

  /// The scalar, where a valid piece is one alone.
  private func single(_ piece: ArraySlice<UInt8>) -> UInt32? {
    guard let first = piece.first, piece.count == BPE.scalarLength(first) else { return nil }
    return piece.withUnsafeBufferPointer { decodeScalar($0.baseAddress!).scalar }
  }

  private func characters(of piece: [UInt8]) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var position = 0
    while position < piece.count {
      let end = position + BPE.scalarLength(piece[position])
      result.append(piece[position..<end])
      position = end
    }
    return result
  }
}
