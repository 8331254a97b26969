import Compute
import Formats

/// A pretrained model: frozen weights on a backend. Any number of adapters can be laid over it.
public final class BaseModel: Sendable {
  /// Folder or file that it was read from.
  public let place: String
  /// Every file that it was read from.
  public let files: [String]
  /// Sizes and options.
  public let configuration: ModelConfiguration
  /// Where the weights lie.
  public let backend: any Backend
  /// Identifies the weights; saved with adapters, so that one is never laid over another model unnoticed.
  public let fingerprint: String
  /// Tensors of the files that this model does not use.
  public let unused: [String]
  private let checkpoint: any Checkpoint

  let embedding: Weight
  let layers: [FrozenLayer]
  let norm: RMSNorm

  /// The frozen part of one decoder layer.
  struct FrozenLayer: Sendable {
    let inputNorm, postNorm: RMSNorm
    let queryNorm, keyNorm: RMSNorm?
    let weights: [Projection: Weight]
    let biases: [Projection: Tensor]
  }

  /// Reads a model; weights stay in their stored format, mapped from the file where they can be.
  ///
  /// Throws a `FormatError` for a missing or misshapen tensor, an unsupported format, or a tensor of a decoder layer
  /// that the family does not know.
  public init(_ checkpoint: any Checkpoint, on backend: any Backend) throws {
    self.checkpoint = checkpoint
    place = checkpoint.place
    files = checkpoint.files
    configuration = checkpoint.configuration
    self.backend = backend
    var reader = LayerReader(
      loader: WeightLoader(checkpoint: checkpoint, backend: backend),
      configuration: checkpoint.configuration)
    embedding = try reader.matrix(
      "model.embed_tokens.weight", configuration.vocabularySize, configuration.width)
    norm = try reader.norm("model.norm.weight", configuration.width)
    var layers: [FrozenLayer] = []
    for index in 0..<configuration.layers { layers.append(try reader.layer(index)) }
    self.layers = layers
    unused = checkpoint.names.filter { !reader.used.contains($0) }.sorted()
    // A tensor of a layer that we would leave out changes the result: refuse it. Heads and caches do not.
    if let unknown = unused.first(where: {
      $0.hasPrefix("model.layers.") && !$0.hasSuffix("rotary_emb.inv_freq")
    }) {
      throw FormatError(
        "\(checkpoint.place):\(unknown)", found: "a tensor that \(configuration.family) models lack",
        expected: "projections and norms, biases where the family has them",
        remedy: "The model is of another kind than its configuration says.")
    }
    fingerprint = try Fingerprint.of(checkpoint)
  }

  /// SHA-256 of configuration and tokenizer, which the fingerprint says nothing of.
  func setupHash() throws -> String { try checkpoint.setupHash() }

  /// The same weights under another backend, which must not write to them.
  func borrowed(by backend: any Backend) -> BaseModel { BaseModel(self, on: backend) }

  private init(_ other: BaseModel, on backend: any Backend) {
    (place, files, configuration) = (other.place, other.files, other.configuration)
    (fingerprint, unused, checkpoint) = (other.fingerprint, other.unused, other.checkpoint)
    self.backend = backend
    embedding = other.embedding.borrowed(by: backend)
    norm = other.norm.borrowed(by: backend)
    layers = other.layers.map { layer in
      FrozenLayer(
        inputNorm: layer.inputNorm.borrowed(by: backend), postNorm: layer.postNorm.borrowed(by: backend),
        queryNorm: layer.queryNorm?.borrowed(by: backend), keyNorm: layer.keyNorm?.borrowed(by: backend),
        weights: layer.weights.mapValues { $0.borrowed(by: backend) },
        biases: layer.biases.mapValues { $0.borrowed(by: backend) })
    }
  }

  /// The model with an adapter's pairs and masks in place.
  public func adapted(by adapter: Adapter) throws -> LlamaModel {
    let depth = try configuration.cut(for: adapter.recipe).layers
    try adapter.recipe.attention.validate(layers: depth)
    return model(
      depth, adapter.recipe.attention, recomputes: adapter.recipe.recompute, pair: { adapter.pairs[$0] })
  }

