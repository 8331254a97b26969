import Formats
import Testing

@testable import Discern

/// Tests of paired answers against Scripts/reference/significance.py.
@Suite struct SignificanceTests {
  private static let json: JSON = {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let path = "/\(folder)/Fixtures/significance.json"
    guard let json = try? JSON(contentsOf: path, limit: 1 << 20) else { fatalError("cannot read \(path)") }
    return json
  }()

  private func cases(_ kind: String) -> [JSON] { Self.json[kind]?.array ?? [] }

  @Test func mcNemarIsExact() throws {
    #expect(cases("mcnemar").count == 11)
    for entry in cases("mcnemar") {
      let (first, second) = (try #require(entry["first"]?.int), try #require(entry["second"]?.int))
      let expected = try #require(entry["p"]?.double)
      let p = Significance.mcNemar(onlyFirst: first, onlySecond: second)
      #expect(abs(p - expected) <= 1e-10 * expected, "\(first), \(second)")
    }
  }

  private func counts(_ json: JSON?) -> [EntityMetrics.Counts] {
    (json?.array ?? []).map { entry in
      EntityMetrics.Counts(gold: entry.ints[0], found: entry.ints[1], correct: entry.ints[2])
    }
  }

  @Test func randomisationComesNearAllSwaps() throws {
    #expect(cases("randomisation").count == 3)
    for entry in cases("randomisation") {
      let answers = PairedAnswers(first: counts(entry["first"]), second: counts(entry["second"]))
      let comparison = answers.compare(seed: 3, resamples: 20_000, threads: 2)
      let scores = try #require(entry["scores"]).doubles
      let p = try #require(entry["p"]?.double)
      #expect(agree([comparison.first, comparison.second], scores))
      #expect(comparison.test == .randomisation)
      // Four standard errors of 20,000 rounds.
      #expect(abs(comparison.p - p) < 4 * (p * (1 - p) / 20_000).squareRoot() + 1e-4, "\(comparison.p), \(p)")
    }
  }

  private func answers(_ entry: JSON) throws -> PairedAnswers {
    let count = try #require(entry["count"]?.int)
    let both = try #require(entry["both"]?.int)
    let (a, b) = (try #require(entry["only_first"]?.int), try #require(entry["only_second"]?.int))
    func counts(_ right: (Int) -> Bool) -> [EntityMetrics.Counts] {
      (0..<count).map { EntityMetrics.Counts(gold: 1, found: 1, correct: right($0) ? 1 : 0) }
    }
    return PairedAnswers(
      first: counts { $0 < both + a }, second: counts { $0 < both || (both + a..<both + a + b).contains($0) })
  }

  @Test func bootstrapIntervalsAgreeWithNumpy() throws {
    for entry in cases("bootstrap") {
      let answers = try answers(entry)
      let comparison = answers.compare(seed: 1, resamples: 10_000, threads: 2)
      let expected = try #require(entry["interval"]).doubles
      let found = [comparison.interval.lowerBound, comparison.interval.upperBound]
      // A step of the difference, and the error of the quantile of 10,000 resamples.
      #expect(agree(found, expected, tolerance: 0.006), "\(found), \(expected)")
      #expect(comparison.test == .mcNemar)
      #expect(
        comparison.p
          == Significance.mcNemar(onlyFirst: comparison.onlyFirst, onlySecond: comparison.onlySecond))
      #expect(comparison.onlyFirst == entry["only_first"]?.int)
      #expect(comparison.onlySecond == entry["only_second"]?.int)
    }
  }

  /// The score of labels that apply or not is F1: McNemar's test of whole examples would be one of another number.
  @Test func severalLabelsAreComparedByTheirF1EvenWhereEachTextHasOne() throws {
    var answers = try answers(try #require(cases("bootstrap").first))
    #expect(answers.compare(seed: 1, resamples: 100, threads: 1).test == .mcNemar)
    for task in [Dataset.Task.multiLabel, .tokens] {
      answers.task = task
      #expect(answers.compare(seed: 1, resamples: 100, threads: 1).test == .randomisation)
    }
  }

  @Test func theSameSeedGivesTheSameNumbersOnAnyThreads() throws {
    let answers = PairedAnswers(
      first: counts(cases("randomisation")[1]["first"]), second: counts(cases("randomisation")[1]["second"]))
    let one = answers.compare(seed: 9, resamples: 500, threads: 1)
    let three = answers.compare(seed: 9, resamples: 500, threads: 3)
    #expect(one.p == three.p && one.interval == three.interval)
    let other = answers.compare(seed: 10, resamples: 500, threads: 3)
    #expect(one.interval != other.interval || one.p != other.p)
  }
}
