/// What evaluated data says beyond the scores: how sure they are, how good the probabilities are, and where it goes wrong.
public struct Analysis: Sendable {
  /// A score, and where 95 of 100 scores on other data of the kind would lie.
  public struct Interval: Equatable, Sendable {
    public var name: String
    public var value: Double
    public var range: ClosedRange<Double>
  }

  /// The scores of texts of similar length.
  public struct LengthGroup: Equatable, Sendable {
    /// Lengths in tokens before cutting.
    public var tokens: ClosedRange<Int>
    public var texts: Int
    /// In the order of `scoreNames`.
    public var scores: [Double]
  }

  /// Label names in the order of the probabilities.
  public let labels: [String]
  /// How the intervals were drawn.
  public let bootstrap: Bootstrap
  /// The names of the scores.
  public let scoreNames: [String]
  /// The scores with their intervals.
  public let intervals: [Interval]
  /// The scores by length; the groups double, and empty ones are left out.
  public let lengths: [LengthGroup]
  /// How good the probabilities are: of texts, or of words.
  public let probabilities: ProbabilityMetrics
  /// What is wrong with spans, where tags spell spans.
  public let tagErrors: TagErrors?

  init(
    _ outcomes: ExampleOutcomes, answers: ScoredAnswers, lengths: [Int], tagErrors: TagErrors?,
    bootstrap: Bootstrap, labels: [String], threads: Int
  ) {
    self.labels = labels
    let scores = outcomes.scores(of: Array(0..<outcomes.count))
    let resampled = bootstrap.values(count: outcomes.count, threads: threads) { outcomes.scores(of: $0) }
    self.bootstrap = bootstrap
    scoreNames = outcomes.names
    intervals = outcomes.names.indices.map { index in
      let range = Bootstrap.interval(resampled.map { $0[index] })
      return Interval(
        name: outcomes.names[index], value: scores[index], range: range ?? scores[index]...scores[index])
    }
    self.lengths = Self.grouped(lengths).map { group in
      LengthGroup(
        tokens: group.tokens, texts: group.members.count, scores: outcomes.scores(of: group.members))
    }
    probabilities = ProbabilityMetrics(answers)
    self.tagErrors = tagErrors
  }

  /// Groups of 1 to 16 tokens, 17 to 32, 33 to 64 and so on; the last one ends where the data does.
  private static func grouped(_ lengths: [Int]) -> [(tokens: ClosedRange<Int>, members: [Int])] {
    var groups: [(tokens: ClosedRange<Int>, members: [Int])] = []
    var low = 1
    var high = 16
    let longest = lengths.max() ?? 0
    while low <= longest {
      let members = lengths.indices.filter { low <= max(lengths[$0], 1) && max(lengths[$0], 1) <= high }
      if !members.isEmpty { groups.append((low...min(high, longest), members)) }
      low = high + 1
      high *= 2
    }
    return groups
  }
}

extension Classifier {
  /// What evaluated data says beyond the scores.
  ///
  /// `encoded`, `logits` and `report` are those of the evaluation.
  public func analysis(
    _ dataset: Dataset, _ encoded: [EncodedExample], _ logits: [[[Float]]], _ report: ExampleEncoder.Report,
    bootstrap: Bootstrap = Bootstrap()
  ) -> Analysis {
    let outcomes: ExampleOutcomes
    var errors: TagErrors?
    switch adapter.recipe.task {
    case .sequence:
      let pairs = zip(encoded, logits).map { encoded, rows in
        [ExampleOutcomes.ClassPair(gold: Int(encoded.labels[0]), predicted: Classifier.best(rows[0]))]
      }
      outcomes = ExampleOutcomes(classes: pairs, labels: labels)
    case .multiLabel:
      outcomes = ExampleOutcomes(
        gold: encoded.map { $0.targets.map { $0 == 1 } }, predicted: logits.map { applies($0[0]) }, labels: labels)
    case .regression:
      outcomes = ExampleOutcomes(
        gold: dataset.examples.map(\.values), predicted: logits.map { $0[0].map { Double($0) } })
    case .tokens:
      let gold = dataset.examples.map(\.tags)
      let predicted = zip(encoded, logits).map { tags($0, $1) }
      if labels.spellsSpans {
        outcomes = ExampleOutcomes(
          gold: gold, predicted: predicted, missed: dataset.examples.map(\.missedSpans.count))
        errors = TagErrors(gold: gold, predicted: predicted)
      } else {
        let pairs = zip(gold, predicted).map { gold, predicted in
          zip(gold, predicted).map {
            ExampleOutcomes.ClassPair(gold: labels.index(of: $0)!, predicted: labels.index(of: $1))
          }
        }
        outcomes = ExampleOutcomes(classes: pairs, labels: labels)
      }
    }
    return Analysis(
      outcomes, answers: ScoredAnswers(encoded, logits), lengths: report.lengths, tagErrors: errors,
      bootstrap: bootstrap, labels: labels.names, threads: threads)
  }
}
