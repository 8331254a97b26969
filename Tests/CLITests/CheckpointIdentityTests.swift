import Formats
import Foundation
import TestSupport
import Testing

/// A checkpoint is gone on from only where it is of this run, and nothing of one that is refused gets into the run.
@Suite struct CheckpointIdentityTests {
  private static let kind = ResumeTests.sequence

  private func interrupted(_ name: String, _ more: [String] = [], atStep step: Int = 9) throws -> String {
    let out = "\(Runs.folder)/identity-\(name)"
    try Life.killed(Self.kind.arguments(out, ["--checkpoint-every", "1"] + more), run: out, atStep: step)
    return out
  }

  private func newest(_ run: String) throws -> String {
    "\(run)/checkpoints/\(try #require(Life.checkpoints(of: run).last))"
  }

  /// A run and the newest checkpoint of another one, of another seed, among its own.
  private func mixed(_ name: String) throws -> (out: String, foreign: String) {
    let out = try interrupted(name)
    let other = try interrupted(name + "-other", ["--seed", "12"], atStep: Life.step(of: out) + 20)
    let foreign = try newest(other)
    let copy = "\(out)/checkpoints/\(URL(filePath: foreign).lastPathComponent)"
    try FileManager.default.copyItem(atPath: foreign, toPath: copy)
    #expect(try newest(out) == copy)
    return (out, copy)
  }

