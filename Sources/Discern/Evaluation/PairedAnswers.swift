import Compute

/// The answers of two systems to the same examples, as counts: of each example how many things there are, how many were
/// found, and how many of these are right.
///
/// The score of counts is F1 over their sums. Where each example has one answer of one, that is the accuracy.
struct PairedAnswers: Sendable {
  /// What two systems come to on the same examples.
  struct Comparison: Sendable {
    let first: Double
    let second: Double
    /// 95 % interval of second − first (paired bootstrap).
    let interval: ClosedRange<Double>
    let p: Double
    let test: Test
    /// Examples that only the first, and only the second, got all right.
    let onlyFirst: Int, onlySecond: Int
  }

  /// Which test gave the probability.
  enum Test: String, Sendable {
    case mcNemar = "McNemar"
    case randomisation = "approximate randomisation"
  }

  let first: [EntityMetrics.Counts]
  let second: [EntityMetrics.Counts]
  var task = Dataset.Task.sequence

  /// Whether each example has exactly one answer, so that the score is a share of them. Labels that apply or not are no
  /// such answers, even where each text happens to have one.
  private var isSingle: Bool {
    task == .sequence && (first + second).allSatisfy { $0.gold == 1 && $0.found <= 1 }
  }

  func compare(seed: UInt64, resamples: Int, threads: Int) -> Comparison {
    precondition(first.count == second.count, "answers to the same examples")
    let (first, second) = (self.first, self.second)
    var bootstrap = Bootstrap()
    bootstrap.resamples = resamples
    bootstrap.seed = seed
    let differences = bootstrap.values(count: first.count, threads: threads) { drawn in
      [Self.score(drawn.lazy.map { second[$0] }) - Self.score(drawn.lazy.map { first[$0] })]
    }
    let onlyFirst = zip(first, second).count { $0.isRight && !$1.isRight }
    let onlySecond = zip(first, second).count { !$0.isRight && $1.isRight }
    let p =
      isSingle
      ? Significance.mcNemar(onlyFirst: onlyFirst, onlySecond: onlySecond)
      : Significance.randomisation(count: first.count, rounds: resamples, seed: seed, threads: threads) { isSwapped in
        Self.score(isSwapped.indices.lazy.map { isSwapped[$0] ? first[$0] : second[$0] })
          - Self.score(isSwapped.indices.lazy.map { isSwapped[$0] ? second[$0] : first[$0] })
      }
    return Comparison(
      first: Self.score(first), second: Self.score(second),
      interval: Bootstrap.interval(differences.map { $0[0] }) ?? 0...0, p: p,
      test: isSingle ? .mcNemar : .randomisation, onlyFirst: onlyFirst, onlySecond: onlySecond)
  }

  /// F1 over the sums of counts; 0 of none.
  private static func score(_ counts: some Sequence<EntityMetrics.Counts>) -> Double {
    var sum = EntityMetrics.Counts()
    for own in counts {
      sum.gold += own.gold
      sum.found += own.found
      sum.correct += own.correct
    }
    return sum.scores.f1
  }
}

extension EntityMetrics.Counts {
  /// Whether everything was found and nothing else.
  fileprivate var isRight: Bool { gold == correct && found == correct }
}
