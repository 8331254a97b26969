import Compute
import Formats

extension Classifier {
  /// Fits a calibration to evaluated data.
  ///
  /// The factors are fitted to all texts. What is said of them comes from factors that have not seen the texts: these are
  /// shuffled by `seed` and halved, and each half is calibrated by the factors of the other; the conformal scores are
  /// those of the second half alone. Numbers have no factors: their intervals rest on all texts. The classifier must be
  /// one without a calibration, and the method one of `calibrationMethods`. Nil where there are fewer than four texts
  /// with an answer.
  public func fitCalibration(
    _ method: Calibration.Method, _ dataset: Dataset, _ encoded: [EncodedExample], _ logits: [[[Float]]],
    seed: UInt64
  ) -> Calibration? {
    precondition(calibration == nil, "a calibration is fitted to what was trained")
    precondition(calibrationMethods.contains(method), "a method of the task")
    var order = encoded.indices.filter { index in
      !encoded[index].targets.isEmpty || encoded[index].labels.contains { $0 >= 0 }
    }
    guard order.count >= 4 else { return nil }
    if method == .interval { return intervals(dataset, order, logits) }
    var random = Random(seed: seed, stream: RandomStream.calibration)
    random.shuffle(&order)
    let halves = [Array(order.prefix((order.count + 1) / 2)), Array(order.dropFirst((order.count + 1) / 2))]
    func scaling(_ texts: [Int]) -> LogitScaling {
      self.scaling(method, texts.map { encoded[$0] }, texts.map { logits[$0] })
    }
    let final = scaling(order)
    let other = [scaling(halves[1]), scaling(halves[0])]
    // Rows whose softmax (or sigmoids) are the probabilities that unseeing factors give.
    var unseen = logits
    var decided = [[PrecisionThresholds.Decision]](repeating: [], count: logits.count)
    for (texts, scaling) in zip(halves, other) {
      let judge = judging(scaling)
      for text in texts {
        let scaled = logits[text].map(scaling.applied)
        unseen[text] = judge.probabilityLogits(encoded[text], scaled)
        decided[text] = judge.decisions(dataset.examples[text], encoded[text], scaled)
      }
    }
    let raw = order.map { probabilityLogits(encoded[$0], logits[$0]) }
    let held = ScoredAnswers(halves[1].map { encoded[$0] }, halves[1].map { unseen[$0] })
    let ratios = zip(other[1].scales, final.scales).map { $0 / $1 }
    return Calibration(
      method: method, scaling: final, data: dataset.name, fitted: order.count,
      before: quality(order.map { encoded[$0] }, raw),
      after: quality(order.map { encoded[$0] }, order.map { unseen[$0] }),
      thresholds: PrecisionThresholds(order.flatMap { decided[$0] }, classes: decisionClasses),
      conformal: adapter.recipe.task == .sequence ? ConformalScores(held, scales: ratios) : nil)
  }

  /// The methods that fit the task and the head.
  public var calibrationMethods: [Calibration.Method] {
    switch adapter.recipe.task {
    case .regression: [.interval]
    // Factors for single tags would change which paths win beside the learnt scores.
    case .tokens where adapter.transitions != nil: [.temperature]
    case .sequence, .multiLabel, .tokens: [.temperature, .vector]
    }
  }

  private func scaling(
    _ method: Calibration.Method, _ encoded: [EncodedExample], _ logits: [[[Float]]]
  ) -> LogitScaling {
    if adapter.recipe.task == .multiLabel {
      let decisions = LabelDecisions(encoded, logits)
      return method == .temperature ? LogitScaling(temperature: decisions) : LogitScaling(vector: decisions)
    }
    if adapter.transitions != nil {
      let known = zip(encoded, logits).filter { example, _ in !example.labels.contains { $0 < 0 } }
      return LogitScaling(temperature: known.flatMap { labelledRuns($0, $1) }, of: freeChain)
    }
    let answers = ScoredAnswers(encoded, logits)
    return method == .temperature
      ? LogitScaling(temperature: answers) : LogitScaling(vector: answers, withBiases: adapter.head.bias != nil)
  }

  /// How good probabilities are, given the rows that `probabilityLogits` makes.
  private func quality(_ encoded: [EncodedExample], _ rows: [[[Float]]]) -> Calibration.Quality {
    let metrics =
      adapter.recipe.task == .multiLabel
      ? probabilityMetrics(encoded, rows) : ProbabilityMetrics(ScoredAnswers(encoded, rows))
    return Calibration.Quality(logLoss: metrics.logLoss, error: metrics.error)
  }

  private func intervals(_ dataset: Dataset, _ texts: [Int], _ logits: [[[Float]]]) -> Calibration {
    Calibration(
      method: .interval,
      scaling: LogitScaling(scales: [Double](repeating: 1, count: labels.count), biases: nil), data: dataset.name,
      fitted: texts.count, before: nil, after: nil, thresholds: PrecisionThresholds([], classes: []), conformal: nil,
      intervals: ConformalIntervals(
        gold: texts.map { dataset.examples[$0].values }, predicted: texts.map { logits[$0][0].map { Double($0) } }))
  }

  /// What a threshold can be set for: labels, or types of spans.
  var decisionClasses: [String] {
    guard adapter.recipe.task == .tokens, labels.spellsSpans else { return labels.names }
    var seen: Set<JSONString> = []
    let types = labels.names.map { Tag($0) }.filter { $0.position != .outside }.map(\.type)
    return types.filter { seen.insert(JSONString($0)).inserted }
  }

  /// The answers to an example that can be right or wrong: its label or labels, its words' tags, or its spans.
  private func decisions(
    _ example: Example, _ encoded: EncodedExample, _ logits: [[Float]]
  ) -> [PrecisionThresholds.Decision] {
    if adapter.recipe.task == .multiLabel {
      return zip(labels.names.indices, zip(logits[0], encoded.targets)).compactMap { label, answer in
        let probability = sigmoid(answer.0)
        guard probability >= adapter.recipe.threshold else { return nil }
        return PrecisionThresholds.Decision(index: label, probability: probability, isRight: answer.1 == 1)
      }
    }
    guard adapter.recipe.task == .tokens, labels.spellsSpans else {
      return zip(encoded.labels, probabilityLogits(encoded, logits)).map { label, row in
        let best = Classifier.best(row)
        return PrecisionThresholds.Decision(
          index: best, probability: softmax(row)[best], isRight: Int32(best) == label)
      }
    }
    let gold = Set(Span.strict(example.tags))
    let classes = LabelSet(decisionClasses)
    return tagged(example, encoded, logits).entities.compactMap { entity in
      let span = Span(entity.label, entity.words.lowerBound, entity.words.upperBound)
      return classes.index(of: entity.label).map { index in
        PrecisionThresholds.Decision(index: index, probability: entity.probability, isRight: gold.contains(span))
      }
    }
  }
}

extension Classifier {
  /// Fits what the recipe says to an evaluation; nil for nothing.
  func fitCalibration(_ evaluation: Evaluation, _ dataset: Dataset) -> Calibration? {
    let answers = evaluation.encoded.reduce(0) { sum, example in
      sum + (example.targets.isEmpty ? example.labels.count { $0 >= 0 } : 1)
    }
    let recipe = adapter.recipe
    guard let method = recipe.calibration.method(answers: answers, task: recipe.task) else { return nil }
    return fitCalibration(method, dataset, evaluation.encoded, evaluation.logits, seed: recipe.seed)
  }
}
