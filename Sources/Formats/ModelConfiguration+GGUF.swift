extension ModelConfiguration {
  /// Reads the metadata of a GGUF file, and from its tensors what the metadata does not say.
  ///
  /// Throws `FormatError` for an architecture, rotary scaling or layout that is not supported, naming it, and for every
  /// value out of range.
  public init(_ gguf: GGUF) throws {
    let reader = try GGUFConfigurationReader(gguf)
    try reader.refuseUnsupported()
    let layers = try reader.int("block_count", Self.layerCounts)
    let width = try reader.int("embedding_length", Self.widths)
    let heads = try reader.int("attention.head_count", Self.headCounts)
    let window = try reader.int("attention.sliding_window", 0...Self.lengths.upperBound, default: 0)
    self.init(
      family: reader.family, width: width,
      hiddenWidth: try reader.int("feed_forward_length", Self.widths),
      layers: layers, heads: heads,
      keyValueHeads: try reader.int("attention.head_count_kv", Self.headCounts, default: heads),
      headSize: try reader.headSize(width: width, heads: heads),
      vocabularySize: try reader.vocabularySize(),
      normEpsilon: try reader.positive("attention.layer_norm_rms_epsilon"),
      ropeTheta: try reader.positive("rope.freq_base", default: 10_000),
      ropeScaling: try reader.ropeScaling(),
      windows: Array(repeating: window == 0 ? nil : window, count: layers),
      maximumPositions: try reader.int("context_length", Self.lengths))
    let first = "model.layers.0."
    attentionBias =
      gguf.contains(first + "self_attn.q_proj.bias")
      || (family == .qwen2 && gguf.listings.isEmpty)
    outputBias = gguf.contains(first + "self_attn.o_proj.bias")
    queryKeyNorm = family == .qwen3
    tiedEmbeddings = !gguf.contains("lm_head.weight")
    isCausal = try gguf.metadata.bool(reader.key("attention.causal")) ?? true
    beginToken = try gguf.metadata.token("bos_token_id")
    endTokens = try gguf.metadata.token("eos_token_id").map { [$0] } ?? []
    paddingToken = try gguf.metadata.token("padding_token_id")
    pairedRotation = family == .llama || family == .mistral
    storedDataType =
      gguf.listings.first { $0.name == first + "self_attn.q_proj.weight" }?.format.description
    try check(gguf.file.name)
  }
}

/// Reads checked values from the metadata of a GGUF file under the prefix of its architecture.
private struct GGUFConfigurationReader {
  let gguf: GGUF
  let family: ModelFamily
  var metadata: GGUFMetadata { gguf.metadata }

  init(_ gguf: GGUF) throws {
    self.gguf = gguf
    let key = "general.architecture"
    let name = try gguf.metadata.text(key)
    guard let family = name.flatMap(ModelFamily.init) else {
      throw FormatError(
        gguf.metadata.place(key), found: name.map { quoted($0) } ?? "nothing",
        expected: ModelConfiguration.supportedFamilies)
    }
    self.family = family
  }

  func key(_ suffix: String) -> String { "\(family.rawValue).\(suffix)" }

