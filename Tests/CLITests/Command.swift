import Formats
import Foundation
import TestSupport

/// Runs the built `discern` in a process of its own.
enum Command {
  /// What a run of the command left.
  struct Result {
    let output: String
    let errors: String
    let code: Int32

    /// The standard output as one JSON value.
    func json() throws -> JSON { try JSON(parsing: Array(output.utf8), name: "stdout") }

    /// The lines of the standard output.
    var lines: [String] {
      output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Each line of the standard output as a JSON value.
    func jsonLines() throws -> [JSON] {
      try lines.map { try JSON(parsing: Array($0.utf8), name: "stdout") }
    }
  }

  /// The command beside the test bundle, or the one that DISCERN_BINARY names.
  static let path: String =
    ProcessInfo.processInfo.environment["DISCERN_BINARY"]
    ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appending(path: "discern").path

  /// Whether a sanitizer runs the tests: it reserves terabytes of addresses, and some keep files of their own.
  static let isSanitized = ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains {
    ProcessInfo.processInfo.environment[$0] != nil
  }

  // One process at a time: descriptors of one must not leak into another.
  private static let lock = NSLock()

  /// Runs `discern` with arguments; `input` is what it reads, `output` where it writes instead of into the result.
  static func run(
    _ arguments: [String], input: String = "", output: String? = nil,
    environment: [String: String] = [:]
  ) throws -> Result {
    try run(path, arguments, input: input, output: output, environment: environment)
  }

  /// Runs another executable of the package.
  static func tool(_ name: String, _ arguments: [String]) throws -> Result {
    let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    return try run(folder.appending(path: name).path, arguments, environment: [:])
  }

  /// Runs a line of shell in which `$discern` is the command.
  static func shell(_ line: String) throws -> Result {
    try run("/bin/bash", ["-c", line], environment: ["discern": path])
  }

  private static func run(
    _ executable: String, _ arguments: [String], input: String = "", output: String? = nil,
    environment: [String: String]
  ) throws -> Result {
    lock.lock()
    defer { lock.unlock() }
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let names = (
      input: "\(folder.path)/in", output: "\(folder.path)/out", errors: "\(folder.path)/err"
    )
    try Data(input.utf8).write(to: URL(filePath: names.input))
    for name in [names.output, names.errors] {
      _ = FileManager.default.createFile(atPath: name, contents: nil)
    }
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .filter { !["NO_COLOR", "CLICOLOR_FORCE", "OMP_NUM_THREADS"].contains($0.key) }
      .merging(["COLUMNS": "80", "TERM": "xterm"]) { $1 }
      .merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: URL(filePath: names.input))
    process.standardOutput = FileHandle(forWritingAtPath: output ?? names.output)
    process.standardError = FileHandle(forWritingAtPath: names.errors)
    try process.run()
    process.waitUntilExit()
    func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(filePath: name)), as: UTF8.self)
    }
    let code =
      process.terminationReason == .uncaughtSignal
      ? 128 + process.terminationStatus : process.terminationStatus
    return Result(output: try text(names.output), errors: try text(names.errors), code: code)
  }
}
