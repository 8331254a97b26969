import Formats

/// Two runs beside each other: what differs in their making, what each is worth on the same data, and whether the
/// difference is more than chance.
public struct RunComparison: Sendable {
  /// Something of which the runs' making differs.
  public struct Difference: Equatable, Sendable {
    public let name: String
    public let first: String
    public let second: String
  }

  /// What the runs are worth on the same data.
  public struct Outcome: Sendable {
    /// `accuracy` or `f1`.
    public let metric: String
    public let first: Double, second: Double
    /// 95 % interval of second − first.
    public let interval: ClosedRange<Double>
    /// How likely so large a difference would be, were both equally good.
    public let p: Double
    /// `McNemar` or `approximate randomisation`.
    public let test: String
    /// Examples that only one of both got right.
    public let onlyFirst: Int, onlySecond: Int
    public let examples: Int
    /// All metrics of both.
    public let evaluations: [Evaluation]

    /// Below this probability a difference counts as real.
    public static let level = 0.05

    /// Whether the difference is more than chance.
    public var isReal: Bool { p < Self.level }
  }

  /// Answers the examples with both classifiers and compares. The same seed gives the same numbers on any number of
  /// threads.
  ///
  /// Throws where the tasks differ or are not of labels, and where the data cannot be scored.
  public static func outcome(
    _ first: Classifier, _ second: Classifier, on dataset: Dataset, seed: UInt64 = 1, resamples: Int = 10_000,
    progress: (@Sendable (_ done: Int) -> Void)? = nil
  ) throws -> Outcome {
    let tasks = [first, second].map(\.adapter.recipe.task)
    guard tasks[0] == tasks[1] else {
      throw DiscernError(
        .configuration, "compare: found the tasks \(tasks[0].rawValue) and \(tasks[1].rawValue); expected one task")
    }
    var evaluations: [Evaluation] = []
    var counts: [[EntityMetrics.Counts]] = []
    for classifier in [first, second] {
      let (evaluation, encoded, logits) = try classifier.evaluateWithLogits(dataset, progress: progress)
      evaluations.append(evaluation)
      counts.append(try classifier.counts(dataset, encoded, logits))
    }
    let comparison = PairedAnswers(first: counts[0], second: counts[1], task: tasks[0])
      .compare(seed: seed, resamples: resamples, threads: max(first.threads, second.threads))
    let isF1 = tasks[0] == .multiLabel || tasks[0] == .tokens && first.labels.spellsSpans
    return Outcome(
      metric: isF1 ? "f1" : "accuracy", first: comparison.first, second: comparison.second,
      interval: comparison.interval, p: comparison.p, test: comparison.test.rawValue,
      onlyFirst: comparison.onlyFirst, onlySecond: comparison.onlySecond, examples: dataset.examples.count,
      evaluations: evaluations)
  }

  /// What differs between the makings of two runs, and the names of what is the same.
  public static func setup(_ first: String, _ second: String) throws -> (differences: [Difference], same: [String]) {
    let setups = try [RunSetup(first), RunSetup(second)]
    var differences: [Difference] = []
    var same: [String] = []
    for (name, value) in setups[0].facts {
      let other = setups[1].facts.first { $0.name == name }?.value ?? "unknown"
      if value == other {
        same.append(name)
      } else {
        differences.append(Difference(name: name, first: value, second: other))
      }
    }
    for (name, value) in setups[1].facts where !setups[0].facts.contains(where: { $0.name == name }) {
      differences.append(Difference(name: name, first: "unknown", second: value))
    }
    return (differences, same)
  }
}

extension RunComparison.Outcome {
  /// One or two sentences for people.
  public func verdict(_ names: (first: String, second: String)) -> String {
    let unit = metric == "accuracy" ? "points of accuracy" : "points of F1"
    let points = 100 * (second - first)
    let range = "95 % interval \((100 * interval.lowerBound).fixed(1)) to \((100 * interval.upperBound).fixed(1))"
    let chance = "\(test) p = \(p < 0.001 ? "below 0.001" : p.fixed(3))".replacing("p = below", with: "p below")
    guard onlyFirst + onlySecond > 0 || first != second else {
      return "Both get the same \(examples) examples right: no difference can be seen."
    }
    let better = points > 0 ? names.second : names.first
    let difference = points == 0 ? "Both score the same" : "\(better) is better by \(abs(points).fixed(1)) \(unit)"
    return isReal
      ? "\(difference) (\(range); \(chance)): more than chance."
      : "\(difference) (\(range); \(chance)): this may well be chance."
  }
}

extension Classifier {
  /// Of each example, how many things there are, were found and are right.
  fileprivate func counts(
    _ dataset: Dataset, _ encoded: [EncodedExample], _ logits: [[[Float]]]
  ) throws -> [EntityMetrics.Counts] {
    switch adapter.recipe.task {
    case .sequence:
      return zip(encoded, logits).map { example, rows in
        EntityMetrics.Counts(gold: 1, found: 1, correct: Classifier.best(rows[0]) == Int(example.labels[0]) ? 1 : 0)
      }
    case .multiLabel:
      return zip(encoded, logits).map { example, rows in
        let (gold, found) = (example.targets.map { $0 == 1 }, applies(rows[0]))
        return EntityMetrics.Counts(
          gold: gold.count { $0 }, found: found.count { $0 }, correct: zip(gold, found).count { $0 && $1 })
      }
    case .regression:
      throw DiscernError(
        .configuration,
        "compare: found runs that predict numbers; expected labels or tags. "
          + "Compare what discern evaluate says of each.")
    case .tokens where labels.spellsSpans:
      return zip(dataset.examples, zip(encoded, logits)).map { example, answer in
        var counts = EntityMetrics(strict: [example.tags], [tags(answer.0, answer.1)]).overall
        counts.gold += example.missedSpans.count
        return counts
      }
    case .tokens:
      return zip(dataset.examples, zip(encoded, logits)).map { example, answer in
        let right = zip(example.tags, tags(answer.0, answer.1)).count { !$0.utf8Differs(from: $1) }
        return EntityMetrics.Counts(gold: example.tags.count, found: example.tags.count, correct: right)
      }
    }
  }
}
