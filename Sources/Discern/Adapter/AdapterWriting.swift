import Compute
import Formats

extension Adapter {
  /// Writes the adapter: PEFT's files, `discern.json` and a model card with the Python lines that load it.
  ///
  /// The files are replaced together at the end: a full disk leaves an earlier adapter as it was. PEFT's configuration
  /// comes last, so that a folder without all the rest is no adapter. `facts` are metrics and data facts to keep with it;
  /// the tokenizer says which pad the README may name.
  public func write(
    to folder: String, base: BaseModel, basePath: String, tokenizer: Tokenizer? = nil, facts: [(String, JSON)]
  ) throws {
    let model = try base.configuration.cut(for: recipe)
    var files = FileSet()
    let tensors = parameters.map { parameter in
      let value = parameter.value
      let isVector = parameter.name == PEFT.headBias
      return TensorToWrite(
        parameter.name, shape: isVector ? [value.columns] : [value.rows, value.columns], values: value.values)
    }
    let isOwn = parameters.map { $0 === transitions }
    try files.add("\(folder)/\(PEFT.weightsFile)", zip(tensors, isOwn).filter { !$0.1 }.map(\.0))
    if isOwn.contains(true) {
      try files.add("\(folder)/\(AdapterFolder.transitionsFile)", zip(tensors, isOwn).filter(\.1).map(\.0))
    }
    let description = description(base, basePath, facts)
    let own = description.serialized(pretty: true) + "\n"
    try files.add("\(folder)/\(AdapterFolder.factsFile)") { try $0.write(own) }
    let stock = StockClasses(model: model, recipe: recipe, tokenizer: tokenizer)
    let card = ModelCard(
      recipe: recipe, labels: labels, basePath: basePath, stock: stock, layersOfBase: base.configuration.layers,
      facts: description)
    try files.add("\(folder)/README.md") { try $0.write(card.text) }
    let configuration = PEFT.configuration(self, base: basePath, layers: model.layers)
    let text = configuration.serialized(pretty: true) + "\n"
    try files.add("\(folder)/\(PEFT.configurationFile)") { try $0.write(text) }
    try files.commit()
  }

  /// The content of `discern.json`.
  private func description(_ base: BaseModel, _ basePath: String, _ facts: [(String, JSON)]) -> JSON {
    var object = JSONObject()
    object["discern"] = 1
    object["task"] = JSON(recipe.task.rawValue)
    object["labels"] = .array(labels.map { JSON($0) })
    if hasPlainTags { object["scheme"] = JSON(TagScheme.plain.rawValue) }
    object["pooling"] = recipe.task.tagsWords ? nil as JSON : JSON(recipe.pooling.rawValue)
    object["attention"] = JSON(recipe.attention.description)
    if recipe.layers > 0 { object["layers"] = .integer(recipe.layers) }
    object["base"] = [
      "path": JSON(basePath), "fingerprint": JSON(base.fingerprint),
      "family": JSON(base.configuration.family.rawValue),
      "layers": .integer(base.configuration.layers), "width": .integer(base.configuration.width),
    ]
    object["recipe"] = recipe.json
    for (name, value) in facts { object[name] = value }
    return .object(object)
  }
}

extension Dataset.Task {
  /// What an adapter of the task is, as the heading of its README.
  func title(labels count: Int) -> String {
    switch self {
    case .sequence: "Text classifier with \(count) labels"
    case .multiLabel: "Multi-label text classifier with \(count) label\(count == 1 ? "" : "s")"
    case .regression: "Text regressor with \(count) target\(count == 1 ? "" : "s")"
    case .tokens: "Tagger with \(count) labels"
    }
  }

  /// What transformers calls the task's loss; nil for tagging, which has one alone.
  var problemType: String? {
    switch self {
    case .sequence: "single_label_classification"
    case .multiLabel: "multi_label_classification"
    case .regression: "regression"
    case .tokens: nil
    }
  }

  /// The last argument of a configuration in Python, where the stock class would guess another loss.
  var problemArgument: String {
    guard self != .sequence, let problemType else { return "" }
    return ", problem_type=\"\(problemType)\""
  }
}
