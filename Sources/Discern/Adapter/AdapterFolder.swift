import Compute
import Formats

/// An adapter on disk: PEFT's two files, and `discern.json` with everything that PEFT cannot hold.
public struct AdapterFolder: Sendable {
  /// The folder.
  public let path: String
  /// Path of the base model as saved: absolute, or relative to the folder.
  public let base: String
  /// Fingerprint of the base model; `nil` in adapters that PEFT wrote.
  public let fingerprint: String?
  /// Recipe, with task, attention and pooling.
  public let recipe: Recipe
  /// Label names in the order of the logits; `nil` in adapters that PEFT wrote: they hold no names.
  public let labels: [String]?
  /// Metrics and facts of the training run, as saved.
  public let facts: JSON?
  private let configuration: PEFT.Configuration

  /// The scheme of tags that stand for themselves, where the adapter says so: data for it are read in the same way.
  /// Adapters of earlier versions say it of their training data alone.
  public var scheme: TagScheme? {
    let name = facts?["scheme"]?.string ?? facts?["data"]?["train"]?["scheme"]?.string
    return name == TagScheme.plain.rawValue ? .plain : nil
  }

  static let factsFile = "discern.json"
  static let transitionsFile = "crf.safetensors"
  /// Every file that an adapter may have.
  static let files = [PEFT.configurationFile, PEFT.weightsFile, factsFile, transitionsFile, "README.md"]

  /// Reads what the folder says of itself, without its weights.
  ///
  /// An adapter that PEFT wrote knows neither mask nor pooling: `attention` and `pooling` say them (causal and last
  /// otherwise). Throws where they are given for an adapter of ours that says another thing.
  public init(_ path: String, attention: AttentionPattern? = nil, pooling: Pooling? = nil) throws {
    self.path = path
    let configurationFile = "\(path)/\(PEFT.configurationFile)"
    let json = try JSON(contentsOf: configurationFile, limit: 1 << 24)
    configuration = try PEFT.Configuration(json, file: configurationFile)
    let factsPath = "\(path)/\(AdapterFolder.factsFile)"
    guard FileSystem.exists(factsPath) else {
      (base, fingerprint, labels, facts) = (configuration.base, nil, nil, nil)
      var recipe = configuration.recipe
      recipe.attention = attention ?? .causal
      recipe.pooling = pooling ?? .last
      self.recipe = recipe
      return
    }
    let facts = try JSON(contentsOf: factsPath, limit: 1 << 28)
    self.facts = facts
    base = facts["base"]?["path"]?.string ?? configuration.base
    fingerprint = facts["base"]?["fingerprint"]?.string
    guard let names = facts["labels"]?.array?.map(\.string), !names.contains(nil) else {
      throw FormatError(factsPath, found: "no list of labels", expected: "\"labels\": [names]")
    }
    labels = try LabelSet(names.map { $0! }, place: factsPath).names
    guard let settings = facts["recipe"] else {
      throw FormatError(factsPath, found: "no recipe", expected: "\"recipe\": the settings of its training")
    }
    recipe = try Recipe(json: settings, name: factsPath)
    guard attention ?? recipe.attention == recipe.attention, pooling ?? recipe.pooling == recipe.pooling else {
      throw DiscernError(
        .configuration,
        "\(path): it was trained with attention \(recipe.attention) and pooling \(recipe.pooling.rawValue); another "
          + "mask or pooling can be given only for adapters that PEFT wrote")
    }
  }

