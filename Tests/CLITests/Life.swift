import Compute
import Foundation
import TestSupport
import Testing

/// A process of `discern train` that is watched by its checkpoints and killed in the midst of its work.
final class Life {
  private let process = Process()
  private let run: String
  private let errorsPath: String

  /// Starts a command with the default action of SIGHUP, whatever this process was started with.
  static let hearingHangUps = ["/usr/bin/env", "--default-signal=HUP"]

  /// Starts `discern` with arguments, or what starts it; `run` is the folder that it trains into.
  init(_ arguments: [String], run: String, by starter: [String] = []) throws {
    self.run = run
    errorsPath = "\(Runs.folder)/life-\(UUID().uuidString).err"
    _ = FileManager.default.createFile(atPath: errorsPath, contents: nil)
    let words = starter + [Command.path] + arguments
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: errorsPath)
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(atPath: errorsPath)
  }

  /// The newest step that a checkpoint of a run is from; 0 where there is none.
  static func step(of run: String) -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints")) ?? []
    return names.filter { $0.hasPrefix("step-") }.compactMap { Int($0.dropFirst(5).prefix(8)) }.max() ?? 0
  }

  /// Starts a run and kills it once it has a checkpoint of that step.
  static func killed(_ arguments: [String], run: String, atStep step: Int) throws {
    let life = try Life(arguments, run: run)
    life.wait(forStep: step)
    life.signal(SIGKILL)
    #expect(life.end().code == 128 + SIGKILL)
  }

  /// The words that go on with a run; those that began it may have wanted a checkpoint after each step, which takes long.
  static func resuming(_ run: String) -> [String] { ["train", "--resume", run, "--checkpoint-every", "1h"] }

  /// The names of a run's checkpoints, oldest first.
  static func checkpoints(of run: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints")) ?? [])
      .filter { $0.hasPrefix("step-") }.sorted()
  }

  /// Waits until `isTrue`, or the process has ended.
  func wait(until isTrue: () -> Bool) {
    while process.isRunning && !isTrue() { usleep(300) }
  }

  /// The process's number.
  var identifier: Int32 { process.processIdentifier }

  /// Whether it has not ended yet.
  var isRunning: Bool { process.isRunning }

  /// Waits until a checkpoint of that step or a later one is there, or the process has ended.
  func wait(forStep step: Int) {
    while process.isRunning && Life.step(of: run) < step { usleep(300) }
  }

  /// Waits until a checkpoint is being written, or the process has ended.
  func waitForWrite() {
    let folder = run + "/checkpoints"
    while process.isRunning {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      if names.contains(where: { $0.hasSuffix(".tmp") }) { return }
    }
  }

  /// Sends a signal.
  func signal(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits for the end, two minutes at most; answers the exit code, or 128 and the signal.
  func end() -> (code: Int32, errors: String) {
    let deadline = Date(timeIntervalSinceNow: 120)
    while process.isRunning && Date() < deadline { usleep(1000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    let errors = (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? ""
    let status = process.terminationStatus
    return (process.terminationReason == .uncaughtSignal ? 128 + status : status, errors)
  }
}