  /// The first layers as they are, under a mask.
  func frozen(_ attention: AttentionPattern, layers depth: Int) -> LlamaModel {
    model(depth, attention, recomputes: false, pair: { _ in nil })
  }

  private func model(
    _ depth: Int, _ attention: AttentionPattern, recomputes: Bool, pair: (ModuleAddress) -> LoRA?
  ) -> LlamaModel {
    let used = layers.prefix(depth).enumerated().map { index, frozen in
      frozen.layer(
        shape: AttentionShape(
          heads: configuration.heads, keyValueHeads: configuration.keyValueHeads,
          headSize: configuration.headSize, causal: !attention.unmasks(index),
          window: configuration.windows[index])
      ) { pair(ModuleAddress(layer: index, projection: $0)) }
    }
    return LlamaModel(
      embedding: embedding, layers: used, norm: norm,
      inverseFrequencies: configuration.inverseFrequencies, recomputes: recomputes)
  }
}

extension BaseModel.FrozenLayer {
  func layer(shape: AttentionShape, pair: (Projection) -> LoRA?) -> DecoderLayer {
    func projections(_ members: Projection...) -> Projections {
      Projections(
        members: members.map { Linear(weight: weights[$0]!, bias: biases[$0], lora: pair($0)) })
    }
    return DecoderLayer(
      inputNorm: inputNorm, postNorm: postNorm, queryNorm: queryNorm, keyNorm: keyNorm,
      queryKeyValue: projections(.query, .key, .value), output: projections(.output),
      gateUp: projections(.gate, .up), down: projections(.down), shape: shape)
  }
}

/// Reads layers and remembers which tensors were used.
private struct LayerReader {
  let loader: WeightLoader
  let configuration: ModelConfiguration
  var used: Set<String> = []

  mutating func matrix(_ name: String, _ rows: Int, _ columns: Int, pairedHeads: Int? = nil) throws
    -> Weight
  {
    used.insert(name)
    return try loader.matrix(name, rows: rows, columns: columns, pairedHeads: pairedHeads)
  }

  mutating func norm(_ name: String, _ count: Int) throws -> RMSNorm {
    used.insert(name)
    return RMSNorm(
      weight: try loader.vector(name, count: count), epsilon: Float(configuration.normEpsilon))
  }

  mutating func layer(_ index: Int) throws -> BaseModel.FrozenLayer {
    let path = "model.layers.\(index)"
    var weights: [Projection: Weight] = [:]
    var biases: [Projection: Tensor] = [:]
    for projection in Projection.allCases {
      let name = ModuleAddress(layer: index, projection: projection).path
      let (outputs, inputs) = configuration.shape(of: projection)
      let paired = pairedHeads(projection)
      weights[projection] = try matrix(name + ".weight", outputs, inputs, pairedHeads: paired)
      if hasBias(projection) {
        used.insert(name + ".bias")
        biases[projection] = try loader.vector(name + ".bias", count: outputs, pairedHeads: paired)
      }
    }
    let headNorms = configuration.queryKeyNorm
    return BaseModel.FrozenLayer(
      inputNorm: try norm(path + ".input_layernorm.weight", configuration.width),
      postNorm: try norm(path + ".post_attention_layernorm.weight", configuration.width),
      queryNorm: headNorms ? try norm(path + ".self_attn.q_norm.weight", configuration.headSize) : nil,
      keyNorm: headNorms ? try norm(path + ".self_attn.k_norm.weight", configuration.headSize) : nil,
      weights: weights, biases: biases)
  }

  private func pairedHeads(_ projection: Projection) -> Int? {
    guard configuration.pairedRotation else { return nil }
    switch projection {
    case .query: return configuration.heads
    case .key: return configuration.keyValueHeads
    case .value, .output, .gate, .up, .down: return nil
    }
  }

  private func hasBias(_ projection: Projection) -> Bool {
    switch projection {
    case .query, .key, .value: configuration.attentionBias
    case .output: configuration.outputBias
    case .gate, .up, .down: false
    }
  }
}
