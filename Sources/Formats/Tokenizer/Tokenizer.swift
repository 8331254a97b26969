import Synchronization

/// Turns text into token ids and back, as the model's own tokenizer does.
///
/// It reads a Hugging Face `tokenizer.json` or the vocabulary inside a GGUF file and takes the byte-pair models of the
/// LLaMA family. Ids and ranges equal those of Hugging Face's library. One tokenizer may serve many threads at once.
public final class Tokenizer: Sendable {
  private let parts: TokenizerParts
  private let encoder: TokenizerEncoder
  private let addedByID: [Int32: AddedToken]
  /// Workspaces that no call uses at present; never more than calls ran at once.
  private let workspaces = Mutex<[TokenizerWorkspace]>([])

  /// One more than the largest id; an embedding must have at least so many rows.
  public let vocabularySize: Int
  /// The id that marks the beginning of a text, where the file names one.
  public let bosToken: Int32?
  /// The id that marks the end of a text, where the file names one.
  public let eosToken: Int32?
  /// The id for padding, where the file names one.
  public let padToken: Int32?
  /// Whether the vocabulary covers every byte by itself (GPT-2's way) rather than characters (SentencePiece's way).
  public var isByteLevel: Bool { parts.isByteLevel }

  /// What comes around a single text.
  var templateOfOne: (prefix: [Int32], suffix: [Int32]) { (parts.postProcessor.prefix, parts.postProcessor.suffix) }

  /// What comes around the texts of a pair.
  func pairTemplate(_ separator: Int32?) -> PairTemplate {
    parts.postProcessor.pairTemplate(separator: separator ?? eosToken ?? bosToken ?? padToken)
  }

  init(_ parts: TokenizerParts) {
    var parts = parts
    for index in parts.added.indices where parts.added[index].isNormalized {
      var storage = RewrittenText()
      var content: [UInt8] = []
      parts.added[index].content.withUnsafeBufferPointer { bytes in
        parts.normalizer.apply(to: bytes, origin: 0, storage: &storage) {
          content = Array($0.bytes)
        }
      }
      parts.added[index].matched = content
    }
    let added = parts.added
    let addedByID = Dictionary(added.map { ($0.id, $0) }) { first, _ in first }
    self.addedByID = addedByID
    let vocabularySize = max(parts.vocabulary.size, Int(added.map(\.id).max() ?? -1) + 1)
    self.vocabularySize = vocabularySize
    if parts.postProcessor.trimsSpaces {
      parts.postProcessor.spaces = (0..<vocabularySize).map { id in
        if addedByID[Int32(id)] != nil { return PostProcessor.asInText }
        return PostProcessor.spaces(of: parts.vocabulary.piece(id) ?? [])
      }
    }
    bosToken = parts.bosToken
    eosToken = parts.eosToken
    padToken = parts.padToken
    encoder = TokenizerEncoder(
      parts: parts, raw: AddedTokenMatcher(added.filter { !$0.isNormalized }),
      normalized: AddedTokenMatcher(added.filter(\.isNormalized)))
    self.parts = parts
  }
}

// MARK: Encoding

extension Tokenizer {
  /// Tokens for which a workspace keeps room.
  private static let keptTokens = 1 << 16

  /// Encodes a text; with `addSpecialTokens` the template's tokens (such as the one for the beginning) come around it.
  public func encode(_ text: String, addSpecialTokens: Bool = true) -> Encoding {
    withWorkspace { workspace in
      encode(text, into: &workspace)
      guard workspace.tokens.count > Self.keptTokens else {
        return Encoding(tokens: finish(workspace.tokens, addSpecialTokens))
      }
      // The tokens of a long text go to the caller as they are: a copy costs more than making room for the next.
      let tokens = workspace.tokens
      workspace.tokens = []
      return Encoding(tokens: finish(consume tokens, addSpecialTokens))
    }
  }

  /// Encodes a sentence that is split into words already, as tagging needs.
  ///
  /// Each word is encoded by itself, as Hugging Face's library does with `is_split_into_words`; an empty word makes no
  /// token. With `prefixSpace` a byte-level tokenizer sees each word but the first with a space before it, as in
  /// running text; the ranges do not count that space. SentencePiece tokenizers mark every word in any case.
  public func encode(
    words: [String], prefixSpace: Bool, addSpecialTokens: Bool = true
  ) -> Encoding {
    withWorkspace { workspace in
      var tokens: [Token] = []
      var indices: [Int32] = []
      for (index, word) in words.enumerated() {
        workspace.tokens.removeAll(keepingCapacity: true)
        if prefixSpace, isByteLevel, index > 0, !word.isEmpty {
          encode(" " + word, into: &workspace)
          for token in workspace.tokens.indices { workspace.tokens[token].dropFirstCharacter() }
        } else {
          encode(word, into: &workspace)
        }
        tokens.append(contentsOf: workspace.tokens)
        indices.append(contentsOf: repeatElement(Int32(index), count: workspace.tokens.count))
      }
      if addSpecialTokens {
        indices.insert(contentsOf: parts.postProcessor.prefix.map { _ in -1 }, at: 0)
        indices.append(contentsOf: parts.postProcessor.suffix.map { _ in -1 })
      }
      return Encoding(tokens: finish(tokens, addSpecialTokens), words: indices)
    }
  }

