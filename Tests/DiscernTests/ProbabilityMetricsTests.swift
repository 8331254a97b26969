import Compute
import Formats
import Glibc
import TestSupport
import Testing

@testable import Discern

@Suite struct ProbabilityMetricsTests {
  @Test func agreesWithScikitLearn() throws {
    #expect(EvaluationFixture.cases.count == 5)
    for entry in EvaluationFixture.cases {
      let answers = EvaluationFixture.answers(entry)
      let metrics = ProbabilityMetrics(answers)
      let name = Comment(rawValue: entry["name"]!.string!)
      for (mine, theirs) in zip(metrics.areas, entry["areas"]!.array!) {
        #expect((mine == nil) == (theirs.double == nil), name)
        #expect(abs((mine ?? 0) - (theirs.double ?? 0)) < 1e-12, name)
      }
      let pairs: [(Double?, String)] = [
        (metrics.area, "area"), (metrics.brier, "brier"), (metrics.logLoss, "log_loss"),
        (metrics.reliability.error, "ece"), (metrics.adaptive.error, "ece_adaptive"),
      ]
      for (mine, key) in pairs {
        let theirs = try #require(entry[key]?.double)
        #expect(abs(try #require(mine) - theirs) < 1e-9, "\(name): \(key)")
      }
      if let area = entry["aurc"]?.double { #expect(abs(metrics.riskCoverage.area - area) < 1e-12, name) }
    }
  }

  @Test func matthewsAgreesWithScikitLearn() {
    for entry in EvaluationFixture.cases {
      let answers = EvaluationFixture.answers(entry)
      let labels = LabelSet((0..<answers.classes).map { "\($0)" })
      let metrics = ClassificationMetrics(
        gold: answers.gold, predicted: answers.logits.map { Classifier.best($0) }, labels: labels)
      #expect(abs(metrics.matthews - entry["mcc"]!.double!) < 1e-12)
    }
    let labels = LabelSet(["a", "b"])
    #expect(ClassificationMetrics(gold: [0, 0], predicted: [0, 1], labels: labels).matthews == 0)
    // A missing answer counts against it: with all present, it would be 1.
    let partial = ClassificationMetrics(gold: [0, 1, 1], predicted: [0, 1, nil], labels: labels).matthews
    #expect(partial > 0 && partial < 1)
  }

  /// Several labels: by hand, and by plain loops over draws.
  @Test func decisionsAboutLabels() {
    let odd = ProbabilityMetrics(
      logits: [[0, 20], [0, -20]], applies: [[true, true], [true, false]], threshold: 0.5)
    #expect(odd.count == 4 && abs(odd.logLoss - 0.5 * 0.6931471805599453) < 1e-8)
    // The first label is always 0.5 sure and always applies; the second is surely right.
    #expect(abs((odd.labelError ?? 0) - 0.25) < 1e-8 && odd.error == odd.labelError)
    #expect(odd.areas == [nil, 1] && abs(odd.brier - 0.125) < 1e-8)

    var random = Random(seed: 8, stream: 0)
    let logits = (0..<200).map { _ in (0..<3).map { _ in Float(2 * random.normal()) } }
    let applies = logits.map { $0.map { random.uniform() < 1 / (1 + exp(-0.5 * Double($0))) } }
    let metrics = ProbabilityMetrics(logits: logits, applies: applies, threshold: 0.3)
    var labelErrors = 0.0
    for label in 0..<3 {
      var bins = (0..<15).map { _ in (count: 0, sum: 0.0, right: 0) }
      for (row, truth) in zip(logits, applies) {
        let p = 1 / (1 + exp(-Double(row[label])))
        let bin = (0..<15).first { p <= Double($0 + 1) / 15 }!
        bins[bin] = (bins[bin].count + 1, bins[bin].sum + p, bins[bin].right + (truth[label] ? 1 : 0))
      }
      labelErrors += bins.reduce(0) { $0 + abs($1.sum - Double($1.right)) } / 200
    }
    #expect(abs(metrics.error - labelErrors / 3) < 1e-9)
    let flat = zip(logits.joined(), applies.joined()).map { (p: 1 / (1 + exp(-Double($0))), applies: $1) }
    let risk = Double(flat.count { ($0.p >= 0.3) != $0.applies }) / 600
    #expect(abs((metrics.riskCoverage.points.last?.risk ?? 0) - risk) < 1e-12)
    #expect(ProbabilityMetrics(logits: [], applies: [], threshold: 0.5).error == 0)
  }

  @Test func binsHaveAClosedUpperEnd() {
    let reliability = Reliability([0, 0.2, 0.2001, 1], [true, false, true, true], .equalWidth(5))
    #expect(reliability.bins.map(\.count) == [2, 1, 0, 0, 1])
    #expect(abs(reliability.bins[0].confidence - 0.1) < 1e-12 && reliability.bins[0].accuracy == 0.5)
    #expect(Reliability([], [], .equalCount(3)).error == 0)
  }

  @Test func equalProbabilitiesAreAnsweredTogether() {
    let curve = RiskCoverage([0.9, 0.5, 0.5, 0.1], [true, false, true, false])
    #expect(curve.points.map(\.coverage) == [0.25, 0.75, 1])
    #expect(curve.points.map(\.risk) == [0, 1.0 / 3, 0.5])
    #expect(curve.thinned(to: 2).map(\.coverage) == [0.75, 1])
  }
}
