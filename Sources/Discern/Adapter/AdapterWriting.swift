import Compute
import Formats

extension Adapter {
  /// Writes the adapter: PEFT's files, `discern.json` and a README with the Python lines that load it.
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
    let own = description(base, basePath, facts).serialized(pretty: true) + "\n"
    try files.add("\(folder)/\(AdapterFolder.factsFile)") { try $0.write(own) }
    let stock = StockClasses(model: model, recipe: recipe, tokenizer: tokenizer)
    let readme = readme(basePath, stock, layersOfBase: base.configuration.layers)
    try files.add("\(folder)/README.md") { try $0.write(readme) }
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

  private func readme(_ basePath: String, _ stock: StockClasses, layersOfBase: Int) -> String {
    let isTokens = recipe.task == .tokens
    let kind = isTokens ? "TokenClassification" : "SequenceClassification"
    let pairs = labels.enumerated().map { index, label in
      "\(index): \(JSON(label).serialized())"
    }
    let mask = stock.isUnmasked ? "config.is_causal = False  # this adapter was trained without the causal mask\n" : ""
    let layers = stock.model.layers
    let isCut = layers < layersOfBase
    let depth = isCut ? "config.num_hidden_layers = \(layers)  # of \(layersOfBase): the others are not used\n" : ""
    let cutNote =
      "Only the first \(layers) of the base model's \(layersOfBase) layers are used: PEFT gives right answers over a "
      + "base cut to these alone, as above; over the whole one the head would read other states."
    let notes = (isCut ? [cutNote] : []) + stock.notes
    let unwrapping =
      stock.poolingHint == nil ? "" : "model = model.get_base_model()  # with the adapter in its layers\n"
    return """
      ---
      base_model: \(JSON(basePath).serialized())
      library_name: peft
      tags:
      - \(JSON("base_model:adapter:" + basePath).serialized())
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
      \(depth)\(mask)config.pad_token_id = \(stock.padding)
      model = PeftModel.from_pretrained(AutoModelFor\(kind).from_pretrained(BASE, config=config), ADAPTER)
      \(unwrapping)```
      \(notes.map { "\n- " + $0 }.joined())

      """
  }
}
