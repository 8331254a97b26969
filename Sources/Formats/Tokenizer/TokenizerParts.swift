/// What a tokenizer is made of, whatever file it came from.
struct TokenizerParts: Sendable {
  /// The model's pieces as they stand in the file.
  var vocabulary: Vocabulary
  /// Added tokens in the order of the file.
  var added: [AddedToken] = []
  var normalizer = Normalizer.none
  var preTokenizer: PreTokenizer
  var model: BPE
  var postProcessor = PostProcessor()
  var decoder: Decoder
  var bosToken: Int32?
  var eosToken: Int32?
  var padToken: Int32?

  /// The largest id that a file may name; far above every vocabulary in use, far below what would exhaust memory.
  static let largestID = 1 << 22

  /// Whether the vocabulary's pieces are written in the byte alphabet.
  var isByteLevel: Bool { model.alphabet == .bytes }
}
