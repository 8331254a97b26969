import Compute
import Formats

/// What a run was made of and by, as `run.json` holds it: enough to go on with it, and to say why two runs differ.
public struct RunManifest: Sendable {
  /// Where the run stands.
  public enum Outcome: String, Sendable {
    /// A process is at work, or died.
    case running
    /// Stopped by the user.
    case stopped
    /// Ended by an error.
    case failed
    case finished
  }

  /// A file that a run was made of.
  public struct File: Equatable, Sendable {
    /// As it was given.
    public var path: String
    /// SHA-256 of its bytes; nil where it was no regular file.
    public var hash: String?
  }

  /// The base model.
  public struct Model: Equatable, Sendable {
    public var path: String
    /// As `BaseModel.fingerprint`: of samples, for quick checks.
    public var fingerprint: String
    /// SHA-256 of its configuration and tokenizer; nil in runs of earlier versions.
    public var setupHash: String?
    /// Its files with their hashes; none before a session has come far enough to know them.
    public var files: [File] = []
  }

  /// A data set of the run.
  public struct Source: Equatable, Sendable {
    /// The name for messages.
    public var name: String
    public var files: [File]
    /// SHA-256 of the examples as they were read, which decides whether a run may go on.
    public var examplesHash: String
    public var examples: Int
  }

  public internal(set) var recipe: Recipe
  public internal(set) var outcome = Outcome.running
  public internal(set) var model: Model?
  public internal(set) var train: Source?
  public internal(set) var dev: Source?
  /// The head that the run began with; nil where it began with a random one.
  public internal(set) var warmStart: File?
  /// Whether the run that this one replaces is still kept beside it.
  public internal(set) var replaces = false
  /// Steps that the run will have in all, as far as known.
  public internal(set) var steps: Int?
  /// What the finished run came to: metrics of the best adapter and its step.
  public internal(set) var result: JSON?
  /// Each start of the run, the first one first.
  public internal(set) var sessions: [RunSession]

  static let file = "run.json"

  init(recipe: Recipe, session: RunSession) {
    self.recipe = recipe
    sessions = [session]
  }

  /// Reads the manifest of a run's folder. Throws a `FormatError` where there is none.
  public init(ofRun folder: String) throws {
    let place = "\(folder)/\(Self.file)"
    guard FileSystem.exists(place) else {
      throw FormatError(
        folder, found: FileSystem.exists(folder) ? "no \(Self.file)" : "no such folder",
        expected: "a run of discern train", remedy: "Check the path.", kind: .noInput)
    }
    try self.init(json: try JSON(contentsOf: place, limit: 1 << 24), place: place)
  }

  /// Reads what `json` wrote.
  init(json: JSON, place: String) throws {
    let reader = MemberReader(json: json, place: place)
    guard let recipe = json["recipe"]?["settings"], let outcome = Outcome(rawValue: try reader.text("outcome")) else {
      throw FormatError(place, found: "another layout", expected: "a run.json of Discern")
    }
    self.recipe = try Recipe(json: recipe, name: place)
    self.outcome = outcome
    if let model = json["model"], !model.isNull {
      let reader = MemberReader(json: model, place: "\(place): model")
      self.model = Model(
        path: try reader.text("path"), fingerprint: try reader.text("fingerprint"),
        setupHash: model["setup_sha256"]?.string, files: try Self.files(model, "\(place): model"))
    }
    train = try Self.source(json["data"]?["train"], "\(place): data: train")
    dev = try Self.source(json["data"]?["dev"], "\(place): data: dev")
    if let head = json["warm_start"], !head.isNull { warmStart = try Self.file(head, "\(place): warm_start") }
    replaces = json["replaces"]?.bool ?? false
    steps = try reader.countIfAny("steps")
    result = json["result"].flatMap { $0.isNull ? nil : $0 }
    sessions = try (json["sessions"]?.array ?? []).map { try RunSession(json: $0, place: "\(place): sessions") }
  }

  /// The manifest as it stands in the file.
  public var json: JSON {
    [
      "discern": 1,
      "outcome": JSON(outcome.rawValue),
      "steps": steps.map { .integer($0) } ?? .null,
      "seed": JSON(String(recipe.seed)),
      "recipe": ["sha256": JSON(recipe.hash), "settings": recipe.json],
      "model": model.map { model in
        [
          "path": JSON(model.path), "fingerprint": JSON(model.fingerprint),
          "setup_sha256": model.setupHash.map { JSON($0) } ?? .null, "files": .array(model.files.map(\.json)),
        ]
      } ?? .null,
      "data": ["train": train?.json ?? .null, "dev": dev?.json ?? .null],
      "warm_start": warmStart?.json ?? .null,
      "replaces": .bool(replaces),
      "result": result ?? .null,
      "sessions": .array(sessions.map(\.json)),
    ]
  }

  private static func files(_ json: JSON, _ place: String) throws -> [File] {
    try (json["files"]?.array ?? []).map { try file($0, "\(place): files") }
  }

  private static func file(_ json: JSON, _ place: String) throws -> File {
    File(path: try MemberReader(json: json, place: place).text("path"), hash: json["sha256"]?.string)
  }

  private static func source(_ json: JSON?, _ place: String) throws -> Source? {
    guard let json, !json.isNull else { return nil }
    let reader = MemberReader(json: json, place: place)
    return Source(
      name: try reader.text("name"), files: try files(json, place),
      examplesHash: try reader.text("examples_sha256"), examples: try reader.count("examples"))
  }
}

extension RunManifest.Model {
  /// Describes a model that has been opened.
  init(_ base: BaseModel) throws {
    self.init(
      path: FileSystem.absolute(base.place), fingerprint: base.fingerprint, setupHash: try base.setupHash())
  }
}

extension RunManifest.Source {
  /// Describes a data set that has been read.
  public init(_ dataset: Dataset) {
    name = dataset.name
    files = dataset.files.map { path in
      RunManifest.File(path: path, hash: FileSystem.isRegularFile(path) ? try? SHA256.hexDigest(ofFile: path) : nil)
    }
    examplesHash = dataset.hash
    examples = dataset.examples.count
  }

  fileprivate var json: JSON {
    [
      "name": JSON(name), "examples": .integer(examples), "examples_sha256": JSON(examplesHash),
      "files": .array(files.map(\.json)),
    ]
  }
}

extension RunManifest.File {
  fileprivate var json: JSON { ["path": JSON(path), "sha256": hash.map { JSON($0) } ?? .null] }
}

extension Recipe {
  /// SHA-256 of the recipe as its file has it.
  var hash: String {
    var hash = SHA256()
    hash.add(yaml)
    return hash.hexDigest
  }
}

extension Dataset {
  /// SHA-256 of inputs and labels in their order, whatever the file's format: each text with its length before it.
  var hash: String {
    var hash = SHA256()
    func add(_ kind: String, _ texts: [String]) {
      hash.add("\(kind) \(texts.count)\n")
      for text in texts { hash.add("\(text.utf8.count) \(text)\n") }
    }
    for example in examples {
      switch example.input {
      case .text(let text): add("text", [text])
      case .pair(let first, let second): add("pair", [first, second])
      case .words(let words): add("words", words)
      }
      if !example.missedSpans.isEmpty { add("missed", example.missedSpans) }
      switch example.label {
      case .none: add("none", [])
      case .classLabel(let label): add("class", [label])
      case .labels(let labels): add("labels", labels)
      case .values(let values): add("values", values.map { String($0) })
      case .tags(let tags): add("tags", tags)
      }
    }
    return hash.hexDigest
  }
}