  @Test func oneOfAnotherRunIsNamedAndSparedAndTheOneBeforeItUsed() throws {
    let (out, foreign) = try mixed("newest")
    let name = URL(filePath: foreign).lastPathComponent
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 0, "\(result.errors)")
    #expect(
      result.errors.contains("\(name): found a checkpoint of another run: seed 12; expected one of this run: seed 11"),
      "\(result.errors)")
    #expect(try RunContent.adapter(out) == RunContent.adapter(Self.kind.reference()))
    // It may be somebody's only one; nor does replacing the run cost it.
    try SealedFolder.check("\(out)/checkpoints/other-\(name)")
    let again = try Command.run(Self.kind.arguments(out, ["--overwrite"]))
    #expect(again.code == 73 && again.errors.contains("checkpoints/other-\(name)"), "\(again.errors)")
  }

  @Test func onlyOthersAreRefusedAndChangeNothing() throws {
    let (out, foreign) = try mixed("only")
    for name in Life.checkpoints(of: out) where !foreign.hasSuffix("/" + name) {
      try FileManager.default.removeItem(atPath: "\(out)/checkpoints/\(name)")
    }
    let before = try RunContent.files(out)
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 65 && result.errors.contains("no checkpoint of this run"), "\(result.errors)")
    #expect(!result.errors.contains("emove"), "\(result.errors)")
    #expect(try RunContent.files(out) == before)
    try SealedFolder.check(foreign)
  }

  @Test func aStateThatDoesNotFitRestoresNothing() throws {
    let out = try interrupted("state")
    for name in Life.checkpoints(of: out) {
      try RunContent.edit(checkpoint: "\(out)/checkpoints/\(name)") { state in
        var training = try #require(state["training"]?.object)
        training["tokens"] = .integer((training["tokens"]?.int ?? 0) + 1)
        state["training"] = .object(training)
      }
    }
    // What came after the checkpoints is there to be lost.
    try Data("later".utf8).write(to: URL(filePath: out + "/metrics.jsonl"))
    let (before, kept) = (try RunContent.files(out), Life.checkpoints(of: out))
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 65 && result.errors.contains("tokens: found"), "\(result.errors)")
    // Each of them would be refused in its turn.
    #expect(!result.errors.contains("the one before it"), "\(result.errors)")
    #expect(try RunContent.files(out) == before)
    #expect(Life.checkpoints(of: out) == kept)
  }

  @Test func thoseOfEarlierVersionsGoOn() throws {
    let out = try interrupted("earlier")
    for name in Life.checkpoints(of: out) {
      try RunContent.edit(checkpoint: "\(out)/checkpoints/\(name)") { $0["run"] = nil as JSON? }
    }
    try RunContent.edit(out + "/run.json") { manifest in
      manifest["warm_start"] = nil as JSON?
      manifest["replaces"] = nil as JSON?
      var model = try #require(manifest["model"]?.object)
      model["setup_sha256"] = nil as JSON?
      manifest["model"] = .object(model)
    }
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 0 && result.errors.contains("going on after step"), "\(result.errors)")
    #expect(try RunContent.adapter(out) == RunContent.adapter(Self.kind.reference()))
  }

  /// A copy of the model, which a test may change.
  private func model(_ name: String) throws -> String {
    let path = "\(Runs.folder)/identity-model-\(name)"
    try FileManager.default.copyItem(atPath: Runs.model, toPath: path)
    return path
  }

  @Test(arguments: ["config.json", "tokenizer.json"])
  func anotherConfigurationOrTokenizerIsRefused(file: String) throws {
    let model = try model(file)
    let out = try interrupted("setup-" + file, ["--model", model])
    let place = URL(filePath: "\(model)/\(file)")
    let text = try String(contentsOf: place, encoding: .utf8)
    let other =
      file == "config.json"
      ? text.replacing(/"rms_norm_eps": *[^,\n]+/, with: "\"rms_norm_eps\": 0.001")
      : text.replacing("\"<unk>\"", with: "\"<unknown>\"")
    #expect(other != text)
    try Data(other.utf8).write(to: place)
    let kept = Life.checkpoints(of: out)
    let refused = try Command.run(Life.resuming(out))
    #expect(refused.code == 65, "\(refused.errors)")
    #expect(refused.errors.contains("found another configuration or tokenizer"), "\(refused.errors)")
    #expect(Life.checkpoints(of: out) == kept)
    // The same files at another place are the same model.
    try Data(text.utf8).write(to: place)
    try FileManager.default.moveItem(atPath: model, toPath: model + "-moved")
    let result = try Command.run(["train", "--resume", out, "--model", model + "-moved"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(try RunContent.adapter(out) == RunContent.adapter(Self.kind.reference()))
  }

  /// The fingerprint is of samples; the rest is seen when all has been read.
  @Test func otherWeightsAreNamedOnceTheyAreKnown() throws {
    let model = try model("weights")
    let out = "\(Runs.folder)/identity-weights"
    let life = try Life(Self.kind.arguments(out, ["--checkpoint-every", "1", "--model", model]), run: out)
    life.wait {
      let manifest = try? JSON(contentsOf: out + "/run.json", limit: 1 << 20)
      return manifest?["model"]?["files"]?.array?.isEmpty == false
    }
    life.signal(SIGKILL)
    #expect(life.end().code == 128 + SIGKILL, "the hashes were known before the end")
    let place = URL(filePath: model + "/model.safetensors")
    var bytes = try Data(contentsOf: place)
    // The last bit of a number in a large tensor that is in no sample: the first 32 bytes of each 64th part are.
    let header = Int(bytes.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) })
    let json = try JSON(parsing: Array(bytes[8..<8 + header]), name: "header")
    let start = try #require(json["model.embed_tokens.weight"]?["data_offsets"]?.array?.first?.int)
    bytes[8 + header + start + 64] ^= 1
    try bytes.write(to: place)
    let result = try Command.run(["train", "--resume", out, "--quiet"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.errors.contains("model.safetensors: found other bytes"), "\(result.errors)")
  }

  @Test func theHeadToStartFromIsPartOfTheRun() throws {
    let folder = "\(Runs.folder)/identity-head"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let probed = try Command.run([
      "probe", Runs.model, "--data", Runs.sequenceData, "--attention", "causal", "--save", folder + "/head.json",
      "--json", "--quiet",
    ])
    let options = try #require(try probed.json()["options"]?.string)
    let command = """
      "$discern" train --model '\(Runs.model)' --data '\(Runs.sequenceData)' --rank 4 --seed 11 --quiet \
      --batch-size 2 --warm-start head.json \(options)
      """
    // By a name that means another file elsewhere, and without any checkpoint when it dies.
    let out = folder + "/run"
    let begun = try Command.shell(
      """
      cd '\(folder)'
      \(command) --epochs 10 --out reference || exit 1
      \(command) --epochs 10 --out run & process=$!
      while [ ! -e run/run.json ]; do sleep 0.002; done
      while ! grep -q warm_start run/run.json || grep -q '"warm_start": null' run/run.json; do sleep 0.002; done
      kill -9 $process; wait $process
      """)
    #expect(begun.code == 128 + SIGKILL, "\(begun.errors)")
    #expect(Life.checkpoints(of: out).isEmpty)
    let head = URL(filePath: folder + "/head.json")
    let bytes = try Data(contentsOf: head)
    try RunContent.edit(head.path) { object in
      var head = try #require(object["head"]?.object)
      head["weight"] = .array((head["weight"]?.array ?? []).reversed())
      object["head"] = .object(head)
    }
    let refused = try Command.run(Life.resuming(out))
    #expect(refused.code == 65 && refused.errors.contains("head.json: found another head"), "\(refused.errors)")
    try bytes.write(to: head)
    let result = try Command.run(Life.resuming(out))
    #expect(result.code == 0, "\(result.errors)")
    #expect(try RunContent.adapter(out) == RunContent.adapter(folder + "/reference"))
  }
}
