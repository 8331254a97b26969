import Formats
import Testing

@testable import Discern

private func values(_ scores: Scores) -> [Double] { [scores.precision, scores.recall, scores.f1] }

@Suite struct TaskMetricsTests {
  @Test func setsOfLabelsAsScikitLearn() {
    let cases = TasksFixture.cases("labels")
    #expect(cases.count == 4)
    for entry in cases {
      func rows(_ name: String) -> [[Bool]] { entry[name]!.array!.map { $0.ints.map { $0 == 1 } } }
      let names = rows("gold")[0].indices.map { "label \($0)" }
      let metrics = MultiLabelMetrics(gold: rows("gold"), predicted: rows("predicted"), labels: LabelSet(names))
      let name = Comment(rawValue: entry.name)
      #expect(agree([metrics.exactMatch], [entry["accuracy"]!.double!]), name)
      #expect(agree([metrics.hammingLoss], [entry["hamming_loss"]!.double!]), name)
      for (average, scores) in [
        ("micro", metrics.micro), ("macro", metrics.macro), ("weighted", metrics.weighted),
        ("samples", metrics.samples),
      ] {
        #expect(agree(values(scores), entry[average]!.doubles), name)
      }
      for (mine, theirs) in zip(metrics.perClass, entry["per_class"]!.array!) {
        #expect(agree(values(mine.scores) + [Double(mine.support)], theirs.doubles), name)
      }
    }
  }

  @Test func numbersAsScikitLearnAndSciPy() {
    let cases = TasksFixture.cases("numbers")
    #expect(cases.count == 3)
    for entry in cases {
      let metrics = RegressionMetrics(
        gold: entry["gold"]!.doubles.map { [$0] }, predicted: entry["predicted"]!.doubles.map { [$0] },
        targets: LabelSet(["x"]))
      let mean = metrics.mean
      let found = [mean.squaredError, mean.absoluteError, mean.r2!, mean.pearson!, mean.spearman!]
      let wanted = ["mse", "mae", "r2", "pearson", "spearman"].map { entry[$0]!.double! }
      #expect(agree(found, wanted, tolerance: 1e-10), "\(entry.name)")
    }
  }

  @Test func whatIsNotDefinedIsSaid() {
    let constant = RegressionMetrics(
      gold: [[1, 2], [1, 3]], predicted: [[1, 2], [2, 3]], targets: LabelSet(["a", "b"]))
    #expect(constant.targets[0].r2 == nil && constant.targets[0].pearson == nil && constant.targets[1].r2 == 1)
    #expect(constant.mean.r2 == nil && constant.mean.squaredError == 0.25)
    #expect(constant.json["r2"] == .null && constant.table.contains("-"))
    let nothing = RegressionMetrics(gold: [], predicted: [], targets: LabelSet(["a"]))
    #expect(nothing.mean.squaredError == 0 && nothing.mean.spearman == nil)
    let none = MultiLabelMetrics(gold: [], predicted: [], labels: LabelSet(["a"]))
    #expect(none.exactMatch == 0 && none.hammingLoss == 0 && none.macro.f1 == 0)
  }
}
