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
    /// Where 95 of 100 scores on other texts of that length would lie.
    public var ranges: [ClosedRange<Double>]
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
  /// How good the probabilities are: of texts, of words, or of each label of each text.
  public let probabilities: ProbabilityMetrics
  /// What is wrong with spans, where tags spell spans.
  public let tagErrors: TagErrors?

  init(
    _ outcomes: ExampleOutcomes, probabilities: ProbabilityMetrics, lengths: [Int], tagErrors: TagErrors?,
    bootstrap: Bootstrap, labels: [String], threads: Int
  ) {
    self.labels = labels
    func scored(_ members: [Int]) -> (scores: [Double], ranges: [ClosedRange<Double>]) {
      let scores = outcomes.scores(of: members)
      let resampled = bootstrap.values(count: members.count, threads: threads) { drawn in
        outcomes.scores(of: drawn.map { members[$0] })
      }
      let ranges = scores.indices.map { index in
        Bootstrap.interval(resampled.map { $0[index] }) ?? scores[index]...scores[index]
      }
      return (scores, ranges)
    }
    let (scores, ranges) = scored(Array(0..<outcomes.count))
    self.bootstrap = bootstrap
    scoreNames = outcomes.names
    intervals = outcomes.names.indices.map { index in
      Interval(name: outcomes.names[index], value: scores[index], range: ranges[index])
    }
    self.lengths = Self.grouped(lengths).map { group in
      let (scores, ranges) = scored(group.members)
      return LengthGroup(tokens: group.tokens, texts: group.members.count, scores: scores, ranges: ranges)
    }
    self.probabilities = probabilities
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
      outcomes, probabilities: probabilityMetrics(encoded, logits), lengths: report.lengths, tagErrors: errors,
      bootstrap: bootstrap, labels: labels.names, threads: threads)
  }

  /// How good the probabilities of answers are; without answers where the task has none.
  func probabilityMetrics(_ encoded: [EncodedExample], _ logits: [[[Float]]]) -> ProbabilityMetrics {
    switch adapter.recipe.task {
    case .multiLabel:
      ProbabilityMetrics(
        logits: logits.map { $0[0] }, applies: encoded.map { $0.targets.map { $0 == 1 } },
        threshold: adapter.recipe.threshold)
    case .regression: ProbabilityMetrics(ScoredAnswers(logits: [], gold: []))
    case .sequence, .tokens:
      ProbabilityMetrics(ScoredAnswers(encoded, zip(encoded, logits).map { probabilityLogits($0, $1) }))
    }
  }
}
