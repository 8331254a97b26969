import Foundation

@testable import Formats

/// Where the reference files live: the directory that DISCERN_SHARED names, or `shared` beside the package.
enum Reference {
  static let root: String? = {
    var candidates: [String] = []
    if let path = ProcessInfo.processInfo.environment["DISCERN_SHARED"] { candidates.append(path) }
    let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    candidates.append("/\(package)/../shared")
    return candidates.first { FileManager.default.fileExists(atPath: $0 + "/tokenizers") }
  }()

  /// Whether the tests that need reference files can run.
  static var isPresent: Bool { root != nil }

  /// The bytes of a reference file.
  static func bytes(_ path: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: root! + "/" + path)))
  }

  /// The bytes of a file that is part of the tests.
  static func fixture(_ name: String) throws -> [UInt8] {
    let directory = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return try [UInt8](Data(contentsOf: URL(fileURLWithPath: "/\(directory)/Fixtures/\(name)")))
  }

  /// The rows of a JSON Lines file.
  static func rows(_ path: String) throws -> [JSON] {
    try rows(of: bytes(path), name: path)
  }

  static func rows(of bytes: [UInt8], name: String) throws -> [JSON] {
    try bytes.split(separator: 0x0A).enumerated().map {
      try JSON(parsing: Array($1), name: name, firstLine: $0 + 1)
    }
  }
}
