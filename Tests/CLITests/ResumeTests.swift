import Compute
import Formats
import Foundation
import Testing

/// Runs that die and go on: they end with the bytes of a run that nothing happened to.
@Suite struct ResumeTests {
  /// A kind of run with enough steps for many deaths.
  struct Kind: CustomTestStringConvertible, Sendable {
    let name: String
    let deaths: Int
    let options: [String]
    /// How often checkpoints are written; a session that goes on is told nothing of it.
    var checkpoints = ["--checkpoint-every", "1"]

    var testDescription: String { name }

    func arguments(_ out: String, _ more: [String] = []) -> [String] {
      ["train", "--model", Runs.model, "--out", out, "--rank", "4", "--seed", "11", "--quiet"] + options + more
    }

    private static let lock = NSLock()

    /// The undisturbed run, made once.
    func reference() throws -> String {
      Self.lock.lock()
      defer { Self.lock.unlock() }
      let out = "\(Runs.folder)/resume-\(name)-reference"
      if !FileManager.default.fileExists(atPath: out) {
        let result = try Command.run(arguments(out))
        #expect(result.code == 0, "\(result.errors)")
      }
      return out
    }
  }

  static let sequence = Kind(
    name: "sequence", deaths: 20,
    options: [
      "--data", Runs.sequenceData, "--dev", Runs.sequenceData, "--epochs", "30", "--batch-size", "2",
      "--evaluate-every", "4", "--dropout", "0.1",
    ])
  static let withoutDev = Kind(
    name: "without-dev", deaths: 4,
    options: ["--data", Runs.sequenceData, "--epochs", "12", "--batch-size", "3", "--schedule", "cosine"])
  static let others = [
    Kind(
      name: "tokens", deaths: 5,
      options: [
        "--task", "tokens", "--data", Runs.tokenData, "--dev", Runs.tokenData, "--epochs", "30", "--batch-size", "2",
        "--accumulation", "2", "--bucket", "--metric", "loss",
      ]),
    withoutDev,
    Kind(
      name: "patience", deaths: 4,
      options: [
        "--data", Runs.sequenceData, "--dev", Runs.sequenceData, "--epochs", "40", "--batch-size", "4",
        "--learning-rate", "1e-6", "--evaluate-every", "5", "--patience", "10", "--pooling", "max",
      ]),
    Kind(
      name: "crf", deaths: 4,
      options: [
        "--task", "tokens", "--head", "crf", "--data", Runs.tokenData, "--dev", Runs.tokenData, "--epochs", "20",
        "--batch-size", "2", "--evaluate-every", "4",
      ], checkpoints: ["--checkpoint-every", "3", "--checkpoints", "1"]),
    Kind(
      name: "frozen-layers", deaths: 4,
      options: [
        "--data", Runs.sequenceData, "--dev", Runs.sequenceData, "--epochs", "20", "--batch-size", "3",
        "--top-layers", "2", "--cache", "bf16", "--evaluate-every", "6",
      ]),
    Kind(
      name: "multi-label", deaths: 4,
      options: [
        "--task", "multi-label", "--data", TaskTests.labelData, "--dev", TaskTests.labelData, "--epochs", "20",
        "--batch-size", "3", "--class-weights", "balanced", "--evaluate-every", "6",
      ]),
    Kind(
      name: "regression", deaths: 4,
      options: [
        "--task", "regression", "--data", TaskTests.numberData, "--dev", TaskTests.numberData, "--epochs", "20",
        "--batch-size", "3", "--evaluate-every", "6", "--text-column", "first", "--pair-column", "second",
        "--label-column", "score", "--label-column", "age",
      ]),
    Kind(
      name: "by-time", deaths: 5,
      options: [
        "--data", Runs.sequenceData, "--dev", Runs.sequenceData, "--epochs", "30", "--batch-size", "2",
        "--evaluate-every", "25",
      ], checkpoints: ["--checkpoint-every", "0.01s", "--checkpoints", "5"]),
    Kind(
      name: "by-default", deaths: 6,
      options: [
        "--data", Runs.sequenceData, "--dev", Runs.sequenceData, "--epochs", "60", "--batch-size", "2",
        "--evaluate-every", "3",
      ], checkpoints: []),
  ]