  /// Reads the weights, checked against the base model.
  ///
  /// A model with another fingerprint is refused, unless `otherBase` says that it is meant: then family and shapes must
  /// agree.
  public func adapter(for model: BaseModel, otherBase: Bool = false) throws -> Adapter {
    try checkBase(model, otherBase: otherBase)
    let file = "\(path)/\(PEFT.weightsFile)"
    var tensors = try AdapterTensors(file, on: model.backend)
    var scales: [ModuleAddress: Float] = [:]
    let layers = try model.configuration.cut(for: recipe).layers
    for layer in 0..<layers {
      for projection in Projection.allCases {
        let address = ModuleAddress(layer: layer, projection: projection)
        let (outputs, inputs) = model.configuration.shape(of: projection)
        guard let a = try tensors.claim(PEFT.a(address.path), [nil, inputs]) else { continue }
        guard try tensors.claim(PEFT.b(address.path), [outputs, a.rows]) != nil else {
          throw FormatError("\(file):\(PEFT.b(address.path))", found: "no such tensor", expected: "B beside A")
        }
        scales[address] = configuration.scale(address, rank: a.rows)
      }
    }
    let classes = try claimHead(&tensors, model, file)
    try tensors.checkAllClaimed()
    var recipe = recipe
    if facts == nil {
      // PEFT's target_modules may be a pattern: the tensors say what it came to.
      let targets = Set(scales.keys.map(\.projection))
      recipe.targets = Projection.allCases.filter(targets.contains)
    }
    var values = tensors.claimed
    if recipe.head == .crf { values[Adapter.transitionsName] = try transitions(classes, model) }
    var adapter = Adapter(
      recipe, labels: try names(of: classes, model), values: values, layers: layers,
      scale: { scales[$0]! })
    adapter.hasPlainTags = scheme == .plain
    return adapter
  }

  private func transitions(_ classes: Int, _ model: BaseModel) throws -> Tensor {
    let file = "\(path)/\(Self.transitionsFile)"
    var tensors = try AdapterTensors(file, on: model.backend)
    guard let values = try tensors.claim(Adapter.transitionsName, [classes + 2, classes]) else {
      throw FormatError(file, found: "no transitions", expected: "a tensor \(Adapter.transitionsName)")
    }
    try tensors.checkAllClaimed()
    return values
  }

  private func checkBase(_ model: BaseModel, otherBase: Bool) throws {
    guard let fingerprint, fingerprint != model.fingerprint else { return }
    guard otherBase else {
      throw FormatError(
        path, found: "an adapter of another base model (\(fingerprint))",
        expected: "one of \(model.place) (\(model.fingerprint))",
        remedy: "Give the model it was trained on with --model, or say --other-base where this is another copy of "
          + "it, such as the original of a GGUF file.")
    }
    let own = facts?["base"]
    let (family, layers) = (own?["family"]?.string, own?["layers"]?.int)
    guard family ?? model.configuration.family.rawValue == model.configuration.family.rawValue,
      layers ?? model.configuration.layers == model.configuration.layers
    else {
      throw FormatError(
        path, found: "an adapter of a \(family ?? "") model with \(layers ?? 0) layers",
        expected: "\(model.place): \(model.configuration.family.rawValue), \(model.configuration.layers) layers")
    }
  }

  /// Claims head and bias; answers the number of classes.
  private func claimHead(_ tensors: inout AdapterTensors, _ model: BaseModel, _ file: String) throws -> Int {
    guard let head = try tensors.claim(PEFT.headWeight, [labels?.count, model.configuration.width]) else {
      throw FormatError(file, found: "no head (score.weight)", expected: "a classifier's adapter")
    }
    let canBeAlone = recipe.task == .multiLabel || recipe.task == .regression
    guard head.rows > 1 || canBeAlone else {
      throw FormatError(
        file, found: "a head with one row (regression, or one logit for yes and no)",
        expected: "a row for each of two or more labels")
    }
    let bias = try tensors.claim(PEFT.headBias, [1, head.rows])
    guard (recipe.task.tagsWords) == (bias != nil) else {
      throw FormatError(
        file, found: bias == nil ? "a head without a bias" : "a head with a bias",
        expected: "the head of a \(recipe.task.rawValue) task")
    }
    return head.rows
  }

  /// Our own names, or those of the base model where it has as many, or `LABEL_0` and so on.
  private func names(of classes: Int, _ model: BaseModel) throws -> [String] {
    if let labels { return labels }
    guard let names = model.configuration.labels, names.count == classes else {
      return (0..<classes).map { "LABEL_\($0)" }
    }
    return try LabelSet(names, place: "\(model.place): id2label").names
  }
}
