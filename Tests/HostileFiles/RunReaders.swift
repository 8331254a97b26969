import Discern
import Formats
import Foundation
import Glibc
import Synchronization

extension HostileReader {
  /// `state.json`, `training.safetensors`, `SHA256SUMS` of a checkpoint: first as they are, then with sums that fit, so
  /// that what lies behind the checksums is reached. What answers for the input is the second.
  func readCheckpoint(_ input: [UInt8], _ folder: HostileFolder) throws {
    let parts = parts(input)
    let names = ["state.json", "training.safetensors", SealedFolder.sumsFile]
    let run = try HostileRun.begin(in: folder)
    let checkpoint = "\(run)/checkpoints/step-00000001"
    mkdir(checkpoint, 0o700)
    for (name, part) in zip(names, parts) { _ = folder.write(part, "run/checkpoints/step-00000001/\(name)") }
    attempt { try HostileRun.resume(run) }

    _ = try HostileRun.begin(in: folder)
    var sealed = try SealedFolder(at: checkpoint)
    for (name, part) in zip(names, parts).prefix(2) { try sealed.add(name) { try $0.write(part) } }
    try sealed.commit()
    try HostileRun.resume(run)
  }

  /// `run.json`, `recipe.yaml`, `metrics.jsonl` and `discern.json` of a run; empty ones are left out.
  func readRun(_ input: [UInt8], _ folder: HostileFolder) throws {
    let run = try HostileRun.begin(in: folder)
    let names = ["run.json", "recipe.yaml", "metrics.jsonl", "discern.json"]
    for (name, part) in zip(names, parts(input)) where !part.isEmpty { _ = folder.write(part, "run/\(name)") }
    let peft: JSON = ["peft_type": "LORA", "r": 1, "target_modules": ["q_proj"]]
    _ = folder.write(Array(peft.serialized().utf8), "run/adapter_config.json")
    attempt { _ = try RunComparison.setup(run, run) }
    attempt { _ = try Report(run, nil).html }
    attempt { try RunFolder.check(run) }
    unlink("\(run)/adapter_config.json")
    let manifest = try RunManifest(ofRun: run)
    precondition(!manifest.json.serialized().isEmpty)
    try HostileRun.resume(run)
  }

  /// `folds.json` of a training of folds that goes on.
  func readFolds(_ input: [UInt8], _ folder: HostileFolder) throws {
    let run = try HostileRun.begin(in: folder)
    _ = folder.write(input, "run/folds.json")
    attempt { try FoldFolder.check(run) }
    let folds = try FoldFolder(resuming: run)
    precondition(!folds.record.scores.json.serialized().isEmpty && folds.record.done <= folds.record.count)
    _ = folds.record.scores.table
    try folds.end(.stopped)
    _ = try FoldRecord(ofFolder: run)
  }
}

/// A run of two epochs over two sentences, which goes on from what its folder holds and stops after a step.
enum HostileRun {
  private static let recipe: Recipe = {
    var recipe = Recipe()
    (recipe.task, recipe.head, recipe.layers, recipe.rank, recipe.targets) = (.tokens, .crf, 1, 1, [.query])
    (recipe.epochs, recipe.batchSize, recipe.calibration) = (2, 1, .none)
    return recipe
  }()

  private static let data = Dataset(
    name: "two.jsonl",
    examples: [["B-A", "O"], ["B-A", "I-A"]].map { Example(input: .words(["the", "sea"]), label: .tags($0)) })

  private static let manifest: JSON = [
    "discern": 1, "outcome": "running", "recipe": ["settings": recipe.json], "sessions": [],
  ]

  /// Makes the folder of a run that has just begun, and answers its path.
  static func begin(in folder: HostileFolder) throws -> String {
    let run = "\(folder.path)/run"
    try? FileManager.default.removeItem(atPath: run)
    for path in [run, "\(run)/checkpoints"] { mkdir(path, 0o700) }
    _ = folder.write(Array(manifest.serialized().utf8), "run/run.json")
    return run
  }

  /// Goes on with the run for a step.
  static func resume(_ run: String) throws {
    let fixtures = HostileFixtures.shared
    let trainer = Trainer(fixtures.base, tokenizer: fixtures.tokenizers[0], recipe: recipe, threads: 1)
    var plan = CheckpointPlan()
    plan.kept = 0
    do {
      let folder = try RunFolder(resuming: run, checkpoints: plan)
      let isDone = Atomic(false)
      _ = try trainer.run(
        train: data, dev: data, into: folder,
        observe: { if case .step = $0 { isDone.store(true, ordering: .relaxed) } },
        shouldStop: { isDone.load(ordering: .relaxed) })
    } catch is CancellationError {}
  }
}