  /// Everything that must not depend on deaths: the adapter's bytes, and log and facts without times.
  private func content(_ run: String) throws -> [String] {
    let hash = try SHA256.hexDigest(ofFile: run + "/adapter_model.safetensors")
    let log = try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map {
      var object = try JSON(parsing: String($0), name: "log").object ?? JSONObject()
      object["seconds"] = nil as JSON?
      return JSON.object(object).serialized()
    }
    var facts = try JSON(contentsOf: run + "/discern.json", limit: 1 << 20).object ?? JSONObject()
    facts["training"] = facts["training"]?["step"]
    // The log for TensorBoard has a time in each record, but always as many bytes.
    let events = try Data(contentsOf: URL(filePath: run + "/events.out.tfevents.discern")).count
    // The scores of neighbouring tags have a file of their own.
    let transitions = try? SHA256.hexDigest(ofFile: run + "/crf.safetensors")
    return [hash, transitions ?? "none", JSON.object(facts).serialized(), "\(events)"] + log
  }

  /// Kills a run again and again at random moments and resumes it; answers how often it died.
  private func torment(_ kind: Kind, _ out: String) throws -> Int {
    var random = Random(seed: 5, stream: UInt64(kind.deaths))
    var deaths = 0
    while true {
      let isThere = FileManager.default.fileExists(atPath: out)
      let life = try Life(isThere ? ["train", "--resume", out] : kind.arguments(out, kind.checkpoints), run: out)
      if deaths < kind.deaths {
        // Most deaths come some steps on, in whatever the process does then or while it writes; some before it trains.
        let moment = random.integer(below: 8)
        if kind.checkpoints.isEmpty {
          // They are rare: the next one may never come.
          let manifest = FileManager.default.contents(atPath: out + "/run.json")
          life.wait { FileManager.default.contents(atPath: out + "/run.json") != manifest }
          usleep(UInt32(random.integer(below: 100_000)))
        } else if moment > 0 {
          life.wait(forStep: Life.step(of: out) + 1 + random.integer(below: 4))
        }
        if moment > 4 { life.waitForWrite() }
        usleep(UInt32(random.integer(below: moment > 4 ? 600 : 12_000)))
        life.signal(SIGKILL)
      }
      let (code, errors) = life.end()
      if code == 0 { return deaths }
      #expect(code == 128 + SIGKILL, "\(errors)")
      if code != 128 + SIGKILL { return deaths }
      deaths += 1
    }
  }

