/// A text with a wrong answer, or one that is far off.
struct ReportMistake: Sendable {
  /// Where it stands.
  var place: String
  /// The text, or both of a pair.
  var texts: [String]
  var content: Content
  /// What orders mistakes: the worst have the most.
  var weight: Double

  /// A label of several with its probability.
  struct Share: Sendable {
    var name: String
    var probability: Double
  }

  /// What is shown of a mistake.
  enum Content: Sendable {
    case label(gold: Share, predicted: Share)
    case labels(right: [Share], wrong: [Share], missed: [Share])
    case values([(target: String, gold: Double, predicted: Double)])
    case spans(words: [String], gold: [Span], predicted: [Span])
    case tags(words: [String], gold: [String], predicted: [String])
  }
}

extension Classifier {
  /// The wrong answers to labelled data; of numbers every one that is off, since none is right to the last digit.
  func mistakes(_ dataset: Dataset, _ encoded: [EncodedExample], _ logits: [[[Float]]]) -> [ReportMistake] {
    let spreads = adapter.recipe.task == .regression ? dataset.spreads(labels.count) : []
    return dataset.examples.indices.compactMap { index in
      let example = dataset.examples[index]
      let found: (ReportMistake.Content, Double)? =
        switch adapter.recipe.task {
        case .sequence: wrongLabel(encoded[index], logits[index][0])
        case .multiLabel: wrongLabels(encoded[index], logits[index][0])
        case .regression: distance(example.values, logits[index][0], spreads)
        case .tokens: wrongTags(example, encoded[index], logits[index])
        }
      return found.map { content, weight in
        let texts: [String] =
          if case .pair(let first, let second) = example.input { [first, second] } else { [example.input.text] }
        return ReportMistake(
          place: dataset.place(ofExample: index), texts: texts, content: content, weight: weight)
      }
    }
  }

  private func share(_ label: Int, _ probability: Double) -> ReportMistake.Share {
    ReportMistake.Share(name: labels.names[label], probability: probability)
  }

  private func wrongLabel(_ encoded: EncodedExample, _ logits: [Float]) -> (ReportMistake.Content, Double)? {
    let best = Classifier.best(logits)
    guard let right = encoded.labels.first.map(Int.init), best != right else { return nil }
    let probabilities = softmax(logits)
    return (
      .label(gold: share(right, probabilities[right]), predicted: share(best, probabilities[best])), probabilities[best]
    )
  }

  /// As bad as the surest of its wrong decisions.
  private func wrongLabels(_ encoded: EncodedExample, _ logits: [Float]) -> (ReportMistake.Content, Double)? {
    let applies = applies(logits)
    func shares(_ isGold: Bool, _ isGiven: Bool) -> [ReportMistake.Share] {
      applies.indices.filter { (encoded.targets[$0] == 1) == isGold && applies[$0] == isGiven }
        .map { share($0, sigmoid(logits[$0])) }
    }
    let (wrong, missed) = (shares(false, true), shares(true, false))
    let sureness = wrong.map(\.probability) + missed.map { 1 - $0.probability }
    return sureness.max().map { (.labels(right: shares(true, true), wrong: wrong, missed: missed), $0) }
  }

  /// Summed over the targets, each in units of its own spread.
  private func distance(
    _ gold: [Double], _ predicted: [Float], _ spreads: [Double]
  ) -> (ReportMistake.Content, Double)? {
    let values = gold.indices.map { (target: labels.names[$0], gold: gold[$0], predicted: Double(predicted[$0])) }
    let weight = zip(values, spreads).reduce(0) { $0 + abs($1.0.gold - $1.0.predicted) / $1.1 }
    return weight > 0 ? (.values(values), weight) : nil
  }

  private func wrongTags(
    _ example: Example, _ encoded: EncodedExample, _ logits: [[Float]]
  ) -> (ReportMistake.Content, Double)? {
    let gold = example.tags
    let tagged = tagged(example, encoded, logits)
    let words = tagged.words.map(\.text)
    guard labels.spellsSpans else {
      let predicted = tagged.words.map(\.tag)
      let wrong = words.indices.filter { predicted[$0].utf8Differs(from: gold[$0]) }
      if wrong.isEmpty { return nil }
      let weight = wrong.reduce(0) { $0 + tagged.words[$1].probability }
      return (.tags(words: words, gold: gold, predicted: predicted), weight)
    }
    let goldSpans = Span.strict(gold)
    let predicted = tagged.entities.map { Span($0.label, $0.words.lowerBound, $0.words.upperBound) }
    let known = Set(goldSpans)
    let found = Set(predicted)
    // A wrong span weighs what it claims to be sure of, a missed one a half.
    let wrong = zip(predicted, tagged.entities).reduce(0.0) { known.contains($1.0) ? $0 : $0 + $1.1.probability }
    let missed = Double(goldSpans.count { !found.contains($0) })
    guard wrong + missed > 0 else { return nil }
    return (.spans(words: words, gold: goldSpans, predicted: predicted), wrong + missed / 2)
  }
}

extension Dataset {
  /// The standard deviation of each target, or 1 where it never varies.
  fileprivate func spreads(_ targets: Int) -> [Double] {
    (0..<targets).map { target in
      let values = examples.map { $0.values[target] }
      let mean = values.reduce(0, +) / Double(max(values.count, 1))
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(values.count, 1))
      return variance > 0 ? variance.squareRoot() : 1
    }
  }
}