  /// An integer, or an array of equal ones: some converters give one for each layer.
  func int(_ suffix: String, _ range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int {
    let key = key(suffix)
    guard let value = metadata[key] else {
      guard let fallback else { throw metadata.wrong(key, expected: "an integer") }
      return fallback
    }
    var int = value.int
    if case .array = value {
      guard try metadata.count(key) ?? 0 <= ModelConfiguration.layerCounts.upperBound else {
        throw metadata.wrong(
          key, expected: "at most \(ModelConfiguration.layerCounts.upperBound) elements")
      }
      let layers = try metadata.ints(key) ?? []
      guard let first = layers.first, layers.allSatisfy({ $0 == first }) else {
        throw metadata.wrong(key, expected: "the same number for all layers")
      }
      int = first
    }
    guard let int, range.contains(int) else {
      throw metadata.wrong(
        key, expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return int
  }

  /// A finite number above zero.
  func positive(_ suffix: String, default fallback: Double? = nil) throws -> Double {
    let key = key(suffix)
    guard let value = try metadata.double(key) ?? fallback, value > 0, value.isFinite else {
      throw metadata.wrong(key, expected: "a number above 0")
    }
    return value
  }

  func refuseUnsupported() throws {
    let type = try metadata.text("general.type") ?? "model"
    guard type == "model" else {
      throw FormatError(
        metadata.place("general.type"), found: quoted(type), expected: "\"model\"",
        remedy: type == "adapter" ? "Give the base model here." : "")
    }
    guard try metadata.int("split.count") ?? 1 <= 1 else {
      throw metadata.wrong("split.count", expected: "a model in one file").advising(
        "Merge the parts with llama-gguf-split --merge.")
    }
    guard try int("expert_count", 0...Int.max, default: 0) == 0 else {
      throw metadata.wrong(key("expert_count"), expected: "0: a model without experts")
    }
    for name in ["gate_proj", "up_proj", "down_proj"] {
      guard !gguf.contains("model.layers.0.mlp.\(name).bias") else {
        throw FormatError(
          gguf.file.name, found: "a bias in mlp.\(name)", expected: "feed-forward without biases")
      }
    }
  }

  func headSize(width: Int, heads: Int) throws -> Int {
    guard metadata[key("attention.key_length")] != nil || width.isMultiple(of: heads) else {
      throw FormatError(
        gguf.file.name, found: "an embedding_length of \(width) over \(heads) heads",
        expected: "a whole number of values for each head")
    }
    let size = try int(
      "attention.key_length", ModelConfiguration.widths, default: max(1, width / heads))
    for suffix in ["attention.value_length", "rope.dimension_count"] {
      guard try int(suffix, ModelConfiguration.widths, default: size) == size else {
        throw metadata.wrong(key(suffix), expected: "\(size), the head size")
      }
    }
    return size
  }

  /// The rows of the embedding; without tensors, the length of the token list.
  func vocabularySize() throws -> Int {
    let embedding = gguf.listings.first { $0.name == "model.embed_tokens.weight" }
    let stated = try metadata.int(key("vocab_size"))
    let tokenKey = "tokenizer.ggml.tokens"
    var tokens: Int?
    if case .array(let array)? = metadata[tokenKey] { tokens = array.count }
    guard let size = embedding?.shape[0] ?? tokens ?? stated,
      ModelConfiguration.vocabularySizes.contains(size)
    else {
      throw metadata.wrong(tokenKey, expected: "a list of tokens")
    }
    guard tokens ?? 0 <= size else {
      throw metadata.wrong(tokenKey, expected: "at most \(size), the rows of the embedding")
    }
    return size
  }

  func ropeScaling() throws -> RopeScaling {
    if gguf.contains("rope_freqs.weight") { return .divisors(try divisors()) }
    let typeKey = key("rope.scaling.type")
    switch try metadata.text(typeKey) {
    case nil, "none":
      // The spelling before scaling had types.
      let factor = try positive("rope.scale_linear", default: 1)
      return factor == 1 ? .none : .linear(factor: factor)
    case "linear": return .linear(factor: try positive("rope.scaling.factor"))
    case let other?:
      throw FormatError(
        metadata.place(typeKey), found: quoted(other), expected: "none or linear")
    }
  }

  /// The values of `rope_freqs.weight`.
  private func divisors() throws -> [Float] {
    let tensor = try gguf.tensor("rope_freqs.weight")
    let values =
      tensor.format == .f32 && tensor.count <= 1 << 16
      ? tensor.withBytes { Array($0.bindMemory(to: Float.self)) } : []
    guard !values.isEmpty, values.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw FormatError(
        tensorPlace(gguf.file.name, tensor.name), found: "\(tensor.format) \(tensor.shape)",
        expected: "a short list of positive f32 values")
    }
    return values
  }
}

extension FormatError {
  /// The same error with a remedy.
  func advising(_ remedy: String) -> FormatError {
    var error = self
    error.remedy = remedy
    return error
  }
}
