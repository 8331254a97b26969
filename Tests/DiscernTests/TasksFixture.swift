import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// The cases that Scripts/reference/tasks.py wrote.
enum TasksFixture {
  static let json: JSON = {
    let path = "\(Paths.root)/Tests/DiscernTests/Fixtures/tasks.json"
    guard let json = try? JSON(contentsOf: path, limit: 1 << 24) else { fatalError("cannot read \(path)") }
    return json
  }()

  /// The cases of a kind.
  static func cases(_ kind: String) -> [JSON] { json[kind]?.array ?? [] }
}

extension JSON {
  var floats: [Float] { doubles.map { Float($0) } }
  var name: String { self["name"]?.string ?? "" }
}
