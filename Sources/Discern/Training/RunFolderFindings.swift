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
    let how =
      switch manifest.outcome {
      case .stopped: "a run that was stopped"
      case .failed: "a run that failed"
      case .running, .finished: "a run that did not finish"
      }
    let goOn = "Go on with `discern train --resume \(path)`, choose another name, or replace the run with --overwrite."
    do {
      guard let step = try CheckpointFolder.lastStep(in: path) else {
        return hasAdapter(in: path) ? (how + "; it left an adapter and no checkpoint", nextSteps) : (how, goOn)
      }
      return (how + "; its last checkpoint is from step \(step)" + (manifest.steps.map { " of \($0)" } ?? ""), goOn)
    } catch {
      return (how + "; its checkpoints cannot be read (\(error))", "Mend that, or choose another name.")
    }
  }

  /// A run cannot go on where only its adapter is left: beginning anew would put a worse one in its place.
  static func adapterWithoutCheckpoint(_ path: String) -> DiscernError {
    DiscernError(
      .cannotCreate,
      "\(path): found an adapter and no checkpoint; expected a checkpoint to go on from. The run could only begin anew, "
        + "over this adapter. \(nextSteps)")
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
    if let own = self.model?.setupHash, let other = model.setupHash, own != other {
      throw FormatError(
        model.path, found: "another configuration or tokenizer (SHA-256 \(other.prefix(12))…)",
        expected: "those that the run began with (\(own.prefix(12))…)",
        remedy: "Put config.json and the tokenizer's files back as they were, or name the model as it was with --model."
      )
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

  /// Notes the head that the recipe begins with, with its bytes.
  mutating func noteWarmStart() throws {
    guard !recipe.warmStart.isEmpty else { return }
    let path = FileSystem.absolute(recipe.warmStart)
    warmStart = File(path: path, hash: try SHA256.hexDigest(ofFile: path))
  }

  /// Throws where the head that a run begins with anew is another one now.
  mutating func checkWarmStart() throws {
    guard !recipe.warmStart.isEmpty else { return }
    guard let own = warmStart else {
      // An earlier version noted neither hash nor folder.
      let isRelative = !recipe.warmStart.hasPrefix("/")
      let path = isRelative ? "\(sessions.first?.folder ?? ".")/\(recipe.warmStart)" : recipe.warmStart
      warmStart = File(path: path, hash: try SHA256.hexDigest(ofFile: path))
      return
    }
    let hash = try SHA256.hexDigest(ofFile: own.path)
    guard own.hash == hash else {
      throw FormatError(
        own.path, found: "another head to start from (SHA-256 \(hash.prefix(12))…)",
        expected: "the one that the run began with (\(own.hash?.prefix(12) ?? "unknown")…)",
        remedy: "Put it back, or begin another run.")
    }
  }

  /// A sentence for each file of a model whose bytes are no longer what they were; files of other names say nothing.
  static func changes(from known: [File], to files: [File]) -> [String] {
    func name(_ file: File) -> Substring? { file.path.split(separator: "/").last }
    return files.compactMap { file in
      guard let own = known.first(where: { name($0) == name(file) }), let hash = file.hash, let old = own.hash,
        old != hash
      else { return nil }
      return "\(file.path): found other bytes (SHA-256 \(hash.prefix(12))…) than when the run began "
        + "(\(old.prefix(12))…): the adapter may be another one than that of an undisturbed run"
    }
  }

  /// Writes the manifest into a run's folder.
  func write(to folder: String) throws {
    try FileSystem.write(json.serialized(pretty: true) + "\n", to: "\(folder)/\(Self.file)")
  }
}
