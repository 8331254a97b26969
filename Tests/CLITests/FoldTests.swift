import Compute
import Formats
import Foundation
import Testing

/// Folds that are stopped or die go on, and end with the bytes of folds that were left alone.
@Suite struct FoldTests {
  private static let options = [
    "--folds", "3", "--epochs", "5", "--batch-size", "4", "--rank", "4", "--seed", "7", "--dropout", "0.1", "--quiet",
  ]

  private func arguments(_ out: String, _ more: [String] = []) -> [String] {
    ["train", "--model", Runs.model, "--data", SplitTests.data, "--out", out] + Self.options + more
  }

  /// Folds to which nothing happened.
  private static let reference: String = {
    let out = "\(Runs.folder)/folds-reference"
    let result = try? Command.run(
      ["train", "--model", Runs.model, "--data", SplitTests.data, "--out", out] + options)
    precondition(result?.code == 0, "training folds: \(result?.errors ?? "no process")")
    return out
  }()

  private func record(_ out: String) throws -> JSON { try JSON(contentsOf: out + "/folds.json", limit: 1 << 20) }

  /// Folds that are done.
  private func done(_ out: String) -> Int {
    (try? record(out))?["scores"]?.array?.count { !$0.isNull } ?? 0
  }

  /// Everything that must not depend on what happened: the adapters' bytes, and the record without times.
  private func content(_ out: String) throws -> [String] {
    var object = try record(out).object ?? JSONObject()
    object["sessions"] = nil as JSON?
    let hashes = try (1...3).map { try SHA256.hexDigest(ofFile: "\(out)/fold-\($0)/adapter_model.safetensors") }
    return hashes + [JSON.object(object).serialized()]
  }

  private func names(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  private func isWhole(_ out: String) throws {
    #expect(try content(out) == content(Self.reference))
    #expect(names(out) == ["fold-1", "fold-2", "fold-3", "folds.json"])
    for fold in 1...3 {
      #expect(names("\(out)/fold-\(fold)") == names("\(Self.reference)/fold-\(fold)"))
    }
  }

  @Test func foldsThatWereKilledEndWithTheSameBytes() throws {
    let out = "\(Runs.folder)/folds-killed"
    var random = Random(seed: 8, stream: 1)
    var deaths: [Int: Int] = [:]
    while true {
      let every = ["--checkpoint-every", "2"]
      let isThere = FileManager.default.fileExists(atPath: out)
      let (before, fold) = (done(out), "\(out)/fold-\(done(out) + 1)")
      let life = try Life(isThere ? ["train", "--resume", out, "--quiet"] + every : arguments(out, every), run: fold)
      if deaths.values.reduce(0, +) < 20 {
        // Some steps on, or where the fold ends before that; some deaths come before anything is trained.
        let step = random.integer(below: 6) == 0 ? 0 : Life.step(of: fold) + 2 + random.integer(below: 6)
        while life.isRunning && Life.step(of: fold) < step && done(out) == before { usleep(300) }
        usleep(UInt32(random.integer(below: 30_000)))
        life.signal(SIGKILL)
      }
      let (code, errors) = life.end()
      if code == 0 { break }
      try #require(code == 128 + SIGKILL, "\(errors)")
      deaths[done(out), default: 0] += 1
    }
    #expect(deaths.values.reduce(0, +) >= 6 && deaths.count > 1, "\(deaths)")
    try isWhole(out)
  }

  @Test func aStopSaysWhatIsLeftAndSoDoesARerun() throws {
    let out = "\(Runs.folder)/folds-stopped"
    let life = try Life(arguments(out, ["--checkpoint-every", "1"]), run: out + "/fold-2")
    life.wait(forStep: 2)
    // It waits meanwhile, however long other tests keep the commands from running.
    life.signal(SIGSTOP)
    for arguments in [["train", "--resume", out], arguments(out, ["--overwrite"])] {
      let result = try Command.run(arguments)
      #expect(result.code == 73 && result.errors.contains("another process"), "\(result.errors)")
    }
    life.signal(SIGTERM)
    life.signal(SIGCONT)
    let (code, errors) = life.end()
    #expect(code == 143)
    let done = done(out)
    #expect((1...2).contains(done))
    #expect(
      errors.contains("stopped; \(done) of 3 folds are done; go on with `discern train --resume \(out)`"), "\(errors)")
    #expect(try record(out)["outcome"]?.string == "stopped")
    let again = try Command.run(arguments(out))
    #expect(again.code == 73)
    #expect(again.errors.contains("a training of folds with \(done) of 3 folds done"), "\(again.errors)")
    #expect(again.errors.contains("`discern train --resume \(out)`"), "\(again.errors)")
    let fold = "\(out)/fold-\(done + 1)"
    let alone = try Command.run(["train", "--resume", fold])
    #expect(alone.code == 78 && alone.errors.contains("--resume \(out)`"), "\(alone.errors)")
    let rows = (0..<6).map { "{\"text\": \"text \($0)\", \"label\": \"\($0 % 2 == 0 ? "sea" : "hills")\"}\n" }
    let other = Runs.file("folds-other.jsonl", rows.joined())
    let refused = try Command.run(["train", "--resume", out, "--data", other])
    #expect(refused.code == 65 && refused.errors.contains("found 6 other examples"), "\(refused.errors)")
    let resumed = try Command.run(["train", "--resume", out, "--json"])
    #expect(resumed.code == 0 && resumed.errors.contains("going on after step"), "\(resumed.errors)")
    #expect(!resumed.errors.contains("fold-\(done) of 3"), "what is done is not done again")
    #expect(try resumed.json()["metrics"] == record(Self.reference)["metrics"])
    try isWhole(out)
    let finished = try Command.run(["train", "--resume", out])
    #expect(finished.code == 0 && finished.errors.contains("nothing to go on with"), "\(finished.errors)")
    #expect(try Command.run(arguments(out)).errors.contains("a finished training of 3 folds"))
  }

