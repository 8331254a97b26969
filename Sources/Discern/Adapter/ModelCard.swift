import Formats

/// The README of an adapter: what it is, what it can do, and how to use it, here and in Python.
struct ModelCard {
  let recipe: Recipe
  let labels: [String]
  let basePath: String
  let stock: StockClasses
  /// Layers of the base model, of which the adapter may use the first ones only.
  let layersOfBase: Int
  /// `discern.json`.
  let facts: JSON

  /// The most labels that are listed.
  private static let labelLimit = 100

  /// The file's content.
  var text: String {
    let calibration = Self.calibration(facts["calibration"])
    return """
      ---
      base_model: \(JSON(basePath).serialized())
      library_name: peft
      tags:
      - \(JSON("base_model:adapter:" + basePath).serialized())
      - lora
      - transformers
      ---
      # \(recipe.task.title(labels: labels.count))

      Made by Discern: `discern predict` and `discern evaluate` read this folder as it is. Attention: \
      \(recipe.attention); pooling: \(isTokens ? "none" : recipe.pooling.rawValue).

      ## Labels

      \(labelList)

      ## Data and scores

      \(dataLines)
      \(scoreLines)
      ## Calibration

      \(calibration)
      ## Limits

      \(limits)
      ## In Python

      ```python
      \(python)
      ```
      \(notes.map { "\n- " + $0 }.joined())

      """
  }

  private var isTokens: Bool { recipe.task.tagsWords }

  private var labelList: String {
    let shown = labels.prefix(Self.labelLimit).map { "`\(Self.inline($0))`" }.joined(separator: ", ")
    return shown + (labels.count > Self.labelLimit ? " and \(labels.count - Self.labelLimit) more" : "")
  }

  /// A name that cannot end the code that it stands in.
  private static func inline(_ name: String) -> String {
    String(name.map { $0 == "`" || $0.isNewline ? "'" : $0 })
  }

  private var dataLines: String {
    ["train", "dev"].compactMap { name in
      guard let data = facts["data"]?[name], let path = data["path"]?.string else { return nil }
      return "- \(name): `\(Self.inline(path))`, \(data["rows"]?.int ?? 0) rows\n"
    }.joined()
  }

  private var scoreLines: String {
    guard let metrics = facts["metrics"] else { return "- not evaluated: there was no dev data\n" }
    let names: [(String, JSON?, String)] = [
      ("accuracy", metrics["accuracy"] ?? metrics["overall_accuracy"], "accuracy"),
      ("macro F1", metrics["f1_macro"], "f1_macro"),
      ("micro F1 of labels", metrics["hamming_loss"] == nil ? nil : metrics["f1_micro"], "f1_micro"),
      ("F1 of spans (strict)", metrics["strict"]?["f1_micro"], "f1"),
      ("F1 of spans (conlleval)", metrics["overall_f1"], ""),
      ("mean squared error", metrics["mse"], "mse"),
      ("R2", metrics["r2"], "r2"),
      ("Spearman correlation", metrics["spearman"], "spearman"),
    ]
    let lines = names.compactMap { name, value, interval -> String? in
      guard let value = value?.double else { return nil }
      let ends = facts["intervals"]?[interval]?.array?.compactMap(\.double) ?? []
      let range = ends.count == 2 ? " (\(ends[0].fixed(4)) to \(ends[1].fixed(4)))" : ""
      return "- \(name) on dev: \(value.fixed(4))\(range)\n"
    }
    let note = facts["intervals"] == nil ? "" : "- in brackets: 95 % bootstrap intervals over the texts of dev\n"
    return lines.joined() + note + "- dev chose the best epoch; scores on other data will be somewhat lower\n"
  }

  private var limits: String {
    let marked = isTokens ? "Words" : "Texts"
    return """
      - Texts are read up to \(recipe.maxLength) tokens; longer ones: `overflow: \(recipe.overflow.rawValue)`.
      - \(marked) of other kinds, languages or times than the training data may be answered wrongly, and surely so; \
      labels that are not listed are never answered.

      """
  }

  private var isCut: Bool { stock.model.layers < layersOfBase }

  private var notes: [String] {
    let cut =
      "Only the first \(stock.model.layers) of the base model's \(layersOfBase) layers are used: PEFT gives right answers "
      + "over a base cut to these alone, as above; over the whole one the head would read other states."
    return (isCut ? [cut] : []) + stock.notes
  }

  private var python: String {
    let kind = isTokens ? "TokenClassification" : "SequenceClassification"
    let pairs = labels.enumerated().map { index, label in "\(index): \(JSON(label).serialized())" }
    var lines = [
      "from peft import PeftModel",
      "from transformers import AutoConfig, AutoModelFor\(kind)",
      "id2label = {\(pairs.joined(separator: ", "))}",
      "config = AutoConfig.from_pretrained(BASE, num_labels=\(labels.count), id2label=id2label,",
      "                                    label2id={v: k for k, v in id2label.items()}\(recipe.task.problemArgument))",
    ]
    if isCut {
      lines.append(
        "config.num_hidden_layers = \(stock.model.layers)  # of \(layersOfBase): the others are not used")
    }
    if stock.isUnmasked {
      lines.append("config.is_causal = False  # this adapter was trained without the causal mask")
    }
    lines.append("config.pad_token_id = \(stock.padding)")
    lines.append(
      "model = PeftModel.from_pretrained(AutoModelFor\(kind).from_pretrained(BASE, config=config), ADAPTER)")
    if stock.poolingHint != nil { lines.append("model = model.get_base_model()  # with the adapter in its layers") }
    return lines.joined(separator: "\n")
  }

  // MARK: Calibration

  private static let calibrationTitle = "## Calibration\n"

  /// The section about a calibration, `discern.json` having this one.
  static func calibration(_ json: JSON?) -> String {
    guard let json, let method = json["method"]?.string else {
      return "Not calibrated: a probability of 0.8 need not mean that four of five answers are right. "
        + "`discern calibrate` does that on labelled data.\n"
    }
    if let intervals = json["intervals"] {
      return "Errors of \(intervals["count"]?.int ?? 0) texts that decide how wide the intervals of "
        + "`discern predict --coverage` are. Nothing is scaled.\n"
    }
    let python: String
    if let temperature = json["temperature"]?.double {
      python = "divide the logits by \(temperature)"
    } else {
      python =
        "multiply the logits by `calibration.scales` of `discern.json`"
        + (json["biases"]?.array == nil ? "" : " and add `calibration.biases`")
    }
    func quality(_ name: String) -> String { json[name]?["ece"]?.double?.fixed(4) ?? "?" }
    return "Method: \(method), fitted on \(json["fitted"]?.int ?? 0) texts. There the expected calibration error is "
      + "\(quality("after")) with factors that have not seen the text, \(quality("before")) as trained. "
      + "The weights here are as trained: Discern applies the calibration by itself and `discern merge` folds it into "
      + "the head; with PEFT, \(python).\n"
  }

  /// A README with another section about the calibration; as it is, where it has none.
  static func replacingCalibration(in text: String, with json: JSON?) -> String {
    guard let start = text.firstRange(of: calibrationTitle)?.upperBound,
      let end = text[start...].firstRange(of: "\n## ")?.lowerBound
    else { return text }
    return String(text[..<start]) + "\n" + calibration(json) + String(text[end...])
  }
}
