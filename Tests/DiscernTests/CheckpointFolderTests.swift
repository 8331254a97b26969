import Formats
import Foundation
import TestSupport
import Testing

@testable import Discern

/// What is written into a run's folder of checkpoints, and what is removed from it.
@Suite struct CheckpointFolderTests {
  private static let identity: RunIdentity = {
    var manifest = RunManifest(recipe: Recipe(), session: RunSession(command: []))
    manifest.model = RunManifest.Model(path: "m", fingerprint: "fnv1a:1", setupHash: "2")
    manifest.train = RunManifest.Source(name: "t", files: [], examplesHash: "3", examples: 4)
    return RunIdentity(manifest)
  }()

  private func snapshot(_ step: Int, pending: Bool = false) -> TrainingSnapshot {
    var state = TrainingState()
    (state.step, state.isEvaluationPending) = (step, pending)
    return TrainingSnapshot(state: state, tensors: [TensorToWrite("a", shape: [1], values: [Float(step)])])
  }

  private func names(_ run: TemporaryFolder) -> [String] { FileSystem.names(in: run.path + "/checkpoints") }

  private func node(_ run: TemporaryFolder, _ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(run.path)/checkpoints/\(name)")
    return try #require(attributes[.systemFileNumber] as? Int)
  }

  @Test func theSameStateIsWrittenOnce() throws {
    let run = try TemporaryFolder()
    var plan = CheckpointPlan()
    plan.kept = 1
    var folder = CheckpointFolder(run: run.path, plan: plan)
    try folder.write(snapshot(3, pending: true), log: [:], identity: Self.identity)
    try folder.write(snapshot(3), log: [:], identity: Self.identity)
    #expect(names(run) == ["step-00000003-done"])
    let first = try node(run, "step-00000003-done")
    try folder.write(snapshot(3), log: [:], identity: Self.identity)
    #expect(try node(run, "step-00000003-done") == first)
    // Nor by the process that goes on from it.
    var resumed = CheckpointFolder(run: run.path, plan: plan)
    let content = try #require(try resumed.newest(of: Self.identity))
    #expect(content.training.isIdentified)
    try resumed.accept(content)
    try resumed.write(snapshot(3), log: [:], identity: Self.identity)
    #expect(try node(run, "step-00000003-done") == first)
  }

  @Test func damagedOnesAreSetAsideAndOthersAreNeverTouched() throws {
    let run = try TemporaryFolder()
    var folder = CheckpointFolder(run: run.path, plan: CheckpointPlan())
    for step in 1...2 { try folder.write(snapshot(step), log: [:], identity: Self.identity) }
    try Data("x".utf8).write(to: URL(filePath: "\(run.path)/checkpoints/step-00000002-done/state.json"))
    mkdir(run.path + "/checkpoints/mine", 0o700)
    #expect(CheckpointFolder.foreignName(in: run.path) == "checkpoints/mine")
    var resumed = CheckpointFolder(run: run.path, plan: CheckpointPlan())
    let content = try #require(try resumed.newest(of: Self.identity))
    #expect(names(run) == ["mine", "step-00000001-done", "step-00000002-done"], "nothing moves before it is accepted")
    try resumed.accept(content)
    try resumed.write(snapshot(2), log: [:], identity: Self.identity)
    #expect(names(run) == ["damaged-step-00000002-done", "mine", "step-00000001-done", "step-00000002-done"])
    resumed.removeAll()
    #expect(names(run) == ["mine"])
  }

  @Test func aFirstAdapterIsNeverWithoutACheckpoint() throws {
    let run = try TemporaryFolder()
    var plan = CheckpointPlan()
    var folder = CheckpointFolder(run: run.path, plan: plan)
    #expect(!folder.isDue(.step, step: 9) && folder.isDue(.saving, step: 9))
    try folder.write(snapshot(9, pending: true), log: [:], identity: Self.identity)
    #expect(!folder.isDue(.saving, step: 18))
    plan.kept = 0
    #expect(!CheckpointFolder(run: run.path, plan: plan).isDue(.saving, step: 9))
  }

  @Test func anIdentityComesBack() throws {
    let json = try JSON(parsing: Self.identity.json.serialized(), name: "run")
    let read = try RunIdentity(json: json, place: "run")
    #expect(read == Self.identity && read.difference(to: Self.identity) == nil)
    for (name, value) in [("model", "fnv1a:2"), ("setup", "7"), ("train", "8"), ("dev", "9")] {
      var object = try #require(json.object)
      object[JSONString(name)] = JSON(value)
      let other = try RunIdentity(json: .object(object), place: "run")
      #expect(read.difference(to: other)?.other.contains(value) == true, "\(name)")
    }
    // What is not known is no difference; what is no identity is refused.
    var object = try #require(json.object)
    object["setup"] = nil as JSON?
    #expect(read.difference(to: try RunIdentity(json: .object(object), place: "run")) == nil)
    for bad in ["7", "{}", "{\"recipe\": {\"rank\": 4}}", "{\"recipe\": {}, \"model\": 1, \"train\": \"2\"}"] {
      #expect(throws: FormatError.self) {
        try RunIdentity(json: JSON(parsing: bad, name: "run"), place: "run")
      }
    }
  }
}
