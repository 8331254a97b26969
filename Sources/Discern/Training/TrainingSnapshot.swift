import Compute
import Formats

/// A run between two steps, as a checkpoint holds it.
struct TrainingSnapshot {
  let state: TrainingState
  /// Parameters, moments and the answers of the best adapter on dev.
  let tensors: [TensorToWrite]
}

/// A snapshot read back from its files.
struct SavedTraining: Sendable {
  let state: TrainingState
  /// The file of the state, for messages.
  let place: String
  let tensors: Safetensors
  /// What was wrong with newer ones.
  let damaged: [String]
  /// Whether it says of which run it is, and that is this one.
  let isIdentified: Bool
}

/// The names of a snapshot's tensors.
private enum SnapshotName {
  static func parameter(_ name: String) -> String { "parameter." + name }
  static func firstMoment(_ name: String) -> String { "adamw.m." + name }
  static func secondMoment(_ name: String) -> String { "adamw.v." + name }
  static let logits = "best.logits"
  static let rows = "best.rows"
  static let transitions = "best.transitions"
}

extension TrainingRun {
  /// The run as it stands. The tensors are read when they are written: that must be before the next step.
  func snapshot() -> TrainingSnapshot {
    var tensors: [TensorToWrite] = []
    func add(_ name: String, _ tensor: Tensor) {
      tensors.append(
        TensorToWrite(name, shape: [tensor.rows, tensor.columns], format: .f32) { try $0.write(tensor.values) })
    }
    for parameter in classifier.adapter.parameters {
      add(SnapshotName.parameter(parameter.name), parameter.value)
      add(SnapshotName.firstMoment(parameter.name), optimizer.m[parameter])
      add(SnapshotName.secondMoment(parameter.name), optimizer.v[parameter])
    }
    if state.best != nil {
      let rows = bestLogits.flatMap { $0 }
      tensors.append(
        TensorToWrite(
          SnapshotName.logits, shape: [rows.count, classifier.labels.count], values: rows.flatMap { $0 }))
      let counts = bestLogits.flatMap { rows in
        withUnsafeBytes(of: Int32(rows.count).littleEndian) { Array($0) }
      }
      tensors.append(
        TensorToWrite(SnapshotName.rows, shape: [bestLogits.count], format: .i32, bytes: counts))
    }
    if let transitions = classifier.adapter.transitions, state.best != nil {
      let value = transitions.value
      tensors.append(
        TensorToWrite(SnapshotName.transitions, shape: [value.rows, value.columns], values: bestTransitions))
    }
    var state = state
    state.seconds = Clock.seconds - start
    return TrainingSnapshot(state: state, tensors: tensors)
  }

  /// Goes back to where a snapshot was taken. Throws a `FormatError` where it is one of another run.
  mutating func restore(_ saved: SavedTraining) throws {
    let file = saved.tensors
    state = saved.state
    try checkState(place: saved.place, isIdentified: saved.isIdentified)
    start = Clock.seconds - state.seconds
    // First the best adapter's tags, with its own transitions; then the present values.
    if state.best != nil { try restoreBest(file) }
    for parameter in classifier.adapter.parameters {
      try file.readFinite(SnapshotName.parameter(parameter.name), into: parameter.value)
      try file.read(SnapshotName.firstMoment(parameter.name), into: optimizer.m[parameter])
      try file.read(SnapshotName.secondMoment(parameter.name), into: optimizer.v[parameter])
    }
    optimizer.resume(after: saved.state.step)
  }

  /// Brings back what the best adapter answered on dev, and what that was worth.
  private mutating func restoreBest(_ file: Safetensors) throws {
    guard let dev else { return }
    if let transitions = classifier.adapter.transitions {
      try file.readFinite(SnapshotName.transitions, into: transitions.value)
      bestTransitions = transitions.value.values
    }
    let values = try file.floats(SnapshotName.logits)
    let counts = try file.counts(SnapshotName.rows)
    let classes = classifier.labels.count
    let expected = dev.encoded.map { recipe.task.tagsWords ? $0.rows.count : 1 }
    guard counts == expected else {
      throw FormatError(
        tensorPlace(SnapshotName.rows, in: file),
        found: "\(counts.reduce(0, +)) answers to \(counts.count) texts, shared out otherwise than on dev",
        expected: "\(expected.reduce(0, +)) to the \(expected.count) dev texts")
    }
    guard values.count == expected.reduce(0, +) * classes, values.allSatisfy(\.isFinite) else {
      throw FormatError(
        tensorPlace(SnapshotName.logits, in: file),
        found: "\(values.count) values, \(values.count { !$0.isFinite }) "
          + "of them not finite", expected: "\(expected.reduce(0, +) * classes) numbers")
    }
    var next = 0
    bestLogits = counts.map { count in
      (0..<count).map { _ in
        defer { next += classes }
        return Array(values[next..<next + classes])
      }
    }
    let evaluation = classifier.evaluate(dev.dataset.examples, dev.encoded, bestLogits, dev.report)
    bestEvaluation = evaluation
    hooks.restored(classifier, evaluation)
  }
}

private func tensorPlace(_ name: String, in file: Safetensors) -> String { "\(file.file.name):\(name)" }

extension Safetensors {
  /// The values of a float32 tensor.
  fileprivate func floats(_ name: String) throws -> [Float] {
    let stored = try tensor(name)
    guard stored.format == .f32 else {
      throw FormatError(tensorPlace(name, in: self), found: "type \(stored.format)", expected: "f32")
    }
    return stored.withBytes { Array($0.assumingMemoryBound(to: Float.self)) }
  }

  /// The values of an int32 tensor.
  fileprivate func counts(_ name: String) throws -> [Int] {
    let stored = try tensor(name)
    guard stored.format == .i32 else {
      throw FormatError(tensorPlace(name, in: self), found: "type \(stored.format)", expected: "i32")
    }
    return stored.withBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map {
        Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self)))
      }
    }
  }

  /// Copies a stored tensor of finite numbers into one of the same shape.
  fileprivate func readFinite(_ name: String, into tensor: Tensor) throws {
    try read(name, into: tensor)
    guard tensor.values.allSatisfy(\.isFinite) else {
      throw FormatError(tensorPlace(name, in: self), found: "values that are not finite", expected: "numbers")
    }
  }

  /// Copies a stored tensor into one of the same shape.
  fileprivate func read(_ name: String, into tensor: Tensor) throws {
    let shape = try self.tensor(name).shape
    guard shape == [tensor.rows, tensor.columns] else {
      throw FormatError(
        tensorPlace(name, in: self), found: "shape \(shape)", expected: "[\(tensor.rows), \(tensor.columns)]")
    }
    tensor.backend.write(try floats(name), into: tensor)
  }
}
