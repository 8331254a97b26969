/// Evaluated data as a report shows it: the scores as calibrated, and the mistakes that weigh most.
public struct ReportSubject: Sendable {
  /// The data's name.
  let data: String
  let evaluation: Evaluation
  let analysis: Analysis
  /// The bins of the probabilities as trained, where a calibration changed them.
  let uncalibrated: Reliability?
  let calibration: Calibration?
  /// What the calibration was fitted on is what is shown.
  let isFittedHere: Bool
  /// Whether the answers are classes, which are right or wrong.
  let hasClasses: Bool
  let mistakes: [Mistake]
  let mistakeCount: Int

  /// A text with a wrong answer.
  struct Mistake: Sendable {
    /// Where it stands.
    var place: String
    var content: Content
    /// What orders mistakes: the worst have the most.
    var weight: Double
  }

  /// What is shown of a mistake.
  enum Content: Sendable {
    case label(text: String, gold: String, goldProbability: Double, predicted: String, probability: Double)
    case spans(words: [String], gold: [Span], predicted: [Span])
    case tags(words: [String], gold: [String], predicted: [String])
  }

  /// The most mistakes that are kept.
  private static let mistakeLimit = 25

  /// Makes a subject of evaluated data; the classifier must be one without a calibration, `calibration` is applied here.
  public init(_ classifier: Classifier, _ dataset: Dataset, _ raw: Evaluation, _ calibration: Calibration?) {
    precondition(classifier.calibration == nil, "a calibration is applied once")
    let logits = raw.logits.map { rows in rows.map { calibration?.applied($0) ?? $0 } }
    data = dataset.name
    evaluation = classifier.evaluate(dataset.examples, raw.encoded, logits, raw.report)
    analysis = classifier.analysis(dataset, raw.encoded, logits, raw.report)
    uncalibrated = calibration.map { _ in
      ProbabilityMetrics(ScoredAnswers(raw.encoded, raw.logits)).reliability
    }
    self.calibration = calibration
    isFittedHere = calibration?.data == dataset.name
    hasClasses = raw.encoded.contains { !$0.labels.isEmpty }
    let all = dataset.examples.indices.compactMap { index in
      Self.mistake(classifier, dataset, index, raw.encoded[index], logits[index])
    }
    mistakeCount = all.count
    let order = all.indices.sorted { (-all[$0].weight, $0) < (-all[$1].weight, $1) }
    mistakes = order.prefix(Self.mistakeLimit).map { all[$0] }
  }

  private static func mistake(
    _ classifier: Classifier, _ dataset: Dataset, _ index: Int, _ encoded: EncodedExample, _ logits: [[Float]]
  ) -> Mistake? {
    let example = dataset.examples[index]
    let place = dataset.place(ofExample: index)
    guard case .tags(let gold) = example.label else {
      let best = Classifier.best(logits[0])
      guard let right = encoded.labels.first.map(Int.init), best != right else { return nil }
      let probabilities = softmax(logits[0])
      return Mistake(
        place: place,
        content: .label(
          text: example.input.text, gold: classifier.labels.names[right], goldProbability: probabilities[right],
          predicted: classifier.labels.names[best], probability: probabilities[best]),
        weight: probabilities[best])
    }
    let tagged = classifier.tagged(example, encoded, logits)
    let words = tagged.words.map(\.text)
    guard classifier.labels.spellsSpans else {
      let predicted = tagged.words.map(\.tag)
      let wrong = words.indices.filter { predicted[$0].utf8Differs(from: gold[$0]) }
      if wrong.isEmpty { return nil }
      let weight = wrong.reduce(0) { $0 + tagged.words[$1].probability }
      return Mistake(place: place, content: .tags(words: words, gold: gold, predicted: predicted), weight: weight)
    }
    let goldSpans = Span.strict(gold)
    let predicted = tagged.entities.map { Span($0.label, $0.words.lowerBound, $0.words.upperBound) }
    let known = Set(goldSpans)
    let found = Set(predicted)
    // A wrong span weighs what it claims to be sure of, a missed one a half.
    let wrong = zip(predicted, tagged.entities).reduce(0.0) { known.contains($1.0) ? $0 : $0 + $1.1.probability }
    let missed = Double(goldSpans.count { !found.contains($0) })
    guard wrong + missed > 0 else { return nil }
    return Mistake(
      place: place, content: .spans(words: words, gold: goldSpans, predicted: predicted),
      weight: wrong + missed / 2)
  }
}
