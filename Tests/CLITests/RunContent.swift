import Formats
import Foundation
import Testing

/// What two runs must have in common that end with the same bytes, and ways to tamper with a run.
enum RunContent {
  /// SHA-256 of the adapter's weights.
  static func adapter(_ run: String) throws -> String {
    try SHA256.hexDigest(ofFile: run + "/adapter_model.safetensors")
  }

  /// The bytes of every plain file in a run's folder but of its manifest.
  static func files(_ run: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: run)
    where !name.hasPrefix("checkpoints") && name != "run.json" {
      files[name] = try Data(contentsOf: URL(filePath: "\(run)/\(name)"))
    }
    return files
  }

  /// Changes a JSON file.
  static func edit(_ path: String, _ change: (inout JSONObject) throws -> Void) throws {
    var object = try #require(try JSON(contentsOf: path, limit: 1 << 24).object)
    try change(&object)
    try Data(JSON.object(object).serialized(pretty: true).utf8).write(to: URL(filePath: path))
  }

  /// Changes the state in a checkpoint, and its sums with it.
  static func edit(checkpoint: String, _ change: (inout JSONObject) throws -> Void) throws {
    try edit(checkpoint + "/state.json", change)
    let sums = URL(filePath: checkpoint + "/SHA256SUMS")
    let hash = try SHA256.hexDigest(ofFile: checkpoint + "/state.json")
    let lines = try String(contentsOf: sums, encoding: .utf8).split(separator: "\n").map {
      $0.hasSuffix("  state.json") ? "\(hash)  state.json\n" : "\($0)\n"
    }
    try Data(lines.joined().utf8).write(to: sums)
    try SealedFolder.check(checkpoint)
  }
}
