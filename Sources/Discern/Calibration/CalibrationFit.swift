import Compute

extension Classifier {
  /// Fits a calibration to evaluated data.
  ///
  /// The factors are fitted to all texts. What is said of them comes from factors that have not seen the texts: these are
  /// shuffled by `seed` and halved, and each half is calibrated by the factors of the other; the conformal scores are
  /// those of the second half alone. The classifier must be one without a calibration. Nil where there are fewer than
  /// four texts with an answer.
  public func fitCalibration(
    _ method: Calibration.Method, _ dataset: Dataset, _ encoded: [EncodedExample], _ logits: [[[Float]]],
    seed: UInt64
  ) -> Calibration? {
    precondition(calibration == nil, "a calibration is fitted to what was trained")
    var order = encoded.indices.filter { encoded[$0].labels.contains { $0 >= 0 } }
    guard order.count >= 4 else { return nil }
    var random = Random(seed: seed, stream: RandomStream.calibration)
    random.shuffle(&order)
    let halves = [Array(order.prefix((order.count + 1) / 2)), Array(order.dropFirst((order.count + 1) / 2))]
    func scaling(_ texts: [Int]) -> LogitScaling {
      let answers = ScoredAnswers(texts.map { encoded[$0] }, texts.map { logits[$0] })
      return method == .temperature
        ? LogitScaling(temperature: answers) : LogitScaling(vector: answers, withBiases: adapter.head.bias != nil)
    }
    let final = scaling(order)
    let other = [scaling(halves[1]), scaling(halves[0])]
    var unseen = logits
    for (texts, scaling) in zip(halves, other) {
      for text in texts { unseen[text] = logits[text].map(scaling.applied) }
    }
    func answers(_ texts: [Int], _ logits: [[[Float]]]) -> ScoredAnswers {
      ScoredAnswers(texts.map { encoded[$0] }, texts.map { logits[$0] })
    }
    let all = order.flatMap { decisions(dataset.examples[$0], encoded[$0], unseen[$0]) }
    let conformal = ConformalScores(
      answers(halves[1], unseen), scales: zip(other[1].scales, final.scales).map { $0 / $1 })
    return Calibration(
      method: method, scaling: final, data: dataset.name, fitted: order.count,
      before: Calibration.Quality(answers(order, logits)), after: Calibration.Quality(answers(order, unseen)),
      thresholds: PrecisionThresholds(all, classes: decisionClasses),
      conformal: adapter.recipe.task == .sequence ? conformal : nil)
  }

  /// What a threshold can be set for: labels, or types of spans.
  var decisionClasses: [String] {
    guard adapter.recipe.task == .tokens, labels.spellsSpans else { return labels.names }
    return labels.names.filter { Tag($0).position == .begin }.map { Tag($0).type }
  }

  /// The answers to an example that can be right or wrong: its label, its words' tags, or its spans.
  private func decisions(
    _ example: Example, _ encoded: EncodedExample, _ logits: [[Float]]
  ) -> [PrecisionThresholds.Decision] {
    guard adapter.recipe.task == .tokens, labels.spellsSpans else {
      return zip(encoded.labels, logits).map { label, row in
        let best = Classifier.best(row)
        return PrecisionThresholds.Decision(
          index: best, probability: softmax(row)[best], isRight: Int32(best) == label)
      }
    }
    let gold = Set(Span.strict(example.tags))
    let classes = LabelSet(decisionClasses)
    return tagged(example, encoded, logits).entities.map { entity in
      let span = Span(entity.label, entity.words.lowerBound, entity.words.upperBound)
      return PrecisionThresholds.Decision(
        index: classes.index(of: entity.label)!, probability: entity.probability, isRight: gold.contains(span))
    }
  }
}

extension Calibration.Quality {
  init(_ answers: ScoredAnswers) {
    let metrics = ProbabilityMetrics(answers)
    self.init(logLoss: metrics.logLoss, error: metrics.reliability.error)
  }
}

extension Classifier {
  /// Fits what the recipe says to an evaluation; nil for nothing.
  ///
  /// Scaling the logits of a field would change which sequences win beside its learnt scores: it is left as it is.
  func fitCalibration(_ evaluation: Evaluation, _ dataset: Dataset) -> Calibration? {
    if adapter.transitions != nil { return nil }
    let answers = evaluation.encoded.reduce(0) { $0 + $1.labels.count { $0 >= 0 } }
    guard let method = adapter.recipe.calibration.method(answers: answers) else { return nil }
    return fitCalibration(
      method, dataset, evaluation.encoded, evaluation.logits, seed: adapter.recipe.seed)
  }
}