  /// Appends the tokens of a text to those of the workspace, with both ranges.
  private func encode(_ text: String, into workspace: inout TokenizerWorkspace) {
    var text = text
    text.withUTF8 { bytes in
      // Growing step by step would fault in every page several times.
      if bytes.count > Self.keptTokens { workspace.tokens.reserveCapacity(bytes.count / 2) }
      encoder.encode(bytes, &workspace)
      parts.postProcessor.trim(&workspace.tokens, of: bytes)
      countCharacters(&workspace.tokens, of: bytes)
    }
  }

  /// The tokens, copied out of the workspace unless they are many, with those of the template around them.
  private func finish(_ tokens: consuming [Token], _ addSpecialTokens: Bool) -> [Token] {
    func special(_ id: Int32) -> Token {
      Token(id: id, bytes: 0..<0, characters: 0..<0, isSpecial: true)
    }
    let prefix = addSpecialTokens ? parts.postProcessor.prefix : []
    let suffix = addSpecialTokens ? parts.postProcessor.suffix : []
    if tokens.count > Self.keptTokens {
      var result = consume tokens
      result.insert(contentsOf: prefix.map(special), at: 0)
      result.append(contentsOf: suffix.map(special))
      return result
    }
    var result: [Token] = []
    result.reserveCapacity(prefix.count + tokens.count + suffix.count)
    for id in prefix { result.append(special(id)) }
    result.append(contentsOf: tokens)
    for id in suffix { result.append(special(id)) }
    return result
  }

  /// Fills in the ranges of scalars from those of bytes, which never move far back.
  private func countCharacters(_ tokens: inout [Token], of text: UnsafeBufferPointer<UInt8>) {
    if text.reduce(0, |) < 0x80 {
      for index in tokens.indices { tokens[index].characters = tokens[index].bytes }
      return
    }
    var position = 0
    var count = 0
    func characters(before byte: Int) -> Int {
      while position < byte {
        if text[position] & 0xC0 != 0x80 { count += 1 }
        position += 1
      }
      while position > byte {
        position -= 1
        if text[position] & 0xC0 != 0x80 { count -= 1 }
      }
      return count
    }
    for index in tokens.indices {
      let start = characters(before: tokens[index].bytes.lowerBound)
      tokens[index].characters = start..<characters(before: tokens[index].bytes.upperBound)
    }
  }

  private func withWorkspace<Result>(_ body: (inout TokenizerWorkspace) -> Result) -> Result {
    var workspace = workspaces.withLock { $0.popLast() } ?? TokenizerWorkspace()
    let result = body(&workspace)
    // One long text must not hold its memory for ever.
    workspace.tokens.removeAll(keepingCapacity: workspace.tokens.capacity <= Self.keptTokens)
    workspaces.withLock { [workspace] in $0.append(workspace) }
    return result
  }
}

extension Token {
  /// Counts the ranges as if the text lacked its first character, a space.
  fileprivate mutating func dropFirstCharacter() {
    bytes = max(0, bytes.lowerBound - 1)..<max(0, bytes.upperBound - 1)
    characters = max(0, characters.lowerBound - 1)..<max(0, characters.upperBound - 1)
  }
}

// MARK: Vocabulary and decoding

extension Tokenizer {
  /// The id of a token as the file writes it (`Ġthe`, `▁the`, `<s>`), or nil.
  public func id(of token: String) -> Int32? {
    let bytes = Array(token.utf8)
    if let added = parts.added.first(where: { $0.content == bytes }) { return added.id }
    let id = parts.vocabulary.id(of: bytes)
    return id < 0 ? nil : id
  }

  /// The token as the file writes it, or nil where no token has that id.
  public func token(of id: Int32) -> String? {
    piece(id).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes of text that a token stands for, or nil where no token has that id.
  ///
  /// SentencePiece's ▁ is a space here; an added token stands for its own name.
  public func bytes(of id: Int32) -> [UInt8]? {
    guard let piece = piece(id) else { return nil }
    if addedByID[id] != nil { return piece }
    if isByteLevel { return ByteAlphabet.decode(piece) ?? piece }
    if let byte = Decoder.fallbackByte(piece), parts.model.byteIDs[Int(byte)] == id {
      return [byte]
    }
    return Decoder(steps: [.metaspace(dropsFirst: false)]).decode([piece])
  }

  /// Whether an id is that of an added token that decoding may leave out.
  public func isSpecial(_ id: Int32) -> Bool { addedByID[id]?.isSpecial == true }

  /// The text of tokens; bytes that make no UTF-8 become U+FFFD.
  ///
  /// Ids that no token has are left out, and, with `skipSpecialTokens`, those of special tokens.
  public func decode(_ ids: [Int32], skipSpecialTokens: Bool = true) -> String {
    let pieces = ids.compactMap { id in
      skipSpecialTokens && isSpecial(id) ? nil : piece(id)
    }
    return String(decoding: parts.decoder.decode(pieces), as: UTF8.self)
  }

  private func piece(_ id: Int32) -> [UInt8]? {
    addedByID[id]?.content ?? parts.vocabulary.piece(Int(id)).map { Array($0) }
  }
}
