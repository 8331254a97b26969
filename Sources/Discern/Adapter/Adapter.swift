import Compute
import Formats

/// Where a low-rank pair sits.
public struct ModuleAddress: Hashable, Sendable {
  /// Layer, from 0.
  public let layer: Int
  /// Which of its projections.
  public let projection: Projection

  /// Makes an address.
  public init(layer: Int, projection: Projection) {
    self.layer = layer
    self.projection = projection
  }

  /// `model.layers.3.self_attn.q_proj`.
  public var path: String { "model.layers.\(layer).\(projection.block).\(projection.rawValue)" }

  /// Which dropout of the model stands before it.
  var dropoutSite: UInt32 {
    UInt32(layer * Projection.allCases.count + Projection.allCases.firstIndex(of: projection)!)
  }
}

/// All that is trained, and all that is needed to use it again but the base model.
public struct Adapter: Sendable {
  /// The low-rank pairs.
  public let pairs: [ModuleAddress: LoRA]
  /// The head.
  public let head: Head
  /// Scores of neighbouring tags (labels + 2, labels), where the head has them: a tag after each other one, then after
  /// the start of a sentence, then before its end.
  public let transitions: Parameter?
  /// Label names in the order of the logits.
  public let labels: [String]
  /// Whether the tags stand for themselves, even where they look like tags of spans (`TagScheme.plain`).
  public var hasPlainTags = false
  /// How it was made: task, attention, pooling, rank and the rest.
  public let recipe: Recipe
  /// Every trainable matrix, in the order that gradients and optimiser use.
  public let parameters: [Parameter]

  /// A fresh adapter: A uniform in ±1/√in (kaiming, a = √5), B zero, head N(0, 0.02), all drawn from the recipe's seed.
  public init(
    _ recipe: Recipe, labels: [String], for whole: ModelConfiguration, on backend: any Backend
  ) throws {
    try self.init(recipe, labels: labels, for: whole, on: backend, draws: ParameterDraws(seed: recipe.seed))
  }

  /// An adapter of the same shapes whose values are whatever the memory held.
  init(
    undrawn recipe: Recipe, labels: [String], for whole: ModelConfiguration, on backend: any Backend
  ) throws {
    try self.init(recipe, labels: labels, for: whole, on: backend, draws: ParameterDraws(seed: nil))
  }

  private init(
    _ recipe: Recipe, labels: [String], for whole: ModelConfiguration, on backend: any Backend,
    draws: ParameterDraws
  ) throws {
    var draws = draws
    let model = try whole.cut(for: recipe)
    try recipe.attention.validate(layers: model.layers)
    guard recipe.topLayers <= model.layers else {
      throw DiscernError(
        .configuration, "top_layers: found \(recipe.topLayers); the model runs \(model.layers) layers")
    }
    var values: [String: Tensor] = [:]
    let first = recipe.topLayers == 0 ? 0 : model.layers - recipe.topLayers
    for layer in first..<model.layers {
      for projection in recipe.targets {
        let (outputs, inputs) = model.shape(of: projection)
        let path = ModuleAddress(layer: layer, projection: projection).path
        values[PEFT.a(path)] = draws.uniform(rows: recipe.rank, columns: inputs, on: backend)
        values[PEFT.b(path)] = .zeros(rows: outputs, columns: recipe.rank, on: backend)
      }
    }
    values[PEFT.headWeight] = draws.normal(rows: labels.count, columns: model.width, on: backend)
    if recipe.task.tagsWords {
      values[PEFT.headBias] = .zeros(rows: 1, columns: labels.count, on: backend)
    }
    if recipe.head == .crf {
      values[Adapter.transitionsName] = .zeros(rows: labels.count + 2, columns: labels.count, on: backend)
    }
    self.init(recipe, labels: labels, values: values, layers: model.layers, scale: { _ in Float(recipe.scale) })
  }

  /// Puts tensors under their PEFT names together; which pairs there are is decided by the names.
  init(
    _ recipe: Recipe, labels: [String], values: [String: Tensor], layers: Int,
    scale: (ModuleAddress) -> Float
  ) {
    var parameters: [Parameter] = []
    func parameter(_ name: String, decays: Bool = true) -> Parameter? {
      guard let value = values[name] else { return nil }
      parameters.append(
        Parameter(name: name, index: parameters.count, value: value, decays: decays))
      return parameters.last
    }
    var pairs: [ModuleAddress: LoRA] = [:]
    for layer in 0..<layers {
      for projection in Projection.allCases {
        let address = ModuleAddress(layer: layer, projection: projection)
        guard let a = parameter(PEFT.a(address.path)), let b = parameter(PEFT.b(address.path))
        else { continue }
        pairs[address] = LoRA(
          a: a, b: b, scale: scale(address), dropout: Float(recipe.dropout),
          site: address.dropoutSite)
      }
    }
    guard let weight = parameter(PEFT.headWeight) else { preconditionFailure("no head") }
    head = Head(
      pooling: recipe.task.tagsWords ? nil : recipe.pooling, weight: weight,
      bias: parameter(PEFT.headBias, decays: false), dropout: Float(recipe.headDropout))
    transitions = parameter(Adapter.transitionsName, decays: false)
    self.pairs = pairs
    self.labels = labels
    self.recipe = recipe
    self.parameters = parameters
  }

  /// The transitions' name in a file of their own: PEFT has no place for them.
  static let transitionsName = PEFT.prefix + "crf.transitions"

  /// Number of trained values.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.value.count } }
}

/// Draws initial values; each matrix has its own random stream. Without a seed it leaves them undefined.
private struct ParameterDraws {
  let seed: UInt64?
  var stream: UInt64 = RandomStream.initialisation

  init(seed: UInt64?) { self.seed = seed }

  mutating func uniform(rows: Int, columns: Int, on backend: any Backend) -> Tensor {
    let bound = 1 / Double(columns).squareRoot()
    return draw(rows, columns, backend) { (2 * $0.uniform() - 1) * bound }
  }

  mutating func normal(rows: Int, columns: Int, on backend: any Backend) -> Tensor {
    draw(rows, columns, backend) { 0.02 * $0.normal() }
  }

  private mutating func draw(
    _ rows: Int, _ columns: Int, _ backend: any Backend, _ value: (inout Random) -> Double
  ) -> Tensor {
    guard let seed else { return Tensor(rows: rows, columns: columns, on: backend) }
    var random = Random(seed: seed, stream: stream)
    stream += 1
    let values = (0..<rows * columns).map { _ in Float(value(&random)) }
    return Tensor(values, rows: rows, columns: columns, on: backend)
  }
}

/// Which random stream is used for what; streams of one seed are independent.
enum RandomStream {
  static let shuffling: UInt64 = 1 << 32
  static let initialisation: UInt64 = 2 << 32
  static let bootstrap: UInt64 = 3 << 32
  static let calibration: UInt64 = 4 << 32
  static let randomisation: UInt64 = 5 << 32
  static let probing: UInt64 = 6 << 32
  static let splitting: UInt64 = 8 << 32
}

extension ModelConfiguration {
  /// Outputs and inputs of a projection.
  func shape(of projection: Projection) -> (outputs: Int, inputs: Int) {
    switch projection {
    case .query: (heads * headSize, width)
    case .key, .value: (keyValueHeads * headSize, width)
    case .output: (width, heads * headSize)
    case .gate, .up: (hiddenWidth, width)
    case .down: (width, hiddenWidth)
    }
  }
}
