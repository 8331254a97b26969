import Formats

/// What the training of folds is made of, and how far it is, as `folds.json` holds it.
public struct FoldRecord: Sendable {
  /// What the folds' runs have in common; its training data are those of all folds together.
  public internal(set) var manifest: RunManifest
  /// How many folds there are.
  public let count: Int
  /// The headline metrics of each fold on what was held out; nil where it is still to be trained or measured.
  public internal(set) var results: [[(name: String, value: Double)]?]
  /// Which rows are held out from which fold.
  private let split: JSON

  static let file = "folds.json"
  /// A million rows are twenty megabytes.
  private static let limit = 1 << 30

  init(recipe: Recipe, split: SplitRecord, command: [String]) {
    manifest = RunManifest(recipe: recipe, session: RunSession(command: command))
    count = split.parts.count
    results = Array(repeating: nil, count: count)
    self.split = split.json
  }

  /// Folds that are done.
  public var done: Int { results.count { $0 != nil } }

  /// The metrics of the folds that are done.
  public var scores: FoldScores {
    var scores = FoldScores()
    for case let summary? in results { scores.add(summary) }
    return scores
  }

  /// What a fold and its run are called.
  public static func name(_ index: Int) -> String { "fold-\(index + 1)" }

  /// Whether a folder holds the runs of folds.
  public static func isThere(in folder: String) -> Bool { FileSystem.exists("\(folder)/\(file)") }

  /// Reads the record of a folder. Throws a `FormatError` where there is none.
  public init(ofFolder folder: String) throws {
    let place = "\(folder)/\(Self.file)"
    let json = try JSON(contentsOf: place, limit: Self.limit)
    let reader = MemberReader(json: json, place: place)
    guard let split = json["split"], let results = json["scores"]?.array else {
      throw FormatError(place, found: "another layout", expected: "a \(Self.file) of this version of Discern")
    }
    manifest = try RunManifest(json: json, place: place)
    count = try reader.count("folds")
    self.split = split
    self.results = try results.map { result in
      if result.isNull { return nil }
      let reader = MemberReader(json: result, place: "\(place): scores")
      return try (result.object?.members ?? []).map { ($0.key.text, try reader.number($0.key.text)) }
    }
    guard results.count == count else {
      throw FormatError(
        place, found: "scores of \(results.count) folds", expected: "\(count), null where there are none")
    }
  }

  /// Whether these are the folds that the record was begun with, row for row.
  func agrees(with other: SplitRecord) -> Bool {
    split["rows"]?.serialized() == other.json["rows"]?.serialized()
  }

  private var json: JSON {
    var object = manifest.json.object ?? JSONObject()
    object["folds"] = .integer(count)
    object["scores"] = .array(
      results.map { result in
        guard let result else { return .null }
        var scores = JSONObject()
        for (name, value) in result { scores.append(JSONString(name), .number(value)) }
        return .object(scores)
      })
    if done == count { object["metrics"] = scores.json }
    object["split"] = split
    return .object(object)
  }

  func write(to folder: String) throws {
    try FileSystem.write(json.serialized() + "\n", to: "\(folder)/\(Self.file)")
  }
}
