import Formats

extension Report {
  /// Model, data, run and every setting.
  var setup: String {
    let base = facts["base"]
    let training = facts["training"]
    func text(_ json: JSON?) -> String { json?.string ?? json?.int.map { "\($0)" } ?? "" }
    let shape = "\(text(base?["family"])), \(text(base?["layers"])) layers, width \(text(base?["width"]))"
    var rows: [(String, String)] = [
      ("base model", "\(text(base?["path"])) (\(shape))"), ("fingerprint", text(base?["fingerprint"])),
    ]
    for name in ["train", "dev"] {
      guard let data = facts["data"]?[name], let path = data["path"]?.string else { continue }
      let encoding = facts["encoding"]?[name]
      var line = "\(path), \(text(data["rows"])) rows"
      if let tokens = encoding?["tokens"]?.int { line += ", \(tokens) tokens" }
      if let cut = encoding?["cut_texts"]?.int, cut > 0 { line += ", \(cut) texts cut" }
      rows.append((name, line))
    }
    if let training {
      rows.append(
        (
          "run",
          "the adapter after step \(text(training["step"])), \((training["seconds"]?.double ?? 0).fixed(0)) s, "
            + "\(text(training["tokens"])) tokens, seed \(text(training["seed"])), Discern \(text(training["version"])), "
            + text(training["instruction_set"])
        ))
    }
    let settings = facts["recipe"]?.object?.members.map { ($0.key.text, $0.value.string ?? "") } ?? []
    func table(_ rows: [(String, String)]) -> String {
      HTML.table(["", ""], rows.map { [HTML.escaped($0.0), HTML.escaped($0.1)] }, left: [0, 1])
    }
    return Self.section(
      "Setup", table(rows) + "<details><summary>All settings of the recipe</summary>\(table(settings))</details>")
  }
}
