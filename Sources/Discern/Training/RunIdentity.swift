import Formats

/// What makes a run the one that it is: two that agree in all of it end with the same bytes.
///
/// It names contents, never paths: a model or data that have moved are the same. What is nil is not known, of a run that
/// an earlier version of Discern began.
struct RunIdentity: Equatable, Sendable {
  let recipe: Recipe
  /// As `BaseModel.fingerprint`.
  let model: String
  /// SHA-256 of the model's configuration and tokenizer.
  let setup: String?
  /// SHA-256 of the examples.
  let train: String
  let dev: String?
  /// SHA-256 of the head that the run began with.
  let warmStart: String?

  /// The identity of a run whose model and data are known.
  init(_ manifest: RunManifest) {
    guard let model = manifest.model, let train = manifest.train else {
      preconditionFailure("the identity of a run is asked for before its model and data are known")
    }
    recipe = manifest.recipe
    (self.model, setup) = (model.fingerprint, model.setupHash)
    (self.train, dev) = (train.examplesHash, manifest.dev?.examplesHash)
    warmStart = manifest.warmStart?.hash
  }

  var json: JSON {
    [
      "recipe": recipe.json, "model": JSON(model), "setup": setup.map { JSON($0) } ?? .null, "train": JSON(train),
      "dev": dev.map { JSON($0) } ?? .null, "warm_start": warmStart.map { JSON($0) } ?? .null,
    ]
  }

  /// Reads what `json` wrote.
  init(json: JSON, place: String) throws {
    let reader = MemberReader(json: json, place: place)
    guard let recipe = json["recipe"] else {
      throw FormatError(place, found: "no recipe", expected: "what a run was made of")
    }
    self.recipe = try Recipe(json: recipe, name: "\(place): recipe")
    model = try reader.text("model")
    train = try reader.text("train")
    (setup, dev, warmStart) = (json["setup"]?.string, json["dev"]?.string, json["warm_start"]?.string)
  }

  /// The first thing in which another run differs for certain, in words for both; nil where nothing does.
  func difference(to other: RunIdentity) -> (own: String, other: String)? {
    for setting in Recipe.settings where setting.text(recipe) != setting.text(other.recipe) {
      return ("\(setting.name) \(setting.text(recipe))", "\(setting.name) \(setting.text(other.recipe))")
    }
    func short(_ hash: String) -> String { hash.hasPrefix("fnv1a:") ? hash : "\(hash.prefix(12))…" }
    for (name, own, other) in [
      ("the model", model, other.model), ("the training data", train, other.train),
      ("the dev data", dev ?? "none", other.dev ?? "none"),
    ] where own != other {
      return ("\(name) \(short(own))", "\(name) \(short(other))")
    }
    for (name, own, other) in [
      ("configuration and tokenizer", setup, other.setup), ("the head to start from", warmStart, other.warmStart),
    ] {
      if let own, let other, own != other { return ("\(name) \(short(own))", "\(name) \(short(other))") }
    }
    return nil
  }
}
