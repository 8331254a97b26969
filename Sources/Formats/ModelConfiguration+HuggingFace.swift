extension ModelConfiguration {
  /// Reads a `config.json` of transformers 4 or 5; `name` is its path, for messages.
  ///
  /// What the file leaves out takes the default of transformers for its family. Throws `FormatError` for a family,
  /// rotary scaling, activation or quantisation that is not supported, naming it, and for every value out of range.
  public init(config json: JSON, name: String) throws {
    guard let object = json.object else {
      throw FormatError(name, found: json.kind, expected: "an object")
    }
    let reader = ConfigurationReader(place: name, object: object)
    let family = try Self.family(reader)
    try Self.refuseUnsupported(reader)
    let width = try reader.int("hidden_size", Self.widths)
    let heads = try reader.int("num_attention_heads", Self.headCounts)
    let layers = try reader.int("num_hidden_layers", Self.layerCounts)
    let positions = try reader.int(
      "max_position_embeddings", Self.lengths, default: family.defaultPositions)
    self.init(
      family: family, width: width,
      hiddenWidth: try reader.int("intermediate_size", Self.widths),
      layers: layers, heads: heads,
      keyValueHeads: try Self.keyValueHeads(reader, family, heads: heads),
      headSize: try Self.headSize(reader, family, width: width, heads: heads),
      vocabularySize: try reader.int("vocab_size", Self.vocabularySizes),
      normEpsilon: try reader.positive("rms_norm_eps", default: 1e-6),
      ropeTheta: 10_000, windows: try Self.windows(reader, family, layers: layers),
      maximumPositions: positions)
    (ropeTheta, ropeScaling) = try reader.rope(positions: positions)
    try readOptions(reader)
    try check(name)
  }

  private mutating func readOptions(_ reader: ConfigurationReader) throws {
    // Mistral's layers have no biases whatever the file says, Qwen 2's always have them but for the output.
    let bias = try reader.bool("attention_bias", default: false)
    attentionBias = family == .qwen2 || (family != .mistral && bias)
    outputBias = (family == .llama || family == .qwen3) && bias
    queryKeyNorm = family == .qwen3
    tiedEmbeddings = try reader.bool("tie_word_embeddings", default: false)
    isCausal = try reader.bool("is_causal", default: true)
    beginToken = try reader.tokens("bos_token_id").first
    endTokens = try reader.tokens("eos_token_id")
    paddingToken = try reader.tokens("pad_token_id").first
    labels = try reader.labels()
    storedDataType = try reader.text("dtype") ?? reader.text("torch_dtype")
  }

  private static func family(_ reader: ConfigurationReader) throws -> ModelFamily {
    guard let family = (try reader.text("model_type")).flatMap(ModelFamily.init) else {
      throw reader.wrong("model_type", expected: supportedFamilies)
    }
    return family
  }

  /// The families in words, for messages.
  static var supportedFamilies: String {
    "one of " + ModelFamily.allCases.map(\.rawValue).joined(separator: ", ")
  }

  private static func refuseUnsupported(_ reader: ConfigurationReader) throws {
    let activation = try reader.text("hidden_act") ?? "silu"
    guard activation == "silu" || activation == "swish" else {
      throw reader.wrong("hidden_act", expected: "silu")
    }
    guard try !reader.bool("mlp_bias", default: false) else {
      throw reader.wrong("mlp_bias", expected: "false")
    }
    guard try reader.positive("partial_rotary_factor", default: 1) == 1 else {
      throw reader.wrong("partial_rotary_factor", expected: "1: rotation of whole heads")
    }
    if let quantization = try reader.inner("quantization_config") {
      let method = try quantization.text("quant_method") ?? "unnamed"
      throw FormatError(
        quantization.place, found: "the quantisation \(quoted(method))",
        expected: "plain weights",
        remedy: "Use the unquantised model, or a GGUF file.")
    }
  }

  private static func keyValueHeads(
    _ reader: ConfigurationReader, _ family: ModelFamily, heads: Int
  ) throws -> Int {
    // Absent and null differ in transformers: null means as many as heads.
    let absent =
      switch family {
      case .llama: heads
      case .mistral: 8
      case .qwen2, .qwen3: 32
      }
    let key = "num_key_value_heads"
    return try reader.int(key, headCounts, default: reader.has(key) ? heads : absent)
  }

  private static func headSize(
    _ reader: ConfigurationReader, _ family: ModelFamily, width: Int, heads: Int
  ) throws -> Int {
    if reader.value("head_dim") != nil { return try reader.int("head_dim", widths) }
    if family == .qwen3, !reader.has("head_dim") { return 128 }
    guard width.isMultiple(of: heads) else {
      throw FormatError(
        reader.place, found: "a hidden_size of \(width) over \(heads) heads and no head_dim",
        expected: "a whole number of values for each head")
    }
    return width / heads
  }

  private static func windows(
    _ reader: ConfigurationReader, _ family: ModelFamily, layers: Int
  ) throws -> [Int?] {
    let all = [Int?](repeating: nil, count: layers)
    switch family {
    case .llama: return all
    case .mistral:
      if reader.has("sliding_window"), reader.value("sliding_window") == nil { return all }
    case .qwen2, .qwen3:
      guard try reader.bool("use_sliding_window", default: false) else {
        return try reader.windows(layers: layers, window: nil, from: layers)
      }
      if reader.has("sliding_window"), reader.value("sliding_window") == nil { return all }
    }
    let window = try reader.int("sliding_window", lengths, default: 4096)
    let first =
      family == .mistral ? 0 : try reader.int("max_window_layers", 0...Int.max, default: 28)
    return try reader.windows(layers: layers, window: window, from: first)
  }
}

extension ModelFamily {
  /// The length that transformers takes where the file gives none.
  fileprivate var defaultPositions: Int {
    switch self {
    case .llama: 2048
    case .mistral: 131_072
    case .qwen2, .qwen3: 32_768
    }
  }
}

extension ConfigurationReader {
  /// The window of each layer: as `layer_types` says, or for all layers from `first` on.
  fileprivate func windows(layers: Int, window: Int?, from first: Int) throws -> [Int?] {
    guard let types = value("layer_types") else {
      return (0..<layers).map { $0 >= first ? window : nil }
    }
    guard let types = types.array, types.count == layers else {
      throw wrong("layer_types", expected: "an array with a type for each of \(layers) layers")
    }
    return try types.enumerated().map { layer, type in
      switch type.string {
      case "full_attention": return nil
      case "sliding_attention":
        guard let window else {
          throw FormatError(
            "\(place), layer_types", found: "sliding_attention in layer \(layer) without a window",
            expected: "use_sliding_window and sliding_window beside it")
        }
        return window
      default:
        throw FormatError(
          "\(place), layer_types",
          found: type.string.map { "the type \(quoted($0))" } ?? type.kind,
          expected: "full_attention or sliding_attention")
      }
    }
  }

  /// The labels of `id2label` in the order of their ids, which must be 0, 1, 2 and so on.
  fileprivate func labels() throws -> [String]? {
    guard let map = try inner("id2label"), !map.object.isEmpty else { return nil }
    var labels = [String?](repeating: nil, count: map.object.count)
    for member in map.object.members {
      guard let label = member.value.string else {
        throw map.wrong(member.key.text, expected: "the name of a label")
      }
      guard let id = Int(member.key.text), labels.indices.contains(id), labels[id] == nil else {
        throw FormatError(
          map.place, found: "the id \(quoted(member.key.text))",
          expected: "the ids 0 to \(labels.count - 1), each once")
      }
      labels[id] = label
    }
    return labels.compactMap { $0 }
  }
}
