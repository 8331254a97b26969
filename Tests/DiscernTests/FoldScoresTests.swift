import Discern
import Formats
import Testing

@Suite struct FoldScoresTests {
  @Test func meanAndDeviation() {
    var scores = FoldScores()
    for (accuracy, loss) in [(0.8, 1.0), (0.9, 2.0), (0.7, 4.0)] {
      scores.add([("accuracy", accuracy), ("loss", loss)])
    }
    #expect(scores.scores.map(\.name) == ["accuracy", "loss"])
    #expect(abs(scores.scores[0].mean - 0.8) < 1e-12 && abs((scores.scores[0].deviation ?? 0) - 0.1) < 1e-12)
    // (1 + 2 + 4) / 3, and √(((4/3)² + (1/3)² + (5/3)²) / 2) = √(7/3)
    #expect(abs(scores.scores[1].mean - 7.0 / 3) < 1e-12)
    #expect(abs((scores.scores[1].deviation ?? 0) - (7.0 / 3).squareRoot()) < 1e-12)
    #expect(scores.json["accuracy"]?["values"]?.array?.count == 3)
  }

  @Test func aFoldMayLackAMetric() {
    var scores = FoldScores()
    scores.add([("mse", 1)])
    scores.add([("mse", 2), ("r2", 0.5), ("pearson", 0.25)])
    scores.add([("mse", 6), ("r2", 0.25)])
    #expect(scores.scores.map(\.name) == ["mse", "r2", "pearson"])
    #expect(scores.scores.map(\.mean) == [3, 0.375, 0.25])
    #expect(scores.scores[1].values == [nil, 0.5, 0.25])
    // √((1/8)² + (1/8)²), and nothing of one value alone.
    #expect(abs((scores.scores[1].deviation ?? 0) - 0.03125.squareRoot()) < 1e-12)
    #expect(scores.scores[2].deviation == nil)
    let line = scores.table.split(separator: "\n").last?.split(separator: " ")
    #expect(line == ["pearson", "0.2500", "-", "-", "0.2500", "-"])
    #expect(scores.json["pearson"]?["values"]?.array?.map(\.isNull) == [true, false, true])
  }
}
