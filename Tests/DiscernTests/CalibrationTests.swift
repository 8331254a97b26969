import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

@Suite struct CalibrationTests {
  @Test func temperatureAgreesWithScipy() throws {
    for entry in EvaluationFixture.cases {
      let answers = EvaluationFixture.answers(entry)
      let scaling = LogitScaling(temperature: answers)
      let temperature = try #require(entry["temperature"]?.double)
      #expect(abs(1 / scaling.scales[0] - temperature) < 1e-4 * temperature, "\(entry["name"]!)")
      // The loss is flat around its minimum: it may not be larger than scipy's.
      let scaled = ScoredAnswers(
        logits: answers.logits.map { $0.map { Float(scaling.scales[0] * Double($0)) } }, gold: answers.gold)
      #expect(scaled.meanLoss <= entry["temperature_loss"]!.double! + 1e-7)
    }
  }

  @Test func vectorAgreesWithScipy() throws {
    for (name, key) in [("five classes", "vector"), ("underconfident", "vector_and_biases")] {
      let entry = EvaluationFixture.named(name)
      let answers = EvaluationFixture.answers(entry)
      let reference = try #require(entry[key])
      let scaling = LogitScaling(vector: answers, withBiases: key == "vector_and_biases")
      #expect(agree(scaling.scales, reference["scales"]!.doubles, tolerance: 1e-3))
      #expect(agree(scaling.biases ?? [], reference["biases"]!.doubles, tolerance: 1e-3))
    }
  }

  @Test func gradientOfTheScalesIsRight() {
    let answers = EvaluationFixture.answers(EvaluationFixture.named("five classes"))
    let point = (0..<10).map { 0.1 * Double($0) - 0.4 }
    let gradient = LogitScaling.objective(answers, point, start: -0.2).gradient
    for index in point.indices {
      func value(_ shift: Double) -> Double {
        var moved = point
        moved[index] += shift
        return LogitScaling.objective(answers, moved, start: -0.2).value
      }
      #expect(abs((value(1e-5) - value(-1e-5)) / 2e-5 - gradient[index]) < 1e-4 * (1 + abs(gradient[index])))
    }
  }

  @Test func allRightStopsAtTheEndOfTheRange() {
    let answers = ScoredAnswers(logits: [[2, 0], [0, 1]], gold: [0, 1])
    #expect(abs(LogitScaling(temperature: answers).scales[0] - 20) < 1e-6)
    let wrong = ScoredAnswers(logits: [[2, 0], [0, 1]], gold: [1, 0])
    #expect(abs(LogitScaling(temperature: wrong).scales[0] - 0.05) < 1e-6)
  }

  @Test func minimumOfRosenbrock() {
    let best = minimized(from: [-1.2, 1]) { x in
      let (a, b) = (1 - x[0], x[1] - x[0] * x[0])
      return (a * a + 100 * b * b, [-2 * a - 400 * x[0] * b, 200 * b])
    }
    #expect(agree(best, [1, 1], tolerance: 1e-6))
  }

