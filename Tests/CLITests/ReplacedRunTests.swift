import Formats
import Foundation
import TestSupport
import Testing

/// What `--overwrite` replaces is kept until its successor is worth as much.
@Suite struct ReplacedRunTests {
  private func arguments(_ out: String, _ more: [String] = []) -> [String] {
    [
      "train", "--model", Runs.model, "--data", Runs.sequenceData, "--out", out, "--epochs", "60", "--batch-size", "2",
      "--rank", "4", "--quiet",
    ] + more
  }

  /// A finished run; answers the bytes of its adapter.
  private func good(_ name: String) throws -> (out: String, adapter: String) {
    let out = "\(Runs.folder)/replaced-\(name)"
    #expect(try Command.run(arguments(out, ["--epochs", "1", "--seed", "3"])).code == 0)
    return (out, try RunContent.adapter(out))
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  @Test func aStopSparesIt() throws {
    let (out, adapter) = try good("stop")
    let life = try Life(arguments(out, ["--overwrite", "--checkpoint-every", "1"]), run: out)
    // Before its first step it would leave nothing and put the other one back.
    life.wait(forStep: 1)
    life.signal(SIGINT)
    let (code, errors) = life.end()
    #expect(code == 130, "\(errors)")
    try #require(exists(out + ".replaced"))
    #expect(try RunContent.adapter(out + ".replaced") == adapter)
    #expect(errors.contains("kept as \(out).replaced"), "\(errors)")
    let again = try Command.run(arguments(out, ["--overwrite"]))
    #expect(again.code == 73 && again.errors.contains("Rename it or remove it"), "\(again.errors)")
    #expect(try Command.run(Life.resuming(out)).code == 0)
    #expect(!exists(out + ".replaced"))
    #expect(try RunContent.adapter(out) != adapter)
  }

  /// A death between the first adapter and the removal.
  @Test func itGoesWhereTheAdapterWasThereFirst() throws {
    let (out, _) = try good("between")
    let copy = out + ".copy"
    try FileManager.default.copyItem(atPath: out, toPath: copy)
    let options = ["--dev", Runs.sequenceData, "--evaluate-every", "300", "--checkpoint-every", "1"]
    try Life.killed(arguments(out, ["--overwrite"] + options), run: out, atStep: 3)
    #expect(exists(out + ".replaced"))
    for name in ["adapter_config.json", "adapter_model.safetensors", "discern.json"] {
      try FileManager.default.copyItem(atPath: "\(copy)/\(name)", toPath: "\(out)/\(name)")
    }
    #expect(try Command.run(Life.resuming(out)).code == 0)
    #expect(!exists(out + ".replaced"))
    #expect(try Command.run(arguments(out, ["--overwrite", "--epochs", "1"])).code == 0)
  }

  @Test func anotherRunsIsLeftAlone() throws {
    let (other, adapter) = try good("other")
    let out = "\(Runs.folder)/replaced-fresh"
    try Life.killed(arguments(out, ["--checkpoint-every", "1"]), run: out, atStep: 3)
    try FileManager.default.moveItem(atPath: other, toPath: out + ".replaced")
    #expect(try Command.run(Life.resuming(out)).code == 0)
    try #require(exists(out + ".replaced/adapter_config.json"))
    #expect(try RunContent.adapter(out + ".replaced") == adapter)
  }
}
