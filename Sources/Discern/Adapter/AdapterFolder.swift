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

  static let factsFile = "discern.json"

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
    labels = names.map { $0! }
    recipe = try Recipe(json: facts["recipe"] ?? .null, name: factsPath)
    guard attention ?? recipe.attention == recipe.attention, pooling ?? recipe.pooling == recipe.pooling else {
      throw DiscernError(
        .configuration,
        "\(path): it was trained with attention \(recipe.attention) and pooling \(recipe.pooling.rawValue); another "
          + "mask or pooling can be given only for adapters that PEFT wrote")
    }
  }

  /// Reads the weights, checked against the base model.
  public func adapter(for model: BaseModel) throws -> Adapter {
    if let fingerprint, fingerprint != model.fingerprint {
      throw FormatError(
        path, found: "an adapter of another base model (\(fingerprint))",
        expected: "one of \(model.place) (\(model.fingerprint))",
        remedy: "Give the model it was trained on with --model.")
    }
    let file = "\(path)/\(PEFT.weightsFile)"
    let weights = try Safetensors(file)
    var values: [String: Tensor] = [:]
    var scales: [ModuleAddress: Float] = [:]
    var unknown = Set(weights.names)
    for name in weights.names {
      let tensor = try weights.tensor(name)
      values[PEFT.canonical(name)] = try floats(tensor, file, model.backend)
    }
    func claim(_ name: String, _ shape: [Int?]) throws -> Tensor? {
      guard let value = values[name] else { return nil }
      unknown = unknown.filter { PEFT.canonical($0) != name }
      guard shape[0] ?? value.rows == value.rows, shape[1] ?? value.columns == value.columns else {
        throw FormatError(
          "\(file):\(name)", found: "shape [\(value.rows), \(value.columns)]",
          expected: "\(shape.map { $0.map(String.init) ?? "any" })",
          remedy: "The adapter belongs to another base model.")
      }
      return value
    }
    for layer in 0..<model.configuration.layers {
      for projection in Projection.allCases {
        let address = ModuleAddress(layer: layer, projection: projection)
        let (outputs, inputs) = model.configuration.shape(of: projection)
        guard let a = try claim(PEFT.a(address.path), [nil, inputs]) else { continue }
        guard try claim(PEFT.b(address.path), [outputs, a.rows]) != nil else {
          throw FormatError("\(file):\(PEFT.b(address.path))", found: "no such tensor", expected: "B beside A")
        }
        scales[address] = configuration.scale(address, rank: a.rows)
      }
    }
    guard let head = try claim(PEFT.headWeight, [labels?.count, model.configuration.width]) else {
      throw FormatError(file, found: "no head (score.weight)", expected: "a classifier's adapter")
    }
    let bias = try claim(PEFT.headBias, [1, head.rows])
    guard unknown.isEmpty else {
      throw FormatError(
        "\(file):\(unknown.sorted()[0])", found: "a tensor of no known place (\(unknown.count) in all)",
        expected: "LoRA pairs of the seven projections and a head")
    }
    guard (recipe.task == .tokens) == (bias != nil) else {
      throw FormatError(
        file, found: bias == nil ? "a head without a bias" : "a head with a bias",
        expected: "the head of a \(recipe.task.rawValue) task")
    }
    let names = labels ?? (0..<head.rows).map { "LABEL_\($0)" }
    return Adapter(
      recipe, labels: names, values: values, layers: model.configuration.layers,
      scale: { scales[$0]! })
  }

  private func floats(_ tensor: StoredTensor, _ file: String, _ backend: any Backend) throws -> Tensor {
    guard let format = WeightFormat(tensor.format), tensor.format.blockValues == 1,
      (1...2).contains(tensor.shape.count)
    else {
      throw FormatError(
        "\(file):\(tensor.name)", found: "type \(tensor.format), shape \(tensor.shape)",
        expected: "a matrix or vector of f32, f16 or bf16")
    }
    let rows = tensor.shape.count == 2 ? tensor.shape[0] : 1
    let columns = tensor.shape.last!
    guard rows > 0 && columns > 0 else {
      throw FormatError("\(file):\(tensor.name)", found: "shape \(tensor.shape)", expected: "no empty axis")
    }
    let storage = Storage(borrowing: tensor.bytes, owner: tensor.owner, on: backend)
    let weight = Weight(rows: rows, columns: columns, format: format, storage: storage)
    let values = weight.decoded()
    guard values.allSatisfy(\.isFinite) else {
      throw FormatError("\(file):\(tensor.name)", found: "a value that is not finite", expected: "numbers")
    }
    return Tensor(values, rows: rows, columns: columns, on: backend)
  }
}

