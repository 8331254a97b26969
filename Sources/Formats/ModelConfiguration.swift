/// A model family that this library knows; the raw value is its `model_type` and GGUF architecture.
public enum ModelFamily: String, CaseIterable, Sendable {
  case llama, mistral, qwen2, qwen3
}

/// What a checkpoint says of its model: sizes and options of a LLaMA-like decoder, all of them checked.
///
/// Sizes are positive, heads divide evenly, `headSize` is even, and every product of two sizes fits in an `Int`.
public struct ModelConfiguration: Equatable, Sendable {
  /// The family.
  public var family: ModelFamily
  /// Values in one hidden state (`hidden_size`).
  public var width: Int
  /// Values in the middle of the feed-forward block (`intermediate_size`).
  public var hiddenWidth: Int
  /// Decoder layers.
  public var layers: Int
  /// Query heads.
  public var heads: Int
  /// Key and value heads; divides `heads`.
  public var keyValueHeads: Int
  /// Values in one head; `heads · headSize` need not be `width`.
  public var headSize: Int
  /// Rows of the embedding; token ids are below it.
  public var vocabularySize: Int
  /// What the RMS norms add to the mean square.
  public var normEpsilon: Double
  /// The base of the rotary frequencies.
  public var ropeTheta: Double
  /// How rotary frequencies are stretched.
  public var ropeScaling: RopeScaling = .none
  /// Whether the query, key and value projections have biases.
  public var attentionBias = false
  /// Whether the output projection of attention has a bias.
  public var outputBias = false
  /// Whether queries and keys are normalised in each head (Qwen 3).
  public var queryKeyNorm = false
  /// Whether the embedding serves as `lm_head` too, which then is not stored.
  public var tiedEmbeddings = false
  /// For each layer the number of positions that a token sees, itself included; nil for all.
  public var windows: [Int?]
  /// Whether a token sees only itself and those before it.
  public var isCausal = true
  /// The greatest length that the model was made for, in tokens.
  public var maximumPositions: Int
  /// The token that begins a text.
  public var beginToken: Int?
  /// The tokens that end a text; the first is the one to append.
  public var endTokens: [Int] = []
  /// The token that fills up batches.
  public var paddingToken: Int?
  /// Whether rows of query and key weights are stored for rotation of neighbouring pairs; see `unpermutedRows`.
  public var pairedRotation = false
  /// The names of the classes in order (`id2label`); nil where the checkpoint is no classifier.
  public var labels: [String]?
  /// How the checkpoint names the type of its weights, such as `bfloat16`; for display.
  public var storedDataType: String?

  /// The window that all windowed layers share; nil where no layer has one.
  public var slidingWindow: Int? { windows.lazy.compactMap { $0 }.first }
  /// How many query heads share one key and value head.
  public var headsPerKeyValueHead: Int { heads / keyValueHeads }
}

extension ModelConfiguration {
  /// Throws `FormatError` unless the sizes go together.
  func check(_ place: String) throws {
    func refuse(_ found: String, _ expected: String, _ remedy: String = "") -> FormatError {
      FormatError(place, found: found, expected: expected, remedy: remedy)
    }
    guard heads.isMultiple(of: keyValueHeads) else {
      throw refuse(
        "\(heads) heads over \(keyValueHeads) key-value heads", "a whole number of heads for each")
    }
    guard headSize.isMultiple(of: 2) else {
      throw refuse("a head size of \(headSize)", "an even one, for rotary embedding")
    }
    guard heads * headSize <= Self.widths.upperBound else {
      throw refuse(
        "\(heads) heads of \(headSize)", "at most \(Self.widths.upperBound) values in all")
    }
    if case .divisors(let divisors) = ropeScaling, divisors.count != headSize / 2 {
      throw refuse("\(divisors.count) rotary divisors", "\(headSize / 2), half the head size")
    }
    for (name, tokens) in [
      ("begin", [beginToken].compactMap { $0 }), ("end", endTokens),
      ("padding", [paddingToken].compactMap { $0 }),
    ] {
      for token in tokens where token >= vocabularySize {
        throw refuse(
          "\(token) as the \(name) token", "an id below the vocabulary's size, \(vocabularySize)",
          "Mend the id, or remove it.")
      }
    }
  }

  // Far above every model there is, and low enough that no product of two sizes overflows.
  static let widths = 1...(1 << 20)
  static let layerCounts = 1...4096
  static let headCounts = 1...(1 << 14)
  static let vocabularySizes = 1...(1 << 26)
  static let lengths = 1...(1 << 40)
}
