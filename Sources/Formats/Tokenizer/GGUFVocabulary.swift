/// The members `tokenizer.ggml.*` of a GGUF file, as plain values.
public struct GGUFVocabulary: Sendable {
  /// `model`: `gpt2` (byte-level) or `llama` (SentencePiece).
  public var model: String
  /// `pre`: how text is cut into words; of `gpt2` only.
  public var pre: String?
  /// `tokens`: the pieces, by id.
  public var tokens: [[UInt8]]
  /// `scores`: the larger the earlier a piece is merged; of `llama` only.
  public var scores: [Float]?
  /// `token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
  public var types: [Int32]?
  /// `merges`: "left right"; of `gpt2` only.
  public var merges: [[UInt8]]?
  /// `bos_token_id`
  public var bos: Int?
  /// `eos_token_id`
  public var eos: Int?
  /// `unknown_token_id`
  public var unknown: Int?
  /// `padding_token_id`
  public var padding: Int?
  /// `add_bos_token`
  public var addBOS: Bool?
  /// `add_eos_token`
  public var addEOS: Bool?
  /// `add_space_prefix`
  public var addSpacePrefix: Bool?

  /// Makes a vocabulary; what a file does not say stays nil.
  public init(
    model: String, pre: String? = nil, tokens: [[UInt8]], scores: [Float]? = nil,
    types: [Int32]? = nil, merges: [[UInt8]]? = nil, bos: Int? = nil, eos: Int? = nil,
    unknown: Int? = nil, padding: Int? = nil, addBOS: Bool? = nil, addEOS: Bool? = nil,
    addSpacePrefix: Bool? = nil
  ) {
    self.model = model
    self.pre = pre
    self.tokens = tokens
    self.scores = scores
    self.types = types
    self.merges = merges
    self.bos = bos
    self.eos = eos
    self.unknown = unknown
    self.padding = padding
    self.addBOS = addBOS
    self.addEOS = addEOS
    self.addSpacePrefix = addSpacePrefix
  }
}
