import Formats
import Testing

@testable import Discern

private func metrics(_ entry: JSON) -> ClassificationMetrics {
  let names = (0..<entry["classes"]!.int!).map { "class \($0)" }
  return ClassificationMetrics(
    gold: entry["gold"]!.ints, predicted: entry["predicted"]!.ints, labels: LabelSet(names),
    probabilities: entry["probabilities"]?.array?.map { $0.doubles.map { Float($0) } })
}

private func values(_ scores: Scores) -> [Double] { [scores.precision, scores.recall, scores.f1] }

@Suite struct ClassificationMetricsTests {
  /// With labels squared this would take 80 GB.
  @Test func manyLabelsTakeLittleMemory() {
    let labels = LabelSet((0..<100_000).map { "label \($0)" })
    let metrics = ClassificationMetrics(gold: [0, 1, 99_999, 5], predicted: [0, 2, 99_999, nil], labels: labels)
    #expect(
      metrics.accuracy == 0.5 && metrics.correct == 2 && metrics.confused(1, 2) == 1 && metrics.confused(2, 1) == 0)
    #expect(metrics.confusions().map(\.gold) == ["label 1"])
    #expect(metrics.json["confusion"]?["pairs"] == [[0, 0, 1], [1, 2, 1], [99_999, 99_999, 1]])
    #expect(metrics.json["confusion"]?["counts"] == nil)
  }

  @Test func agreesWithScikitLearn() throws {
    let cases = MetricsFixture.cases("classification")
    #expect(cases.count == 9)
    for entry in cases {
      let metrics = metrics(entry)
      let name = Comment(rawValue: entry["name"]!.string!)
      #expect(agree([metrics.accuracy], [entry["accuracy"]!.double!]), name)
      #expect(agree(values(metrics.micro), entry["micro"]!.doubles), name)
      #expect(agree(values(metrics.macro), entry["macro"]!.doubles), name)
      #expect(agree(values(metrics.weighted), entry["weighted"]!.doubles), name)
      for (mine, theirs) in zip(metrics.perClass, entry["per_class"]!.array!) {
        #expect(agree(values(mine.scores) + [Double(mine.support)], theirs.doubles), name)
      }
      #expect(metrics.confusion == entry["confusion"]!.array!.map(\.ints), name)
      if let loss = entry["log_loss"]?.double {
        #expect(agree([metrics.logLoss!], [loss], tolerance: 1e-6), name)
      } else {
        #expect(metrics.logLoss == nil, name)
      }
    }
  }

  @Test func nothingToCompare() {
    let metrics = ClassificationMetrics(gold: [], predicted: [], labels: LabelSet(["a", "b"]))
    #expect(metrics.accuracy == 0 && values(metrics.macro) == [0, 0, 0])
    #expect(metrics.confusionTable() == "gold \\ predicted\n")
  }

  @Test func plainTags() {
    let labels = LabelSet(["NN", "VB"])
    let metrics = ClassificationMetrics(
      goldTags: [["NN", "VB"], ["NN"]], predictedTags: [["NN", "NN"], ["NN"]], labels: labels)
    #expect(metrics.confusion == [[2, 0], [1, 0]])
  }

  @Test func jsonNames() throws {
    let metrics = ClassificationMetrics(
      gold: [0, 1, 1, 0], predicted: [0, 1, 0, 0], labels: LabelSet(["neg", "pos"]))
    let json = metrics.json
    #expect(json["accuracy"] == 0.75)
    #expect(json["f1_macro"]?.double == metrics.macro.f1)
    #expect(json["precision_weighted"]?.double == metrics.weighted.precision)
    #expect(json["recall_micro"] == 0.75)
    #expect(json["per_class"]?["pos"]?["recall"] == 0.5)
    #expect(json["per_class"]?["pos"]?["support"] == 2)
    #expect(json["confusion"]?["counts"] == [[2, 0], [1, 1]])
    #expect(json["log_loss"] == nil)
  }

  @Test func tables() {
    let metrics = ClassificationMetrics(
      gold: [0, 1, 1, 0], predicted: [0, 1, 0, 0], labels: LabelSet(["neg", "positive", "none"]))
    #expect(
      metrics.table == """
        class             precision  recall      F1  support
        neg                  0.6667  1.0000  0.8000        2
        positive             1.0000  0.5000  0.6667        2

        macro average        0.8333  0.7500  0.7333        4
        weighted average     0.8333  0.7500  0.7333        4
        accuracy                             0.7500        4

        """)
    #expect(
      metrics.confusionTable() == """
        gold \\ predicted  neg  positive
        neg                 2         0
        positive            1         1

        """)
    #expect(
      metrics.confusionTable(width: 20) == """
        gold      predicted  count  share of gold
        positive  neg            1          50.0%

        """)
  }

  @Test func mostConfusedPairsComeFirst() {
    let metrics = metrics(MetricsFixture.cases("classification").last!)
    let pairs = metrics.confusions()
    #expect(pairs.map(\.count) == pairs.map(\.count).sorted(by: >))
    #expect(
      pairs.reduce(0) { $0 + $1.count }
        == metrics.count - Int((metrics.accuracy * Double(metrics.count)).rounded()))
    let lines = metrics.confusionTable(pairs: 5).split(separator: "\n")
    #expect(lines.count == 7 && lines.last == "and \(pairs.count - 5) more pairs")
  }
}

@Suite struct FixedDecimalsTests {
  @Test func roundsAsC() {
    let cases = MetricsFixture.cases("decimals")
    #expect(cases.count > 150)
    for entry in cases.compactMap(\.array) {
      #expect(entry[0].double!.fixed(entry[1].int!) == entry[2].string!)
    }
  }

  @Test func controlCharactersDoNotBreakTables() {
    var table = TextTable(["a", "b"])
    table.append(["x\ny\t", "1"])
    #expect(table.text == "a     b\nx\u{FFFD}y\u{FFFD}  1\n")
  }
}
