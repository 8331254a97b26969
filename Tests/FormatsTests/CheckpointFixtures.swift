import Foundation
import Testing

@testable import Formats

/// Files that tests of checkpoints read or make.
enum CheckpointFixtures {
  /// The folder with references, or nil where it is absent; its tests are skipped then.
  static let shared: String? = {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let path =
      ProcessInfo.processInfo.environment["DISCERN_SHARED"]
      ?? root.deletingLastPathComponent().appendingPathComponent("shared").path
    return FileManager.default.fileExists(atPath: path + "/goldens") ? path : nil
  }()

  /// A real GGUF model named by DISCERN_GGUF, or nil.
  static let realGGUF = ProcessInfo.processInfo.environment["DISCERN_GGUF"]

  /// Calls `body` with a new folder, and removes it afterwards.
  static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("discern-test-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  static func read(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// The bytes as a mapped file called `name`.
  static func mapped(_ bytes: [UInt8], name: String) throws -> MappedFile {
    try bytes.withUnsafeBytes { try MappedFile(copying: $0, name: name) }
  }

  /// Checks that `body` throws a `FormatError` whose text holds `part`.
  static func refuses(
    _ part: String, _ location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
  ) {
    do {
      try body()
      Issue.record("accepted, where \(part) was expected", sourceLocation: location)
    } catch let error as FormatError {
      #expect(
        error.description.contains(part), "\(error.description)", sourceLocation: location)
      #expect(!error.place.isEmpty, sourceLocation: location)
    } catch {
      Issue.record("\(error) is no FormatError", sourceLocation: location)
    }
  }
}

/// A seeded generator (SplitMix64), so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension [UInt8] {
  /// The little-endian bytes of a number.
  init<Value: FixedWidthInteger>(_ value: Value) {
    self = Swift.withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
