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
    #expect(abs(scores.scores[0].mean - 0.8) < 1e-12 && abs(scores.scores[0].deviation - 0.1) < 1e-12)
    // (1 + 2 + 4) / 3, and √(((4/3)² + (1/3)² + (5/3)²) / 2) = √(7/3)
    #expect(abs(scores.scores[1].mean - 7.0 / 3) < 1e-12)
    #expect(abs(scores.scores[1].deviation - (7.0 / 3).squareRoot()) < 1e-12)
    #expect(scores.json["accuracy"]?["values"]?.array?.count == 3)
  }
}
