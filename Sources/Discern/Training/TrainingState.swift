import Formats

/// Where a run stands between two steps: with its tensors, the recipe, the data and the model, all that decides how it
/// goes on.
///
/// There is no state of a random generator in it: what is random is a function of the seed and of `step` or `epoch`.
struct TrainingState: Equatable, Sendable {
  /// The best adapter so far by the recipe's metric.
  struct Best: Equatable, Sendable {
    /// Larger is better; −∞ where the metric is not defined on the data, which JSON writes as null.
    var value: Double
    var step: Int
  }

  /// Steps of the optimiser done.
  var step = 0
  /// The epoch in progress, from 0.
  var epoch = 0
  /// How many batches of this epoch's order are done.
  var batch = 0
  /// Tokens trained on.
  var tokens = 0
  /// Sum and number of this epoch's losses.
  var lossSum = 0.0, lossCount = 0
  /// Whether the evaluation that is due after the last step has not been done yet.
  var isEvaluationPending = false
  var best: Best?
  var evaluationsSinceBest = 0
  /// Seconds of training so far, and of the evaluations in it.
  var seconds = 0.0, evaluationSeconds = 0.0
}

extension TrainingState {
  var json: JSON {
    [
      "step": .integer(step), "epoch": .integer(epoch), "batch": .integer(batch), "tokens": .integer(tokens),
      "loss_sum": .number(lossSum), "loss_count": .integer(lossCount),
      "evaluation_pending": .bool(isEvaluationPending),
      "best": best.map { ["value": $0.value.isFinite ? .number($0.value) : .null, "step": .integer($0.step)] } ?? .null,
      "evaluations_since_best": .integer(evaluationsSinceBest),
      "seconds": .number(seconds), "evaluation_seconds": .number(evaluationSeconds),
    ]
  }

  /// Reads what `json` wrote.
  init(json: JSON, place: String) throws {
    let reader = MemberReader(json: json, place: place)
    step = try reader.count("step")
    epoch = try reader.count("epoch")
    batch = try reader.count("batch")
    tokens = try reader.count("tokens")
    lossSum = try reader.number("loss_sum")
    lossCount = try reader.count("loss_count")
    isEvaluationPending = try reader.flag("evaluation_pending")
    if let best = json["best"], !best.isNull {
      let reader = MemberReader(json: best, place: "\(place): best")
      let isUndefined = best["value"]?.isNull == true
      self.best = Best(
        value: isUndefined ? -.infinity : try reader.number("value"), step: try reader.count("step"))
    }
    evaluationsSinceBest = try reader.count("evaluations_since_best")
    seconds = try reader.number("seconds")
    evaluationSeconds = try reader.number("evaluation_seconds")
  }
}

/// Reads the members of an object that this library wrote; every fault names the member.
struct MemberReader {
  let json: JSON
  let place: String

  /// What every reader of JSON takes for exact, and sums of a few of which are no danger.
  static let mostCount = 1 << 53

  func count(_ name: String, to most: Int = mostCount) throws -> Int {
    guard let value = json[name]?.int, (0...most).contains(value) else {
      throw fault(name, "a whole number from 0 to \(most)")
    }
    return value
  }

  /// A count that may be missing or null.
  func countIfAny(_ name: String) throws -> Int? {
    guard let value = json[name], !value.isNull else { return nil }
    return try count(name)
  }

  func number(_ name: String) throws -> Double {
    guard let value = json[name]?.double else { throw fault(name, "a number") }
    return value
  }

  func flag(_ name: String) throws -> Bool {
    guard let value = json[name]?.bool else { throw fault(name, "true or false") }
    return value
  }

  func text(_ name: String) throws -> String {
    guard let value = json[name]?.string else { throw fault(name, "a string") }
    return value
  }

  private func fault(_ name: String, _ expected: String) -> FormatError {
    FormatError("\(place): \(name)", found: json[name]?.kind ?? "nothing", expected: expected)
  }
}
