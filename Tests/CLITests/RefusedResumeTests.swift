import Formats
import Foundation
import Testing

/// What `train --resume` refuses costs nothing: the run and its checkpoints stay as they are.
@Suite struct RefusedResumeTests {
  /// A run without dev data that died: there is a checkpoint, but no adapter yet.
  private func interrupted(_ name: String, _ options: [String] = []) throws -> String {
    let out = "\(Runs.folder)/refused-\(name)"
    try Life.killed(arguments(out) + ["--checkpoint-every", "1"] + options, run: out, atStep: 3)
    return out
  }

  private func arguments(_ out: String) -> [String] {
    [
      "train", "--model", Runs.model, "--data", Runs.sequenceData, "--out", out, "--epochs", "60", "--batch-size", "2",
      "--rank", "4", "--seed", "11", "--quiet",
    ]
  }

  private func names(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  @Test func otherDataOrAModelLeaveTheRunAsItWas() throws {
    let out = try interrupted("data")
    let kept = names(out + "/checkpoints")
    #expect(!kept.isEmpty && !names(out).contains("adapter_config.json"))
    let rows = ["sea", "hills"].map { "{\"text\": \"a \($0)\", \"label\": \"\($0)\"}\n" }
    let other = Runs.file("refused-rows.jsonl", rows.joined())
    for (options, part) in [
      (["--data", other], "found 2 other examples"), (["--model", FailureTests.otherModel], "found another model"),
    ] {
      let result = try Command.run(["train", "--resume", out] + options)
      #expect(result.code == 65 && result.errors.contains(part), "\(result.errors)")
      #expect(names(out + "/checkpoints") == kept)
    }
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 0 && result.errors.contains("going on after step"), "\(result.errors)")
  }

  @Test(arguments: [
    ["--format", "csv"], ["--text-column", "text"], ["--pair-column", "b"], ["--label-column", "c"],
    ["--tokens-column", "d"], ["--tags-column", "e"], ["--token-index", "0"], ["--tag-index", "1"],
    ["--scheme", "plain"], ["--split", "90/10"], ["--folds", "3"],
  ])
  func whatARunBeganWithCannotBeGivenAnew(options: [String]) throws {
    let result = try Command.run(["train", "--resume", "\(Runs.folder)/any-run"] + options)
    #expect(result.code == 64, "\(result.errors)")
    #expect(result.errors.contains("\(options[0]): a run reads and deals out its data as it began"), "\(result.errors)")
  }

  /// The name of the head has what YAML would take for a comment.
  @Test func theHeadThatARunBeganWithMayBeGone() throws {
    let head = "\(Runs.folder)/head of run #3.json"
    let probed = try Command.run([
      "probe", Runs.model, "--data", Runs.sequenceData, "--attention", "causal", "--save", head, "--json", "--quiet",
    ])
    let options = try #require(try probed.json()["options"]?.string).split(separator: " ").map(String.init)
    let out = try interrupted("warm", options + ["--warm-start", head])
    let reference = out + "-reference"
    let undisturbed = try Command.run(arguments(reference) + options + ["--warm-start", head])
    #expect(undisturbed.code == 0, "\(undisturbed.errors)")
    try FileManager.default.removeItem(atPath: head)
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 0 && result.errors.contains("going on after step"), "\(result.errors)")
    #expect(try RunContent.adapter(out) == RunContent.adapter(reference))
  }

  @Test func damagedCheckpointsStay() throws {
    let out = try interrupted("damaged")
    let kept = names(out + "/checkpoints")
    for name in kept { try Data().write(to: URL(filePath: "\(out)/checkpoints/\(name)/state.json")) }
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 65 && result.errors.contains("no checkpoint that is whole"), "\(result.errors)")
    #expect(names(out + "/checkpoints") == kept)
  }

  /// Nobody waits at a terminal for data that were piped in once.
  @Test func dataFromTheStandardInputAreAskedFor() throws {
    let out = "\(Runs.folder)/refused-piped"
    let command = [
      "train", "--model", Runs.model, "--data", "-", "--format", "jsonl", "--out", out, "--epochs", "60",
      "--batch-size", "2", "--rank", "4", "--quiet", "--checkpoint-every", "1",
    ]
    let life = try Life(
      command, run: out, by: ["/bin/bash", "-c", "exec \"$0\" \"$@\" < '\(Runs.sequenceData)'"])
    life.wait(forStep: 3)
    life.signal(SIGKILL)
    #expect(life.end().code == 128 + SIGKILL)
    let kept = names(out + "/checkpoints")
    let rows = try String(contentsOfFile: Runs.sequenceData, encoding: .utf8)
    let result = try Command.run(["train", "--resume", out], input: rows)
    #expect(result.code == 64 && result.errors.contains("--data"), "\(result.errors)")
    #expect(names(out + "/checkpoints") == kept)
    let given = try Command.run(["train", "--resume", out, "--data", "-"], input: rows)
    #expect(given.code == 0 && given.errors.contains("going on after step"), "\(given.errors)")
  }

  /// The recipe stays, and with it the step that diverges.
  @Test func aRunThatDivergedIsNotSentToItsCheckpoints() throws {
    let out = "\(Runs.folder)/refused-diverged"
    // The gradient of one row has no number; with this seed it comes after others.
    let rows = (1...8).map { "a boat \($0),\($0)\n" } + ["a hill,3e38\n"]
    let data = Runs.file("diverging.csv", "text,label\n" + rows.joined())
    let result = try Command.run([
      "train", "--task", "regression", "--model", Runs.model, "--data", data, "--out", out, "--rank", "4", "--seed",
      "3",
      "--batch-size", "1", "--quiet", "--checkpoint-every", "1",
    ])
    #expect(result.code == 65 && result.errors.contains("training diverged at step"), "\(result.errors)")
    #expect(!names(out + "/checkpoints").isEmpty, "there is something to go on from")
    #expect(!result.errors.contains("--resume"), "\(result.errors)")
    #expect(result.errors.contains("begin another run"), "\(result.errors)")
  }
}
