import Formats

@testable import Discern

/// The cases that Scripts/reference/evaluation.py wrote.
enum EvaluationFixture {
  static let json: JSON = {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let path = "/\(folder)/Fixtures/evaluation.json"
    guard let json = try? JSON(contentsOf: path, limit: 1 << 24) else { fatalError("cannot read \(path)") }
    return json
  }()

  /// Logits with their truth and the numbers that belong to them.
  static var cases: [JSON] { json["probabilities"]?.array ?? [] }

  static func named(_ name: String) -> JSON { cases.first { $0["name"]?.string == name }! }

  static func answers(_ entry: JSON) -> ScoredAnswers {
    ScoredAnswers(
      logits: entry["logits"]!.array!.map { $0.doubles.map { Float($0) } }, gold: entry["gold"]!.ints)
  }
}
