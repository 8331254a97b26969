import Compute

extension Classifier {
  /// Fits a calibration to evaluated data.
  ///
  /// The texts are shuffled by `seed`: the scales are fitted on the first half, and the second half, which the scales have
  /// not seen, gives the thresholds, the conformal scores and the qualities. The classifier must be one without a
  /// calibration. Nil where there are fewer than four texts with an answer.
  public func fitCalibration(
    _ method: Calibration.Method, _ dataset: Dataset, _ encoded: [EncodedExample], _ logits: [[[Float]]],
    seed: UInt64
  ) -> Calibration? {
    precondition(calibration == nil, "a calibration is fitted to what was trained")
    var order = encoded.indices.filter { encoded[$0].labels.contains { $0 >= 0 } }
    guard order.count >= 4 else { return nil }
    var random = Random(seed: seed, stream: RandomStream.calibration)
    random.shuffle(&order)
    let fitted = Array(order.prefix((order.count + 1) / 2))
    let held = Array(order.dropFirst(fitted.count))
    let answers = ScoredAnswers(fitted.map { encoded[$0] }, fitted.map { logits[$0] })
    let scaling =
      method == .temperature
      ? LogitScaling(temperature: answers)
      : LogitScaling(vector: answers, withBiases: adapter.head.bias != nil)
    let none = PrecisionThresholds([], classes: [])
    let quality = Calibration.Quality(logLoss: 0, error: 0)
    var result = Calibration(
      method: method, scales: scaling.scales, biases: scaling.biases, data: dataset.name,
      fitted: fitted.count, heldOut: held.count, before: quality, after: quality, thresholds: none,
      conformal: nil)
    let heldEncoded = held.map { encoded[$0] }
    let raw = held.map { logits[$0] }
    let calibrated = raw.map { $0.map(result.applied) }
    result.before = Calibration.Quality(ScoredAnswers(heldEncoded, raw))
    let heldAnswers = ScoredAnswers(heldEncoded, calibrated)
    result.after = Calibration.Quality(heldAnswers)
    let decisions = zip(held, zip(heldEncoded, calibrated)).flatMap { index, answer in
      self.decisions(dataset.examples[index], answer.0, answer.1)
    }
    result.thresholds = PrecisionThresholds(decisions, classes: decisionClasses)
    if adapter.recipe.task == .sequence { result.conformal = ConformalScores(heldAnswers) }
    return result
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