extension Adapter {
  /// Writes the adapter: PEFT's files, `discern.json` and a README with the Python lines that load it.
  ///
  /// Each file is written whole or not at all. `facts` are metrics and data facts to keep with it.
  public func write(to folder: String, base: BaseModel, basePath: String, facts: [(String, JSON)]) throws {
    try writeSafetensors(
      parameters.map { parameter in
        let isVector = parameter.name == PEFT.headBias
        let value = parameter.value
        return TensorToWrite(
          parameter.name, shape: isVector ? [value.columns] : [value.rows, value.columns],
          values: value.values)
      }, to: "\(folder)/\(PEFT.weightsFile)")
    try FileSystem.write(
      PEFT.configuration(self, base: basePath).serialized(pretty: true) + "\n",
      to: "\(folder)/\(PEFT.configurationFile)")
    var object = JSONObject()
    object["discern"] = 1
    object["task"] = JSON(recipe.task.rawValue)
    object["labels"] = .array(labels.map { JSON($0) })
    object["pooling"] = recipe.task == .tokens ? nil as JSON : JSON(recipe.pooling.rawValue)
    object["attention"] = JSON(recipe.attention.description)
    object["base"] = [
      "path": JSON(basePath), "fingerprint": JSON(base.fingerprint),
      "family": JSON(base.configuration.family.rawValue),
      "layers": .integer(base.configuration.layers), "width": .integer(base.configuration.width),
    ]
    object["recipe"] = recipe.json
    for (name, value) in facts { object[name] = value }
    try FileSystem.write(
      JSON.object(object).serialized(pretty: true) + "\n",
      to: "\(folder)/\(AdapterFolder.factsFile)")
    try FileSystem.write(readme(basePath), to: "\(folder)/README.md")
  }

  private func readme(_ basePath: String) -> String {
    let isTokens = recipe.task == .tokens
    let kind = isTokens ? "TokenClassification" : "SequenceClassification"
    let pairs = labels.enumerated().map { index, label in
      "\(index): \(JSON(label).serialized())"
    }
    return """
      ---
      base_model: \(JSON(basePath).serialized())
      library_name: peft
      tags:
      - lora
      - transformers
      ---
      # \(isTokens ? "Tagger" : "Text classifier") with \(labels.count) labels

      Made by Discern: `discern predict` and `discern evaluate` read this folder as it is. Attention: \
      \(recipe.attention); pooling: \(isTokens ? "none" : recipe.pooling.rawValue). In Python:

      ```python
      from peft import PeftModel
      from transformers import AutoConfig, AutoModelFor\(kind)
      id2label = {\(pairs.joined(separator: ", "))}
      config = AutoConfig.from_pretrained(BASE, num_labels=\(labels.count), id2label=id2label,
                                          label2id={v: k for k, v in id2label.items()})
      \(recipe.attention == .causal ? "" : "config.is_causal = False  # this adapter was trained without the causal mask\n")config.pad_token_id = 0
      model = PeftModel.from_pretrained(AutoModelFor\(kind).from_pretrained(BASE, config=config), ADAPTER)
      ```

      """
  }
}