  @Test func thresholdsAgreeWithTheRuleInPython() throws {
    let entry = EvaluationFixture.named("five classes")
    let answers = EvaluationFixture.answers(entry)
    let decisions = zip(zip(answers.logits, answers.probabilities), answers.gold).map { answer, gold in
      let best = Classifier.best(answer.0)
      return PrecisionThresholds.Decision(index: best, probability: answer.1[best], isRight: best == gold)
    }
    let thresholds = PrecisionThresholds(decisions, classes: (0..<5).map { "\($0)" })
    #expect(thresholds.counts.reduce(0, +) == answers.count)
    for wanted in try #require(entry["thresholds"]?.array) {
      let target = wanted["target"]!.double!
      let all = wanted["all"]!.double
      let found = thresholds.all.first { $0.precision >= target - 1e-12 }?.threshold
      #expect((found == nil) == (all == nil) && abs((found ?? 0) - (all ?? 0)) < 1e-12)
      for (index, own) in wanted["labels"]!.array!.enumerated() {
        // Too few answers for the precision: the threshold of all classes counts.
        let isTooFew = 1 / Double(thresholds.counts[index] + 1) > 1 - target + 1e-12
        let expected = isTooFew ? all : own.double
        let mine = thresholds.threshold(index, precision: target)
        #expect((mine == nil) == (expected == nil) && abs((mine ?? 0) - (expected ?? 0)) < 1e-12)
      }
    }
  }

  @Test func conformalScoresAgreeWithTheRuleInPython() throws {
    let entry = EvaluationFixture.named("five classes")
    let scores = ConformalScores(EvaluationFixture.answers(entry), scales: [1, 1, 1, 1, 1])
    for wanted in try #require(entry["conformal"]?.array) {
      let mine = scores.limit(coverage: wanted["coverage"]!.double!)
      let score = wanted["score"]!.double
      #expect((mine == nil) == (score == nil) && abs((mine ?? 0) - (score ?? 0)) < 1e-12)
    }
    #expect(scores.set([0.1, 0.2, 0.3, 0.3, 0.1], coverage: 0.999) == [2, 3, 1, 0, 4])
    #expect(scores.set([0, 0, 0, 99, 0], coverage: 0.5) == [3])
    // The scales are heeded: they turn the order around.
    let turned = ConformalScores(count: 1, scores: [0.9], scales: [4, 1])
    #expect(turned.set([1, 2], coverage: 0.5) == [0, 1] && turned.set([1, 2], coverage: 0.9) == [0, 1])
  }

  /// Draws of one distribution: over many splits, sets hold the right label as often as they say.
  @Test func setsCoverWhatTheySay() {
    var random = Random(seed: 3, stream: 0)
    func draw(_ count: Int) -> ScoredAnswers {
      var logits: [[Float]] = []
      var gold: [Int] = []
      for _ in 0..<count {
        gold.append(random.integer(below: 4))
        logits.append((0..<4).map { Float(random.normal() + ($0 == gold.last! ? 1 : 0)) })
      }
      return ScoredAnswers(logits: logits, gold: gold)
    }
    var covered = 0
    for _ in 0..<200 {
      let scores = ConformalScores(draw(19), scales: [1, 1, 1, 1])
      let fresh = draw(50)
      covered += zip(fresh.logits, fresh.gold).count { scores.set($0, coverage: 0.8).contains($1) }
    }
    // 16 of 20: exactly 0.8 on average; ten thousand draws in 200 groups are within two points of it.
    #expect(abs(Double(covered) / 10_000 - 0.8) < 0.03)
  }

  @Test func manyScoresAreThinnedOnTheSafeSide() {
    let logits = (0..<2500).map { [Float($0) / 500, 0] }
    let answers = ScoredAnswers(logits: logits, gold: logits.map { _ in 0 })
    let scores = ConformalScores(answers, scales: [1, 1])
    #expect(scores.count == 2500 && scores.scores.count == 1000)
    let exact = answers.probabilities.map { 1 - $0[0] }.sorted()
    for coverage in [0.01, 0.5, 0.9, 0.9991] {
      let rank = Int((2501 * coverage).rounded(.up))
      let limit = scores.limit(coverage: coverage) ?? 1
      #expect(limit >= exact[rank - 1] && limit <= exact[min(rank + 2, 2499)])
    }
  }
}

/// Calibrations of a real little model: folded, saved, merged.
@Suite struct CalibratedClassifierTests {
  let base: BaseModel
  let tokenizer: Tokenizer

  init() throws { (base, tokenizer) = try tinyModel() }