  /// What is replaced is kept until the first new fold is done, and none of it is taken for a new one.
  @Test func foldsThatReplaceOthers() throws {
    let out = "\(Runs.folder)/folds-replaced"
    let old = ["train", "--model", Runs.model, "--data", Runs.sequenceData, "--out", out, "--epochs", "1", "--quiet"]
    #expect(try Command.run(old + ["--folds", "4"]).code == 0)
    // Such a folder was left by versions that replaced each fold alone.
    try FileManager.default.copyItem(atPath: out + "/fold-1", toPath: out + "/fold-1.replaced")
    let hash = try SHA256.hexDigest(ofFile: out + "/fold-1/adapter_model.safetensors")
    // A stop that comes before there is anything to keep.
    let many = (0..<4000).map { "{\"text\": \"\(Runs.texts[$0 % 12].text) \($0)\", \"label\": \"\($0 % 2)\"}\n" }
    let data = Runs.file("folds-many.jsonl", many.joined())
    let long = try Life(
      [
        "train", "--model", Runs.model, "--data", data, "--out", out, "--folds", "2", "--batch-size", "1",
        "--overwrite", "--quiet",
      ], run: out)
    while long.isRunning && !FileManager.default.fileExists(atPath: out + "/fold-1/run.json") { usleep(200) }
    long.signal(SIGINT)
    let (code, errors) = long.end()
    #expect(code == 130, "\(errors)")
    if errors.contains("as it was") {
      #expect(try SHA256.hexDigest(ofFile: out + "/fold-1/adapter_model.safetensors") == hash)
    } else {
      #expect(errors.contains("kept as \(out).replaced"), "\(errors)")
      try FileManager.default.removeItem(atPath: out)
      try FileManager.default.moveItem(atPath: out + ".replaced", toPath: out)
    }
    let life = try Life(arguments(out, ["--overwrite", "--checkpoint-every", "1"]), run: out + "/fold-1")
    life.wait(forStep: 2)
    life.signal(SIGKILL)
    #expect(life.end().code == 128 + SIGKILL)
    #expect(try SHA256.hexDigest(ofFile: out + ".replaced/fold-1/adapter_model.safetensors") == hash)
    let blocked = try Command.run(arguments(out, ["--overwrite"]))
    #expect(blocked.code == 73 && blocked.errors.contains(".replaced"), "\(blocked.errors)")
    let resumed = try Command.run(["train", "--resume", out, "--quiet"])
    #expect(resumed.code == 0, "\(resumed.errors)")
    try isWhole(out)
    #expect(!FileManager.default.fileExists(atPath: out + ".replaced"))
  }

  @Test func aStopIsHonouredBetweenFoldsToo() throws {
    let out = "\(Runs.folder)/folds-measured"
    let many = (0..<2400).map { "{\"text\": \"\(Runs.texts[$0 % 12].text) \($0)\", \"label\": \"\($0 % 2)\"}\n" }
    let life = try Life(
      [
        "train", "--model", Runs.model, "--data", Runs.file("folds-half.jsonl", many.joined()), "--out", out, "--folds",
        "2", "--epochs", "1", "--batch-size", "600", "--max-length", "6",
      ], run: out)
    func outcome() -> String? { (try? JSON(contentsOf: out + "/fold-1/run.json", limit: 1 << 20))?["outcome"]?.string }
    while life.isRunning && outcome() != "finished" { usleep(500) }
    life.signal(SIGTERM)
    let (code, errors) = life.end()
    #expect(code == 143, "\(errors)")
    #expect(!FileManager.default.fileExists(atPath: out + "/fold-2"), "\(errors)")
    #expect(errors.contains("(without fold-1): 1200 of 1200 texts cut"), "\(errors)")
  }
}
