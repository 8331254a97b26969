/// One token of an encoded text, with the part of the text that it stands for.
public struct Token: Equatable, Sendable {
  /// The row of the embedding.
  public var id: Int32
  /// The UTF-8 bytes of the original text; always whole Unicode scalars, so neighbours may overlap.
  public var bytes: Range<Int>
  /// The same part counted in Unicode scalars, as Python counts characters.
  public var characters: Range<Int>
  /// Whether the template added it; such a token stands for no text and its ranges are empty.
  public var isSpecial: Bool

  /// Makes a token.
  public init(id: Int32, bytes: Range<Int>, characters: Range<Int>, isSpecial: Bool = false) {
    self.id = id
    self.bytes = bytes
    self.characters = characters
    self.isSpecial = isSpecial
  }
}

/// A text or a list of words as tokens.
public struct Encoding: Equatable, Sendable {
  /// The tokens in order. Of pre-split input, the ranges count from the start of each word.
  public var tokens: [Token]
  /// Of pre-split input, the index of each token's word, -1 for tokens that the template added; empty otherwise.
  public var words: [Int32]

  /// The ids of the tokens.
  public var ids: [Int32] { tokens.map(\.id) }

  /// Makes an encoding.
  public init(tokens: [Token], words: [Int32] = []) {
    self.tokens = tokens
    self.words = words
  }
}
