import Formats
import Glibc
import Testing

/// The cases that Scripts/reference/metrics.py wrote.
enum MetricsFixture {
  static let json: JSON = {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let path = "/\(folder)/Fixtures/metrics.json"
    guard let line = try? LineReader(path: path).next(),
      let json = try? JSON(parsing: line.bytes, name: path)
    else { fatalError("cannot read \(path)") }
    return json
  }()

  /// The cases of a kind.
  static func cases(_ kind: String) -> [JSON] { json[kind]?.array ?? [] }
}

extension JSON {
  var ints: [Int] { array?.compactMap(\.int) ?? [] }
  var doubles: [Double] { array?.compactMap(\.double) ?? [] }
  /// Sentences written as tags with spaces between them.
  var sentences: [[String]] {
    array?.compactMap { $0.string?.split(separator: " ").map(String.init) } ?? []
  }
}

/// Whether two lists of numbers agree up to rounding.
func agree(_ a: [Double], _ b: [Double], tolerance: Double = 1e-12) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
}
