/// What each example adds to the scores, so that any selection of examples can be scored.
struct ExampleOutcomes: Sendable {
  /// Gold and predicted class; the latter nil without an answer.
  struct ClassPair: Sendable {
    let gold: Int
    let predicted: Int?
  }

  /// The spans and the tags of a sentence.
  struct SpanCounts: Sendable {
    var spans = EntityMetrics.Counts()
    var words = 0
    var rightWords = 0
  }

  private enum Kind: Sendable {
    case classes([[ClassPair]], count: Int)
    case spans([SpanCounts])
    case labels(gold: [[Bool]], predicted: [[Bool]], LabelSet)
    /// Squared and absolute errors, means over the targets.
    case errors([(squared: Double, absolute: Double)])
  }

  private let kind: Kind
  /// The scores' names in the order of `scores`.
  let names: [String]
  /// How many examples.
  let count: Int

  /// Examples with a class, or with a class for each word.
  init(classes pairs: [[ClassPair]], labels: LabelSet) {
    kind = .classes(pairs, count: labels.count)
    names = ["accuracy", "f1_macro", "mcc"]
    count = pairs.count
  }

  /// Examples with any number of labels.
  init(gold: [[Bool]], predicted: [[Bool]], labels: LabelSet) {
    kind = .labels(gold: gold, predicted: predicted, labels)
    names = ["accuracy", "f1_macro", "f1_micro"]
    count = gold.count
  }

  /// Examples with numbers.
  init(gold: [[Double]], predicted: [[Double]]) {
    kind = .errors(
      zip(gold, predicted).map { gold, predicted in
        let errors = zip(gold, predicted).map { $0 - $1 }
        let count = Double(max(errors.count, 1))
        return (errors.reduce(0) { $0 + $1 * $1 } / count, errors.reduce(0) { $0 + abs($1) } / count)
      })
    names = ["mse", "mae"]
    count = gold.count
  }

  /// Sentences with IOB2 tags; spans are counted strictly, and so are `missed` gold spans that no tags can stand for.
  init(gold: [[String]], predicted: [[String]], missed: [Int]? = nil) {
    let missed = missed ?? gold.map { _ in 0 }
    kind = .spans(
      zip(zip(gold, predicted), missed).map { tags, missed in
        let (gold, predicted) = tags
        var counts = SpanCounts()
        let goldSpans = Set(Span.strict(gold))
        let found = Span.strict(predicted)
        counts.spans.gold = goldSpans.count + missed
        counts.spans.found = found.count
        counts.spans.correct = found.count { goldSpans.contains($0) }
        counts.words = gold.count
        counts.rightWords = zip(gold, predicted).count { !$0.utf8Differs(from: $1) }
        return counts
      })
    names = ["f1", "precision", "recall", "accuracy"]
    count = gold.count
  }

  /// The scores of some examples; one that stands twice counts twice.
  func scores(of positions: [Int]) -> [Double] {
    switch kind {
    case .classes(let pairs, let classes): Self.classScores(pairs, classes, positions)
    case .spans(let counts): Self.spanScores(counts, positions)
    case .labels(let gold, let predicted, let labels):
      Self.labelScores(positions.map { gold[$0] }, positions.map { predicted[$0] }, labels)
    case .errors(let errors):
      [
        positions.reduce(0) { $0 + errors[$1].squared } / Double(max(positions.count, 1)),
        positions.reduce(0) { $0 + errors[$1].absolute } / Double(max(positions.count, 1)),
      ]
    }
  }

  private static func labelScores(_ gold: [[Bool]], _ predicted: [[Bool]], _ labels: LabelSet) -> [Double] {
    let metrics = MultiLabelMetrics(gold: gold, predicted: predicted, labels: labels)
    return [metrics.exactMatch, metrics.macro.f1, metrics.micro.f1]
  }

  private static func spanScores(_ counts: [SpanCounts], _ positions: [Int]) -> [Double] {
    var sum = SpanCounts()
    for position in positions {
      let own = counts[position]
      sum.spans.gold += own.spans.gold
      sum.spans.found += own.spans.found
      sum.spans.correct += own.spans.correct
      sum.words += own.words
      sum.rightWords += own.rightWords
    }
    let scores = sum.spans.scores
    let accuracy = sum.words == 0 ? 0 : Double(sum.rightWords) / Double(sum.words)
    return [scores.f1, scores.precision, scores.recall, accuracy]
  }

  private static func classScores(_ pairs: [[ClassPair]], _ classes: Int, _ positions: [Int]) -> [Double] {
    var gold = [Int](repeating: 0, count: classes)
    // The last one counts examples without an answer.
    var predicted = [Int](repeating: 0, count: classes + 1)
    var right = [Int](repeating: 0, count: classes)
    var total = 0
    for position in positions {
      for pair in pairs[position] {
        gold[pair.gold] += 1
        predicted[pair.predicted ?? classes] += 1
        if pair.predicted == pair.gold { right[pair.gold] += 1 }
        total += 1
      }
    }
    let allRight = right.reduce(0, +)
    let scores = (0..<classes).map { Scores(correct: right[$0], found: predicted[$0], gold: gold[$0]) }
    let macro = Scores(mean: scores, weights: (0..<classes).map { gold[$0] + predicted[$0] > 0 ? 1 : 0 })
    return [
      Double(allRight) / Double(max(total, 1)), macro.f1,
      matthews(gold: gold, predicted: predicted, right: allRight, total: total),
    ]
  }

  /// Matthews' correlation coefficient of counts; `predicted` may have one more entry, of examples without an answer.
  static func matthews(gold: [Int], predicted: [Int], right: Int, total: Int) -> Double {
    let count = Double(total)
    let covariance = Double(right) * count - zip(gold, predicted).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    let goldVariance = count * count - gold.reduce(0) { $0 + Double($1) * Double($1) }
    let ownVariance = count * count - predicted.reduce(0) { $0 + Double($1) * Double($1) }
    let scale = (goldVariance * ownVariance).squareRoot()
    return scale == 0 ? 0 : covariance / scale
  }
}
