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
  static let largestID = 1 << 19
  /// The most added tokens of a file; those in use have some hundreds.
  static let addedLimit = 1 << 16

  /// Throws a `FormatError` at `place` where an id is far beyond the number of tokens: tables go by ids.
  static func check(largestID id: Int, tokens: Int, place: String) throws {
    let limit = 2 * tokens + 65_535
    guard id <= limit else {
      throw FormatError(
        place, found: "the id \(id) among \(tokens) tokens", expected: "ids of at most \(limit)")
    }
  }

  /// Whether the vocabulary's pieces are written in the byte alphabet.
  var isByteLevel: Bool { model.alphabet == .bytes }
}
