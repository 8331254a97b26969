import Discern
import Formats

extension InspectReport {
  /// What an adapter is; its base model need not be there.
  static func adapter(_ path: String) throws -> InspectReport {
    let folder = try AdapterFolder(path)
    var report = InspectReport(kind: "adapter")
    report.addTask(folder)
    report.addPairs(folder)
    report.addBase(folder)
    report.addTraining(folder)
    report.json["recipe"] = folder.recipe.json
    report.json["facts"] = folder.facts ?? .null
    report.add("use", "discern predict \(path) \"a text\"")
    return report
  }

  private mutating func addTask(_ folder: AdapterFolder) {
    let recipe = folder.recipe
    let isTagger = recipe.task.tagsWords
    let kind =
      switch recipe.task {
      case .sequence: "classifier"
      case .multiLabel: "multi-label classifier"
      case .regression: "regressor"
      case .tokens: "tagger"
      }
    add("adapter", "\(kind), \(folder.path)")
    if let labels = folder.labels {
      let rest = labels.count > 20 ? " and \(labels.count - 20) more" : ""
      let name = recipe.task == .regression ? "targets" : "labels"
      add(name, "\(labels.count): " + labels.prefix(20).joined(separator: ", ") + rest)
    } else {
      add("labels", "no names: PEFT keeps none; the base model's id2label, or LABEL_0, LABEL_1, …")
    }
    let isOurs = folder.facts != nil
    let pooling = isTagger ? "" : ", \(recipe.pooling.rawValue) pooling"
    add("attention", isOurs ? "\(recipe.attention)" + pooling : "not said" + (isTagger ? "" : ", nor the pooling"))
    json["path"] = JSON(folder.path)
    json["layers"] = recipe.layers > 0 ? .integer(recipe.layers) : .null
    json["task"] = JSON(recipe.task.rawValue)
    json["labels"] = folder.labels.map { .array($0.map { JSON($0) }) } ?? .null
    json["attention"] = isOurs ? JSON("\(recipe.attention)") : .null
    json["pooling"] = isTagger || !isOurs ? .null : JSON(recipe.pooling.rawValue)
  }

  private mutating func addPairs(_ folder: AdapterFolder) {
    let recipe = folder.recipe
    if recipe.layers > 0 {
      let all = folder.facts?["base"]?["layers"]?.int.map { " of \($0)" } ?? ""
      add("layers", "the first \(recipe.layers)\(all) run; the others are not used")
    }
    add(
      "LoRA",
      "rank \(recipe.rank), alpha \(recipe.alpha.short)\(recipe.rsLoRA ? " (rsLoRA)" : ""), on "
        + recipe.targets.map(\.shortName).joined(separator: ",")
        + (recipe.topLayers > 0 ? ", top \(recipe.topLayers) layers" : ""))
    add("texts", "up to \(recipe.maxLength) tokens, longer ones: \(recipe.overflow.rawValue)")
  }

  private mutating func addBase(_ folder: AdapterFolder) {
    let isThere =
      FileSystem.exists(folder.base) || FileSystem.exists("\(folder.path)/\(folder.base)")
    let facts = folder.facts?["base"]
    var text = folder.base + (isThere ? "" : " (not there: give it with --model)")
    if let family = facts?["family"]?.string, let layers = facts?["layers"]?.int,
      let width = facts?["width"]?.int
    {
      text +=
        "\n\(family), \(layers) layers, width \(width), \(folder.fingerprint ?? "no fingerprint")"
    }
    add("base", text)
    json["base"] = [
      "path": JSON(folder.base), "is_there": .bool(isThere),
      "fingerprint": folder.fingerprint.map { JSON($0) } ?? .null,
    ]
  }

  private mutating func addTraining(_ folder: AdapterFolder) {
    if let train = folder.facts?["data"]?["train"], let path = train["path"]?.string {
      add("trained on", "\(path), \(train["rows"]?.int ?? 0) rows")
    }
    if let training = folder.facts?["training"] {
      add(
        "run",
        "step \(training["step"]?.int ?? 0), \((training["seconds"]?.double ?? 0).clock), "
          + "\((training["tokens"]?.int ?? 0).abbreviated) tokens, "
          + "seed \(training["seed"]?.string ?? "?"), Discern \(training["version"]?.string ?? "?")"
      )
    }
    guard let metrics = folder.facts?["metrics"] else { return }
    let names = [
      ("accuracy", "accuracy"), ("f1_macro", "macro F1"), ("overall_f1", "entity F1 (conlleval)"),
      ("f1_micro", "micro F1"), ("mse", "MSE"), ("r2", "R2"), ("spearman", "Spearman"),
      ("overall_accuracy", "tag accuracy"), ("loss", "loss"),
    ]
    let scores = names.compactMap { key, name in
      metrics[key]?.double.map { "\(name) \($0.fixed(4))" }
    }
    let strict = metrics["strict"]?["f1_micro"]?.double
    let all = scores + (strict.map { ["strict F1 \($0.fixed(4))"] } ?? [])
    if !all.isEmpty { add("dev", all.joined(separator: ", ")) }
  }
}
