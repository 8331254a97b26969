import Formats

extension RunFolder {
  /// What to do about a run that is there already.
  static let nextSteps = "Choose another name, or replace the run with --overwrite."

  /// What lies at a path where a new run was to be made, and what to type.
  static func describe(_ path: String) -> (found: String, remedy: String) {
    guard let manifest = try? RunManifest(ofRun: path) else { return ("something of that name", nextSteps) }
    if manifest.outcome == .finished {
      let steps = manifest.steps.map { " of \($0) steps" } ?? ""
      return ("a finished run\(steps)", nextSteps)
    }
    let step = CheckpointFolder.lastStep(in: path)
    let done = step.map { step in " step \(step)" + (manifest.steps.map { " of \($0)" } ?? "") } ?? ""
    let how =
      switch manifest.outcome {
      case .stopped: "a run that was stopped"
      case .failed: "a run that failed"
      case .running, .finished: "a run that did not finish"
      }
    return (
      how + (step == nil ? "" : "; its last checkpoint is from\(done)"),
      "Go on with `discern train --resume \(path)`, choose another name, or replace the run with --overwrite."
    )
  }
}

extension RunManifest {
  /// Throws where the recipe in a run's folder is no longer the one that the run began with.
  func checkRecipeFile(in folder: String) throws {
    let place = "\(folder)/\(RunFolder.recipeFile)"
    guard FileSystem.exists(place) else { return }
    let file = try MappedFile(place)
    let text = file.withBytes { String(decoding: $0, as: UTF8.self) }
    var changed = Recipe()
    try RecipeFile(yaml: text, name: place).apply(to: &changed)
    try check(changed, place: place)
  }

  /// Throws where a recipe is not the one that the run began with; names the first setting that differs.
  func check(_ other: Recipe, place: String) throws {
    for setting in Recipe.settings where setting.text(other) != setting.text(recipe) {
      throw FormatError(
        "\(place): \(setting.name)", found: setting.text(other),
        expected: "\(setting.text(recipe)), with which the run began",
        remedy: "A run goes on with its own recipe; begin another run for another one.", kind: .configuration)
    }
  }

  /// Throws where model or data are not those that the run began with; what is not known yet is noted.
  mutating func check(model: Model, train: Source, dev: Source?) throws {
    if let own = self.model, own.fingerprint != model.fingerprint {
      throw FormatError(
        model.path, found: "another model (\(model.fingerprint))",
        expected: "the one that the run began with: \(own.path) (\(own.fingerprint))")
    }
    for (name, own, other) in [("training data", self.train, train), ("dev data", self.dev, dev)] {
      guard self.train != nil, own?.examplesHash != other?.examplesHash else { continue }
      throw FormatError(
        other?.name ?? name, found: other.map { "\($0.examples) other examples" } ?? "no \(name)",
        expected: own.map { "the \(name) that the run began with: \($0.examples) examples of \($0.name)" }
          ?? "none, as the run began")
    }
    let files = self.model?.files ?? []
    (self.model, self.train, self.dev) = (model, train, dev)
    self.model?.files = files
  }

  /// Writes the manifest into a run's folder.
  func write(to folder: String) throws {
    try FileSystem.write(json.serialized(pretty: true) + "\n", to: "\(folder)/\(Self.file)")
  }
}
