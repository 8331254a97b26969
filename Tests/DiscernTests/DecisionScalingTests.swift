import Compute
import Glibc
import TestSupport
import Testing

@testable import Discern

/// Factors for labels of which several may apply, and for a field over tags, against naive searches and sums.
@Suite struct DecisionScalingTests {
  private func decisions(_ count: Int, truth: [Double], seed: UInt64) -> LabelDecisions {
    var random = Random(seed: seed, stream: 0)
    let logits = (0..<count).map { _ in truth.map { _ in Float(3 * random.normal()) } }
    let applies = logits.map { row in zip(row, truth).map { random.uniform() < 1 / (1 + exp(-$1 * Double($0))) } }
    return LabelDecisions(
      applies.map { row in
        var example = EncodedExample(tokens: [1], rows: [], labels: [])
        example.targets = row.map { $0 ? 1 : 0 }
        return example
      }, logits.map { [$0] })
  }

  /// Sum of −log p, term by term.
  private func loss(_ decisions: LabelDecisions, _ scales: [Double]) -> Double {
    zip(decisions.logits, decisions.applies).reduce(0) { sum, row in
      sum
        + row.0.indices.reduce(0) { sum, label in
          let p = 1 / (1 + exp(-scales[label] * Double(row.0[label])))
          return sum - log(row.1[label] ? p : 1 - p)
        }
    }
  }

  private func leastOnAGrid(_ value: (Double) -> Double) -> Double {
    let grid = (0...4000).map { 0.05 * pow(400, Double($0) / 4000) }
    return grid.min { value($0) < value($1) }!
  }

  @Test func aTemperatureIsWhereTheSummedLossIsLeast() {
    let decisions = decisions(150, truth: [0.4, 0.4, 0.4], seed: 2)
    let scaling = LogitScaling(temperature: decisions)
    let best = leastOnAGrid { loss(decisions, [$0, $0, $0]) }
    #expect(scaling.scales.count == 3 && abs(scaling.scales[0] / best - 1) < 2e-3, "\(scaling.scales) \(best)")
    #expect(scaling.biases == nil && loss(decisions, scaling.scales) <= loss(decisions, [best, best, best]) + 1e-9)
  }

  @Test func eachLabelHasItsFactor() {
    let decisions = decisions(300, truth: [0.2, 0.5, 1.5], seed: 3)
    let scaling = LogitScaling(vector: decisions)
    let start = log(LogitScaling(temperature: decisions).scales[0])
    for label in 0..<3 {
      let best = leastOnAGrid { factor in
        var scales = scaling.scales
        scales[label] = factor
        return loss(decisions, scales) + 8 * (log(factor) - start) * (log(factor) - start)
      }
      #expect(abs(scaling.scales[label] / best - 1) < 2e-3, "label \(label)")
    }
    #expect(scaling.scales[0] < scaling.scales[1] && scaling.scales[1] < scaling.scales[2])
  }

  @Test func withoutAMistakeItStopsAtTheEndOfTheRange() {
    let decisions = LabelDecisions(
      [true, false].map { applies in
        var example = EncodedExample(tokens: [1], rows: [], labels: [])
        example.targets = [applies ? 1 : 0]
        return example
      }, [[[2]], [[-2]]])
    #expect(abs(LogitScaling(temperature: decisions).scales[0] - 20) < 1e-6)
  }

  // MARK: A field over tags

  private func chain(_ seed: UInt64) -> TagChain {
    var random = Random(seed: seed, stream: 1)
    let table = Tensor((0..<15).map { _ in Float(random.normal()) }, rows: 5, columns: 3, on: CPUBackend())
    return TagChain(count: 3).adding(table)
  }

  private func rows(_ count: Int, _ seed: UInt64) -> [[Float]] {
    var random = Random(seed: seed, stream: 2)
    return (0..<count).map { _ in (0..<3).map { _ in Float(2 * random.normal()) } }
  }

  /// Scores of all paths.
  private func scores(_ chain: TagChain, _ logits: [[Float]]) -> [Double] {
    var paths: [[Int]] = [[]]
    for _ in logits { paths = paths.flatMap { path in (0..<3).map { path + [$0] } } }
    return paths.map { chain.score($0, logits) }
  }

  @Test(arguments: [0.3, 1, 2.5]) func momentsAreThoseOfAllPaths(factor: Double) {
    let chain = chain(5)
    for length in 1...5 {
      let logits = rows(length, UInt64(length))
      let scores = scores(chain, logits)
      let weights = scores.map { exp(factor * $0) }
      let sum = weights.reduce(0, +)
      let mean = zip(weights, scores).reduce(0) { $0 + $1.0 * $1.1 } / sum
      let variance = zip(weights, scores).reduce(0) { $0 + $1.0 * ($1.1 - mean) * ($1.1 - mean) } / sum
      let found = chain.moments(logits, factor: factor)
      #expect(abs(found.mean - mean) < 1e-9 * (1 + abs(mean)))
      #expect(abs(found.variance - variance) < 1e-9 * (1 + variance))
    }
    #expect(chain.moments([], factor: 1) == (0, 0))
  }

  @Test func aFieldsTemperatureIsWhereItsSequencesAreMostProbable() {
    let chain = chain(6)
    let runs = (0..<40).map { index -> (path: [Int], logits: [[Float]]) in
      let logits = rows(1 + index % 4, UInt64(100 + index))
      var random = Random(seed: UInt64(index), stream: 3)
      let best = chain.best(logits)
      return (best.map { random.uniform() < 0.3 ? random.integer(below: 3) : $0 }, logits)
    }
    func loss(_ factor: Double) -> Double {
      runs.reduce(0) { sum, run in
        let all = scores(chain, run.logits).reduce(0) { $0 + exp(factor * $1) }
        return sum + log(all) - factor * chain.score(run.path, run.logits)
      }
    }
    let scaling = LogitScaling(temperature: runs, of: chain)
    let best = leastOnAGrid(loss)
    #expect(scaling.scales.count == 3 && abs(scaling.scales[0] / best - 1) < 2e-3, "\(scaling.scales) \(best)")
  }

  // MARK: Numbers

  /// Over many draws an interval holds the right number as often as it says, target by target.
  @Test func intervalsCoverWhatTheySay() throws {
    var random = Random(seed: 4, stream: 0)
    func draw(_ count: Int) -> (gold: [[Double]], predicted: [[Double]]) {
      let gold = (0..<count).map { _ in [random.normal(), 5 * random.normal()] }
      return (gold, gold.map { [$0[0] + random.normal(), $0[1] + 3 * random.uniform()] })
    }
    var inside = [0, 0]
    for _ in 0..<200 {
      let held = draw(19)
      let widths = ConformalIntervals(gold: held.gold, predicted: held.predicted).halfWidths(coverage: 0.8)!
      let fresh = draw(50)
      for (gold, predicted) in zip(fresh.gold, fresh.predicted) {
        for target in 0..<2 where abs(gold[target] - predicted[target]) <= widths[target] { inside[target] += 1 }
      }
    }
    for count in inside { #expect(abs(Double(count) / 10_000 - 0.8) < 0.03) }
    let few = ConformalIntervals(gold: [[0], [0], [0], [0]], predicted: [[3], [1], [-2], [4]])
    #expect(few.halfWidths(coverage: 0.8) == [4] && few.halfWidths(coverage: 0.81) == nil)
    #expect(few.halfWidths(coverage: 0.4) == [2] && few.count == 4)
  }
}