  private func example(_ number: Int, _ task: Dataset.Task) -> Example {
    let words = ["cat", "dog", "boat", "tree", "sun"]
    let chosen = (0..<4).map { words[(number * 7 + $0 * 3 + number / 5) % 5] }
    return task == .sequence
      ? Example(input: .text(chosen.joined(separator: " ")), label: .classLabel(["a", "b", "c"][number % 3]))
      : Example(input: .words(chosen), label: .tags(["B-X", number % 2 == 0 ? "I-X" : "O", "O", "B-Y"]))
  }

  private func trained(_ task: Dataset.Task, _ pooling: Pooling) throws -> (Classifier, Dataset) {
    var recipe = Recipe()
    recipe.task = task
    recipe.pooling = pooling
    recipe.rank = 2
    let labels = task == .sequence ? ["a", "b", "c"] : ["O", "B-X", "I-X", "B-Y", "I-Y"]
    let adapter = try Adapter(recipe, labels: labels, for: base.configuration, on: base.backend)
    let weight = adapter.head.weight.value
    base.backend.write(weight.values.map { 20 * $0 }, into: weight)
    let dataset = Dataset(name: "made", examples: (0..<40).map { example($0, task) })
    return (try Classifier(base, adapter, tokenizer: tokenizer), dataset)
  }

  @Test(arguments: Pooling.allCases)
  func foldedHeadsGiveScaledLogits(pooling: Pooling) throws {
    try check(.sequence, pooling, .vector)
    try check(.sequence, pooling, .temperature)
  }

  @Test func foldedTagHeadsGiveScaledAndShiftedLogits() throws {
    try check(.tokens, .last, .vector)
    try check(.tokens, .last, .temperature)
  }