  @Test(arguments: [sequence] + others)
  func aRunThatWasKilledEndsWithTheSameBytes(kind: Kind) throws {
    let out = "\(Runs.folder)/resume-\(kind.name)-killed"
    let deaths = try torment(kind, out)
    #expect(deaths >= kind.deaths)
    #expect(try content(out) == content(kind.reference()))
    // Nothing of the deaths is left lying about.
    let files = try FileManager.default.contentsOfDirectory(atPath: out).filter { $0 != "crf.safetensors" }.sorted()
    #expect(
      files == [
        "README.md", "adapter_config.json", "adapter_model.safetensors", "discern.json", "events.out.tfevents.discern",
        "metrics.jsonl", "recipe.yaml", "report.html", "run.json",
      ])
    let manifest = try JSON(contentsOf: out + "/run.json", limit: 1 << 20)
    #expect(manifest["outcome"]?.string == "finished")
    #expect((manifest["sessions"]?.array?.count ?? 0) > kind.deaths / 2)
  }

  @Test(arguments: [1, 2, 3, 8])
  func sameBytesForAnyNumberOfThreads(threads: Int) throws {
    let out = "\(Runs.folder)/threads-\(threads)"
    let result = try Command.run(Self.sequence.arguments(out, ["--threads", "\(threads)"]))
    #expect(result.code == 0)
    #expect(try content(out) == content(Self.sequence.reference()))
  }

  /// A run that died after some steps, with two checkpoints.
  private func interrupted(_ name: String, step: Int = 9) throws -> String {
    let out = "\(Runs.folder)/interrupted-\(name)"
    try Life.killed(Self.sequence.arguments(out, ["--checkpoint-every", "1"]), run: out, atStep: step)
    return out
  }

  @Test(arguments: [SIGHUP, SIGINT, SIGTERM])
  func aSignalLeavesACheckpointAndItsOwnCode(signal: Int32) throws {
    let kind = Self.withoutDev
    let out = "\(Runs.folder)/signal-\(signal)"
    // No checkpoint is due but that of the stop.
    let life = try Life(kind.arguments(out, ["--checkpoint-every", "1h"]), run: out, by: Life.hearingHangUps)
    func lines() -> Int {
      ((try? String(contentsOfFile: out + "/metrics.jsonl", encoding: .utf8)) ?? "").count { $0 == "\n" }
    }
    while life.isRunning && lines() < 3 { usleep(300) }
    #expect(Life.step(of: out) == 0)
    life.signal(signal)
    let (code, errors) = life.end()
    #expect(code == 128 + signal)
    #expect(errors.contains("discern train --resume \(out)"))
    let manifest = try JSON(contentsOf: out + "/run.json", limit: 1 << 20)
    #expect(manifest["outcome"]?.string == "stopped")
    let step = Life.step(of: out)
    #expect(step >= 3 && manifest["sessions"]?.array?.last?["last_step"]?.int == step)
    #expect(try Command.run(["predict", out, "A boat."]).code == 0)
    let again = try Command.run(Life.resuming(out))
    #expect(again.code == 0, "\(again.errors)")
    #expect(again.errors.contains("going on after step \(step)\n"), "\(again.errors)")
    #expect(try content(out) == content(kind.reference()))
  }

  @Test func theSecondSignalEndsAtOnce() throws {
    // One step of some seconds.
    let many = (0..<3000).map { "{\"text\": \"\(Runs.texts[$0 % 12].text) \($0)\", \"label\": \"\($0 % 2)\"}\n" }
    let out = "\(Runs.folder)/two-signals"
    let life = try Life(
      [
        "train", "--model", Runs.model, "--data", Runs.file("many.jsonl", many.joined()), "--out", out,
        "--batch-size", "3000",
      ], run: out)
    while !FileManager.default.fileExists(atPath: out + "/run.json") { usleep(1000) }
    usleep(200_000)
    life.signal(SIGINT)
    usleep(100_000)
    life.signal(SIGINT)
    let (code, errors) = life.end()
    #expect(code == 130)
    #expect(errors.contains("once more to stop at once"))
    #expect(Life.step(of: out) == 0, "the step was not waited for")
  }

  @Test(arguments: ["flip", "cut", "remove"])
  func aDamagedCheckpointIsNamedAndTheOneBeforeItUsed(damage: String) throws {
    let out = try interrupted(damage)
    let names = try FileManager.default.contentsOfDirectory(atPath: out + "/checkpoints").filter {
      $0.hasPrefix("step-")
    }.sorted()
    // Two are kept; a third one may be waiting for its removal.
    #expect((2...3).contains(names.count))
    let newest = try #require(names.last)
    let file = URL(filePath: "\(out)/checkpoints/\(newest)/training.safetensors")
    var bytes = try Data(contentsOf: file)
    switch damage {
    case "flip": bytes[bytes.count / 3] ^= 4
    case "cut": bytes.removeLast(1000)
    default: try FileManager.default.removeItem(at: file)
    }
    if damage != "remove" { try bytes.write(to: file) }
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.errors.contains("\(newest)/training.safetensors"), "\(result.errors)")
    #expect(try content(out) == content(Self.sequence.reference()))
  }

  @Test func withoutAWholeCheckpointItSaysSo() throws {
    let out = try interrupted("all-damaged")
    let folder = out + "/checkpoints"
    let names = Life.checkpoints(of: out)
    for name in names {
      try Data().write(to: URL(filePath: "\(folder)/\(name)/state.json"))
    }
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 65)
    #expect(result.errors.contains("no checkpoint that is whole (\(names.count) damaged"))
    // Without an adapter there is nothing that a run which begins anew could cost.
    try FileManager.default.removeItem(atPath: folder)
    try FileManager.default.removeItem(atPath: out + "/adapter_config.json")
    let anew = try Command.run(Life.resuming(out))
    #expect(anew.code == 0)
    #expect(anew.errors.contains("no checkpoint yet"))
    #expect(try content(out) == content(Self.sequence.reference()))
  }

  @Test func aPlainRerunSaysWhatItFoundAndWhatToType() throws {
    let out = try interrupted("rerun")
    let again = try Command.run(Self.sequence.arguments(out))
    #expect(again.code == 73)
    #expect(again.errors.contains("a run that did not finish; its last checkpoint is from step"))
    #expect(again.errors.contains("of 180"))
    #expect(again.errors.contains("`discern train --resume \(out)`"))
    #expect(try Command.run(Life.resuming(out)).code == 0)
    let finished = try Command.run(Self.sequence.arguments(out))
    #expect(finished.code == 73)
    #expect(finished.errors.contains("a finished run of 180 steps"))
    let resumed = try Command.run(Life.resuming(out))
    #expect(resumed.code == 0)
    #expect(resumed.errors.contains("nothing to go on with"))
  }

  @Test func anotherRecipeModelOrDataIsRefusedByName() throws {
    let out = try interrupted("others")
    func refuses(_ code: Int32, _ part: String, _ arguments: [String]) throws {
      let result = try Command.run(["train", "--resume", out] + arguments)
      #expect(result.code == code, "\(result.errors)")
      #expect(result.errors.contains(part), "\(result.errors)")
    }
    try refuses(64, "--rank: a run goes on with its own recipe", ["--rank", "8"])
    try refuses(64, "--out", ["--out", "elsewhere"])
    let rows = "{\"text\": \"a\", \"label\": \"sea\"}\n{\"text\": \"b\", \"label\": \"hills\"}\n"
    let other = Runs.file("other-data.jsonl", rows)
    try refuses(65, "other-data.jsonl: found 2 other examples", ["--data", other])
    try refuses(65, "found another model", ["--model", FailureTests.otherModel])
    let recipe = URL(filePath: out + "/recipe.yaml")
    let text = try String(contentsOf: recipe, encoding: .utf8)
    try Data(text.replacing("\nrank: 4\n", with: "\nrank: 5\n").utf8).write(to: recipe)
    try refuses(78, "recipe.yaml: rank: found 5; expected 4", [])
    try Data(text.utf8).write(to: recipe)
    // The same examples under another name and from another folder.
    let copy = Runs.file("moved.jsonl", try String(contentsOfFile: Runs.sequenceData, encoding: .utf8))
    let result = try Command.shell("cd / && \"$discern\" train --resume '\(out)' --data '\(copy)'")
    #expect(result.code == 0, "\(result.errors)")
    #expect(try SHA256.hexDigest(ofFile: out + "/adapter_model.safetensors") == content(Self.sequence.reference())[0])
  }

  @Test func anotherInstructionSetIsNamed() throws {
    let out = try interrupted("instructions")
    let manifest = URL(filePath: out + "/run.json")
    let text = try String(contentsOf: manifest, encoding: .utf8)
    let own = InstructionSet.current.rawValue
    let other = text.replacing("\"instruction_set\": \"\(own)\"", with: "\"instruction_set\": \"sse9\"")
    #expect(other != text)
    try Data(other.utf8).write(to: manifest)
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.errors.contains("began with the instruction set sse9 and goes on with \(own)"), "\(result.errors)")
    #expect(try content(out) == content(Self.sequence.reference()))
  }

  /// What a death after the run's end could lose is there from its beginning.
  @Test func theSplitIsThereFromTheStart() throws {
    let out = "\(Runs.folder)/split-killed"
    let data = ["--data", Runs.sequenceData, "--split", "50/50", "--epochs", "300", "--batch-size", "2"]
    let life = try Life(
      ["train", "--model", Runs.model, "--out", out, "--quiet", "--checkpoint-every", "1"] + data, run: out)
    life.wait(forStep: 2)
    life.signal(SIGKILL)
    #expect(life.end().code == 128 + SIGKILL)
    let record = try JSON(contentsOf: out + "/split.json", limit: 1 << 20)
    #expect(record["rows"]?["train"]?.array?.count == 6)
  }

  @Test func twoProcessesDoNotTrainIntoOneFolder() throws {
    let out = "\(Runs.folder)/shared-run"
    let life = try Life(Self.sequence.arguments(out, ["--epochs", "100000", "--checkpoint-every", "1"]), run: out)
    life.wait(forStep: 2)
    for arguments in [["train", "--resume", out], Self.sequence.arguments(out, ["--overwrite"])] {
      let result = try Command.run(arguments)
      #expect(result.code == 73)
      #expect(result.errors.contains("another process"), "\(result.errors)")
    }
    life.signal(SIGTERM)
    #expect(life.end().code == 143)
  }

  @Test func theManifestSaysWhatTheRunWasMadeOf() throws {
    let out = try Self.sequence.reference()
    let manifest = try JSON(contentsOf: out + "/run.json", limit: 1 << 20)
    let file = manifest["data"]?["train"]?["files"]?.array?.first
    let dataHash = try SHA256.hexDigest(ofFile: Runs.sequenceData)
    #expect(file?["sha256"]?.string == dataHash)
    let recipeHash = try SHA256.hexDigest(ofFile: out + "/recipe.yaml")
    #expect(manifest["recipe"]?["sha256"]?.string == recipeHash)
    #expect(manifest["model"]?["fingerprint"]?.string?.hasPrefix("fnv1a:") == true)
    let files = try #require(manifest["model"]?["files"]?.array)
    #expect(files.contains { $0["path"]?.string?.hasSuffix("/model.safetensors") == true })
    for file in files {
      let path = try #require(file["path"]?.string)
      let hash = try SHA256.hexDigest(ofFile: path)
      #expect(file["sha256"]?.string == hash, "\(path)")
    }
    let session = try #require(manifest["sessions"]?.array?.first)
    #expect(session["command"]?.array?.dropFirst().first?.string == "train")
    #expect(["avx512", "avx2", "generic"].contains(session["instruction_set"]?.string))
    #expect(session["last_step"]?.int == 180)
    #expect((session["peak_memory"]?.int ?? 0) > 1 << 20)
    #expect((session["seconds"]?.double ?? 0) > 0)
    #expect(session["ended"]?.string?.hasSuffix("Z") == true)
  }
}
