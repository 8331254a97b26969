import Formats
import Testing

@testable import Discern

@Suite struct BootstrapTests {
  @Test func intervalsAgreeWithAnotherGeneratorOfTheSameNumbers() throws {
    for entry in try #require(EvaluationFixture.json["bootstrap"]?.array) {
      let answers = EvaluationFixture.answers(EvaluationFixture.named(entry["case"]!.string!))
      let pairs = zip(answers.gold, answers.logits).map {
        [ExampleOutcomes.ClassPair(gold: $0, predicted: Classifier.best($1))]
      }
      let labels = LabelSet((0..<answers.classes).map { "\($0)" })
      let outcomes = ExampleOutcomes(classes: pairs, labels: labels)
      var bootstrap = Bootstrap()
      bootstrap.resamples = entry["resamples"]!.int!
      bootstrap.seed = UInt64(entry["seed"]!.int!)
      let values = bootstrap.values(count: outcomes.count) { outcomes.scores(of: $0) }
      let threaded = bootstrap.values(count: outcomes.count, threads: 3) { outcomes.scores(of: $0) }
      #expect(values == threaded)
      for index in 0..<3 {
        let interval = try #require(Bootstrap.interval(values.map { $0[index] }))
        #expect(abs(interval.lowerBound - entry["low"]!.doubles[index]) < 1e-12)
        #expect(abs(interval.upperBound - entry["high"]!.doubles[index]) < 1e-12)
      }
    }
  }

  @Test func nothingToDraw() {
    #expect(Bootstrap().values(count: 0) { _ in [1] }.isEmpty)
    #expect(Bootstrap.interval([]) == nil)
    #expect(Bootstrap.interval([3]) == 3...3)
  }

  @Test func examplesAreScoredAsTheWholeIs() {
    let gold = [["B-A", "I-A", "O"], ["O", "B-B"], ["B-A"]]
    let predicted = [["B-A", "O", "O"], ["O", "B-B"], ["B-B"]]
    let metrics = TagMetrics(gold: gold, predicted: predicted)
    let outcomes = ExampleOutcomes(gold: gold, predicted: predicted)
    let micro = metrics.strict.micro
    #expect(outcomes.scores(of: [0, 1, 2]) == [micro.f1, micro.precision, micro.recall, metrics.accuracy])
    #expect(outcomes.scores(of: [1, 1]) == [1, 1, 1, 1])
  }
}