  /// Of single labels of several: a factor for all, or for each, in the head, as for classes.
  @Test func foldedHeadsOfSeveralLabels() throws {
    for method in [Calibration.Method.temperature, .vector] {
      var recipe = Recipe()
      recipe.task = .multiLabel
      recipe.pooling = .mean
      recipe.rank = 2
      let (classifier, dataset) = try made(recipe, ["a", "b", "c"]) { number in
        var example = example(number, .sequence)
        example.label = .labels(["a", "b", "c"].filter { _ in number % 3 != 0 })
        return example
      }
      let (_, encoded, logits) = try classifier.evaluateWithLogits(dataset)
      let fit = classifier.fitCalibration(method, dataset, encoded, logits, seed: 5)
      let calibration = try #require(fit)
      #expect(
        calibration.fitted == 40 && calibration.conformal == nil && calibration.thresholds.classes == ["a", "b", "c"])
      #expect(
        calibration.thresholds.counts.reduce(0, +) > 0
          && Set(calibration.scaling.scales).count == (method == .vector ? 3 : 1))
      try expectFolded(classifier, calibration, encoded, logits)
    }
  }

  /// A field's temperature is in logits and transitions; the paths stay, their probabilities change.
  @Test func foldedFieldsKeepTheirPaths() throws {
    var recipe = Recipe()
    recipe.task = .tokens
    recipe.head = .crf
    recipe.rank = 2
    let (classifier, dataset) = try made(recipe, ["O", "B-X", "I-X", "B-Y", "I-Y"]) { example($0, .tokens) }
    let transitions = try #require(classifier.adapter.transitions?.value)
    base.backend.write((0..<35).map { Float($0 % 4) / 2 }, into: transitions)
    #expect(classifier.calibrationMethods == [.temperature])
    let (_, encoded, logits) = try classifier.evaluateWithLogits(dataset)
    let fit = classifier.fitCalibration(.temperature, dataset, encoded, logits, seed: 5)
    let calibration = try #require(fit)
    let factor = calibration.scaling.scales[0]
    #expect(abs(factor - 1) > 0.01 && calibration.scaling.biases == nil)
    let calibrated = try Classifier(base, classifier.adapter, tokenizer: tokenizer, calibration: calibration)
    let scaled = try #require(calibrated.adapter.transitions?.value.values)
    #expect(agree(scaled.map(Double.init), transitions.values.map { factor * Double($0) }, tolerance: 1e-6))
    try expectFolded(classifier, calibration, encoded, logits)
    let judge = classifier.judging(calibration.scaling)
    for (example, rows) in zip(encoded, logits) {
      let own = rows.map(calibration.applied)
      #expect(calibrated.tags(example, own) == classifier.tags(example, rows))
      // Folded transitions are rounded to float32.
      for (mine, folded) in zip(judge.tagProbabilities(example, own), calibrated.tagProbabilities(example, own)) {
        #expect(agree(mine, folded, tolerance: 1e-6))
      }
      #expect(judge.tagProbabilities(example, own) != classifier.tagProbabilities(example, rows))
      // What the metrics see are the field's own probabilities, not those of single words.
      for (row, chances) in zip(judge.probabilityLogits(example, own), judge.tagProbabilities(example, own)) {
        #expect(agree(softmax(row), chances, tolerance: 1e-6))
      }
    }
    // Tags that have nothing to do with the words ask for less than the least factor there is.
    func summedLoss(_ factor: Double) -> Double {
      let scaling = LogitScaling(scales: [Double](repeating: factor, count: 5), biases: nil)
      let judge = classifier.judging(scaling)
      return zip(encoded, logits).reduce(0) { $0 + judge.chainLoss($1.0, $1.1.map(scaling.applied)) }
    }
    #expect(summedLoss(factor) < min(summedLoss(factor * 1.05), summedLoss(1)))
  }

  @Test func numbersGetIntervalsAndKeepTheirBits() throws {
    var recipe = Recipe()
    recipe.task = .regression
    recipe.pooling = .mean
    recipe.rank = 2
    let (classifier, dataset) = try made(recipe, ["label_1", "label_2"]) { number in
      var example = example(number, .sequence)
      example.label = .values([Double(number), 3])
      return example
    }
    let (_, encoded, logits) = try classifier.evaluateWithLogits(dataset)
    let fit = classifier.fitCalibration(.interval, dataset, encoded, logits, seed: 5)
    let calibration = try #require(fit)
    let errors = zip(dataset.examples, logits).map { abs($0.values[0] - Double($1[0][0])) }.sorted()
    // ⌈41 · 0.9⌉ = 37
    #expect(calibration.intervals?.halfWidths(coverage: 0.9)?[0] == errors[36])
    let read = try Calibration(
      json: JSON(parsing: Array(calibration.json.serialized().utf8), name: "json"), labels: 2, name: "json")
    #expect(read == calibration)
    let calibrated = try Classifier(base, classifier.adapter, tokenizer: tokenizer, calibration: calibration)
    #expect(calibrated.logits(encoded) == logits)
    var broken = try #require(calibration.json.object)
    broken["intervals"] = ["count": 3, "errors": [[1, 2]]]
    #expect(throws: FormatError.self) { try Calibration(json: .object(broken), labels: 2, name: "file") }
    #expect(CalibrationChoice.auto.method(answers: 50, task: .regression) == .interval)
  }

  private func made(
    _ recipe: Recipe, _ labels: [String], _ example: (Int) -> Example
  ) throws -> (Classifier, Dataset) {
    let adapter = try Adapter(recipe, labels: labels, for: base.configuration, on: base.backend)
    let weight = adapter.head.weight.value
    base.backend.write(weight.values.map { 20 * $0 }, into: weight)
    return (
      try Classifier(base, adapter, tokenizer: tokenizer), Dataset(name: "made", examples: (0..<40).map(example))
    )
  }

  private func expectFolded(
    _ classifier: Classifier, _ calibration: Calibration, _ encoded: [EncodedExample], _ logits: [[[Float]]]
  ) throws {
    let read = try Calibration(
      json: JSON(parsing: Array(calibration.json.serialized().utf8), name: "json"), labels: classifier.labels.count,
      name: "json")
    #expect(read == calibration)
    let calibrated = try Classifier(base, classifier.adapter, tokenizer: tokenizer, calibration: calibration)
    for (mine, raw) in zip(calibrated.logits(encoded).joined(), logits.joined()) {
      for (a, b) in zip(mine, calibration.applied(raw)) { #expect(abs(a - b) <= 1e-4 * (1 + abs(b))) }
    }
  }

  private func check(_ task: Dataset.Task, _ pooling: Pooling, _ method: Calibration.Method) throws {
    let (classifier, dataset) = try trained(task, pooling)
    let (_, encoded, logits) = try classifier.evaluateWithLogits(dataset)
    let fit = classifier.fitCalibration(method, dataset, encoded, logits, seed: 5)
    let calibration = try #require(fit)
    #expect(calibration == classifier.fitCalibration(method, dataset, encoded, logits, seed: 5))
    #expect(calibration.fitted == 40 && (calibration.conformal?.count ?? 20) == 20)
    let answers = ScoredAnswers(encoded, logits)
    let all =
      method == .temperature
      ? LogitScaling(temperature: answers) : LogitScaling(vector: answers, withBiases: task == .tokens)
    #expect(agree(calibration.scaling.scales, all.scales, tolerance: 1e-6))
    #expect((calibration.scaling.biases != nil) == (task == .tokens && method == .vector))
    let read = try Calibration(
      json: JSON(parsing: Array(calibration.json.serialized().utf8), name: "json"), labels: classifier.labels.count,
      name: "json")
    #expect(read == calibration)
    let calibrated = try Classifier(base, classifier.adapter, tokenizer: tokenizer, calibration: calibration)
    let folded = calibrated.logits(encoded)
    for (mine, raw) in zip(folded.joined(), logits.joined()) {
      let expected = calibration.applied(raw)
      for (a, b) in zip(mine, expected) { #expect(abs(a - b) <= 1e-4 * (1 + abs(b))) }
    }
    // What training holds stays as it was.
    #expect(classifier.logits(encoded) == logits)
  }

  @Test func damagedCalibrationsAreRefused() throws {
    let (classifier, dataset) = try trained(.sequence, .mean)
    let (_, encoded, logits) = try classifier.evaluateWithLogits(dataset)
    let fit = classifier.fitCalibration(.temperature, dataset, encoded, logits, seed: 5)
    let json = try #require(fit).json
    func broken(_ change: (inout JSONObject) -> Void) -> JSON {
      var object = json.object!
      change(&object)
      return .object(object)
    }
    let cases: [JSON] = [
      [:], broken { $0["method"] = "magic" }, broken { $0["scales"] = [1, 1] }, broken { $0["scales"] = [1, 1, -1] },
      broken { $0["biases"] = [1] }, broken { $0["thresholds"] = [:] }, broken { $0["before"] = nil },
      broken { $0["conformal"] = ["count": 3, "scores": []] }, broken { $0["conformal"] = ["count": 0, "scores": []] },
    ]
    for entry in cases {
      #expect(throws: FormatError.self, "\(entry.serialized())") {
        try Calibration(json: entry, labels: 3, name: "file")
      }
    }
  }

  @Test func tooLittleDataIsNotFitted() throws {
    let (classifier, dataset) = try trained(.sequence, .mean)
    let few = Dataset(name: "few", examples: Array(dataset.examples.prefix(3)))
    let (_, encoded, logits) = try classifier.evaluateWithLogits(few)
    #expect(classifier.fitCalibration(.temperature, few, encoded, logits, seed: 1) == nil)
    #expect(CalibrationChoice.auto.method(answers: 49) == nil)
    #expect(CalibrationChoice.auto.method(answers: 50) == .temperature)
    #expect(CalibrationChoice.vector.method(answers: 5) == .vector)
    #expect(CalibrationChoice.none.method(answers: 500) == nil)
  }
}
