import Formats
import Foundation
import TestSupport
import Testing

/// Runs whose checkpoints are gone, or cannot be read just now: what is left of them is never replaced.
@Suite struct LostCheckpointTests {
  private static let kind = ResumeTests.sequence

  @Test func anAdapterWithoutACheckpointIsNotReplaced() throws {
    let out = "\(Runs.folder)/lost-none"
    let life = try Life(Self.kind.arguments(out, ["--checkpoints", "0"]), run: out)
    life.wait { FileManager.default.fileExists(atPath: out + "/adapter_config.json") }
    life.signal(SIGKILL)
    #expect(life.end().code == 128 + SIGKILL)
    let before = try RunContent.files(out)
    let resumed = try Command.run(["train", "--resume", out, "--quiet"])
    #expect(resumed.code == 73 && resumed.errors.contains("found an adapter and no checkpoint"), "\(resumed.errors)")
    #expect(try RunContent.files(out) == before)
    let again = try Command.run(Self.kind.arguments(out))
    #expect(again.code == 73 && again.errors.contains("it left an adapter and no checkpoint"), "\(again.errors)")
    #expect(!again.errors.contains("--resume"), "\(again.errors)")
  }

  @Test func aFolderThatCannotBeReadIsNotAnEmptyOne() throws {
    let out = "\(Runs.folder)/lost-unreadable"
    let options = ["train", "--model", Runs.model, "--data", Runs.sequenceData, "--out", out, "--epochs", "60"]
    try Life.killed(
      options + ["--batch-size", "2", "--quiet", "--checkpoint-every", "1"], run: out, atStep: 3)
    let folder = out + "/checkpoints"
    #expect(rename(folder, folder + ".away") == 0 && symlink("checkpoints", folder) == 0)
    let before = try RunContent.files(out).filter { $0.key == "metrics.jsonl" }
    let resumed = try Command.run(Life.resuming(out))
    #expect(resumed.code == 66 && resumed.errors.contains("checkpoints: found symbolic links"), "\(resumed.errors)")
    #expect(try RunContent.files(out).filter { $0.key == "metrics.jsonl" } == before)
    let again = try Command.run(options)
    #expect(again.code == 73 && again.errors.contains("its checkpoints cannot be read"), "\(again.errors)")
    #expect(!again.errors.contains("--overwrite"), "\(again.errors)")
    #expect(unlink(folder) == 0 && rename(folder + ".away", folder) == 0)
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 0 && result.errors.contains("going on after step"), "\(result.errors)")
  }

  /// Whether system calls can be watched, and made to fail; a sanitizer is no good under strace.
  static let canTrace =
    !Command.isSanitized && (try? Command.shell("strace -o /dev/null true 2> /dev/null"))?.code == 0

  @Test(.enabled(if: canTrace, "needs strace"))
  func anErrorOfTheDiskIsNoDamage() throws {
    let out = "\(Runs.folder)/lost-disk"
    try Life.killed(Self.kind.arguments(out, ["--checkpoint-every", "1"]), run: out, atStep: 9)
    let kept = Life.checkpoints(of: out)
    let newest = try #require(kept.last)
    let result = try Command.shell(
      """
      exec strace -f -o /dev/null -P '\(out)/checkpoints/\(newest)/training.safetensors' \
        -e trace=openat -e inject=openat:error=EIO "$discern" train --resume '\(out)'
      """)
    #expect(result.code == 74, "\(result.errors)")
    #expect(result.errors.contains("\(newest)/training.safetensors: found"), "\(result.errors)")
    #expect(result.errors.contains("move \(newest) away"), "\(result.errors)")
    #expect(Life.checkpoints(of: out) == kept)
    #expect(try Command.run(Life.resuming(out)).code == 0)
    #expect(try RunContent.adapter(out) == RunContent.adapter(Self.kind.reference()))
  }

  /// What was told to be there after a power loss must have been told to the disk.
  @Test(.enabled(if: canTrace, "needs strace"))
  func namesAreSyncedToo() throws {
    let parent = "\(Runs.folder)/synced/deep"
    let out = parent + "/run"
    let trace = "\(Runs.folder)/synced.trace"
    let result = try Command.shell(
      """
      exec strace -f -y -s 4096 -o '\(trace)' -e trace=fsync,rename,mkdir "$discern" train --model '\(Runs.model)' \
        --data '\(Runs.sequenceData)' --out '\(out)' --epochs 1 --quiet --checkpoint-every 1
      """)
    #expect(result.code == 0, "\(result.errors)")
    let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
    /// Whether the folder is synced after the first line that has both pieces.
    func isSynced(_ folder: String, after call: String, _ argument: String) throws -> Bool {
      let index = try #require(lines.firstIndex { $0.contains(call) && $0.contains(argument) }, "\(call) \(argument)")
      let resolved = URL(filePath: folder).resolvingSymlinksInPath().path
      return lines[index...].contains { $0.contains("fsync(") && $0.contains("<\(resolved)>") }
    }
    #expect(try isSynced(Runs.folder, after: "mkdir(", "/synced\""))
    #expect(try isSynced(parent, after: "rename(", ", \"\(out)\")"))
    #expect(try isSynced(out, after: "mkdir(", "/run/checkpoints\""))
    #expect(try isSynced(out + "/checkpoints", after: "rename(", "/run/checkpoints/step-00000001"))
  }
}
