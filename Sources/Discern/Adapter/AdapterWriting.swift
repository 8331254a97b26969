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
    try files.add("\(folder)/\(PEFT.weightsFile)", tensors)
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
    object["pooling"] = recipe.task == .tokens ? nil as JSON : JSON(recipe.pooling.rawValue)
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
