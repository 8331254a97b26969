/// One token of an encoded text, with the part of the text that it stands for.
public struct Token: Equatable, Sendable {
  /// The row of the embedding.
  public var id: Int32
  /// Whether the template added it; such a token stands for no text and its ranges are empty.
  public var isSpecial: Bool
  // Texts are shorter than 2 GiB, and a long one has millions of tokens.
  private var byteStart: Int32
  private var byteEnd: Int32
  private var characterStart: Int32
  private var characterEnd: Int32

  /// Makes a token; no bound may exceed `Int32.max`.
  public init(id: Int32, bytes: Range<Int>, characters: Range<Int>, isSpecial: Bool = false) {
    self.id = id
    self.isSpecial = isSpecial
    (byteStart, byteEnd) = (Int32(bytes.lowerBound), Int32(bytes.upperBound))
    (characterStart, characterEnd) = (Int32(characters.lowerBound), Int32(characters.upperBound))
  }

  /// The UTF-8 bytes of the original text; always whole Unicode scalars, so neighbours may overlap.
  public var bytes: Range<Int> {
    get { Int(byteStart)..<Int(byteEnd) }
    set { (byteStart, byteEnd) = (Int32(newValue.lowerBound), Int32(newValue.upperBound)) }
  }

  /// The same part counted in Unicode scalars, as Python counts characters.
  public var characters: Range<Int> {
    get { Int(characterStart)..<Int(characterEnd) }
    set { (characterStart, characterEnd) = (Int32(newValue.lowerBound), Int32(newValue.upperBound)) }
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
