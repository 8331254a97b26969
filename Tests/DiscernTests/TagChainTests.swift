import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// Legal tags by Viterbi, and the conditional random field against every path there is.
@Suite struct TagChainTests {
  let backend = CPUBackend()
  let reference = ReferenceBackend()

  private func rows(_ values: [Float], _ classes: Int) -> [[Float]] {
    stride(from: 0, to: values.count, by: classes).map { Array(values[$0..<$0 + classes]) }
  }

  @Test func aFieldAsTorchHasIt() {
    let cases = TasksFixture.cases("chains")
    #expect(cases.count == 3)
    for entry in cases {
      let classes = entry["classes"]!.int!
      let lengths = entry["lengths"]!.ints
      let count = lengths.reduce(0, +)
      for backend in [backend as any Backend, reference] {
        let logits = Tensor(entry["logits"]!.floats, rows: count, columns: classes, on: backend)
        let value = Tensor(entry["transitions"]!.floats, rows: classes + 2, columns: classes, on: backend)
        let transitions = Parameter(name: "t", index: 0, value: value)
        let gradients = Gradients(like: [transitions], on: backend)
        gradients.clear()
        let (loss, dLogits) = Ops.chainLoss(
          logits, labels: entry["labels"]!.ints.map(Int32.init), lengths: lengths, transitions,
          weight: 1 / Float(count), gradients: gradients)
        #expect(abs(loss - entry["loss"]!.double!) < 1e-6)
        #expect(agree(dLogits.values.map(Double.init), entry["gradient"]!.doubles, tolerance: 1e-7))
        let found = gradients[transitions].values.map(Double.init)
        #expect(agree(found, entry["transitions_gradient"]!.doubles, tolerance: 1e-7))
      }
      let table = Tensor(entry["transitions"]!.floats, rows: classes + 2, columns: classes, on: backend)
      let chain = TagChain(count: classes).adding(table)
      var first = 0
      for length in lengths {
        let own = Array(rows(entry["logits"]!.floats, classes)[first..<first + length])
        #expect(chain.best(own) == Array(entry["best"]!.ints[first..<first + length]))
        for (mine, theirs) in zip(chain.marginals(own).probabilities, entry["marginals"]!.array![first...]) {
          #expect(agree(mine, theirs.doubles, tolerance: 1e-9))
        }
        first += length
      }
    }
  }

  @Test func gradientsAreThoseOfCentralDifferences() {
    let error = GradientCheck.error([(6, 3), (5, 3)], on: reference) { inputs in
      let transitions = Parameter(name: "t", index: 0, value: inputs[1])
      let gradients = Gradients(like: [transitions], on: reference)
      gradients.clear()
      let (loss, dLogits) = Ops.chainLoss(
        inputs[0], labels: [0, 2, 1, 1, -1, 2], lengths: [3, 1, 2], transitions, weight: 0.25, gradients: gradients)
      let value = Tensor(doubles: [loss], rows: 1, columns: 1, on: reference)
      return (
        value,
        { dy in
          [dLogits, gradients[transitions]].map { gradient in
            let scaled = gradient.doubles.map { $0 * dy[0, 0] }
            return Tensor(doubles: scaled, rows: gradient.rows, columns: gradient.columns, on: reference)
          }
        }
      )
    }
    #expect(error < GradientTests.tolerance)
  }

  @Test func longChainsStayFinite() {
    let logits = Tensor((0..<4000).map { $0 % 4 < 2 ? 90 : -90 }, rows: 1000, columns: 4, on: backend)
    let transitions = Parameter(name: "t", index: 0, value: .zeros(rows: 6, columns: 4, on: backend))
    let gradients = Gradients(like: [transitions], on: backend)
    gradients.clear()
    let (loss, dLogits) = Ops.chainLoss(
      logits, labels: [Int32](repeating: 3, count: 1000), lengths: [1000], transitions, weight: 1, gradients: gradients)
    #expect(loss.isFinite && loss > 1e5 && dLogits.values.allSatisfy(\.isFinite))
  }

  /// Whatever the logits, the tags are legal and no legal path is better.
  @Test(arguments: [
    ["O", "B-X", "I-X", "B-Y", "I-Y"], ["O", "B-X", "I-X", "E-X", "S-X"], ["O", "B-X", "I-X", "L-X", "U-X"],
    ["O", "I-X", "E-X"],
  ])
  func viterbiFindsTheBestLegalPath(names: [String]) {
    let scheme: TagScheme =
      names.contains("S-X") ? .bioes : names.contains("U-X") ? .bilou : names.contains("B-X") ? .iob2 : .ioe2
    let chain = TagChain(count: names.count).legal(for: LabelSet(names))
    var random = Random(seed: 3, stream: 1)
    var illegal = 0
    for _ in 0..<50 {
      let logits = (0..<4).map { _ in names.map { _ in Float(2 * random.normal()) } }
      let best = chain.best(logits)
      #expect(scheme.faults(in: best.map { Tag(names[$0]) }) == 0)
      func score(_ path: [Int]) -> Double { zip(path, logits).reduce(0) { $0 + Double($1.1[$1.0]) } }
      var paths: [[Int]] = [[]]
      for _ in logits { paths = paths.flatMap { path in names.indices.map { path + [$0] } } }
      let legal = paths.filter { path in scheme.faults(in: path.map { Tag(names[$0]) }) == 0 }
      #expect(abs(score(best) - legal.map(score).max()!) < 1e-9)
      let greedy = logits.map(Classifier.best)
      if scheme.faults(in: greedy.map { Tag(names[$0]) }) > 0 { illegal += 1 } else { #expect(best == greedy) }
    }
    #expect(illegal > 10)
  }

  @Test func tagsWithoutRulesAreFree() {
    for names in [["NN", "VB"], ["O", "I-X", "I-Y"]] {
      let chain = TagChain(count: names.count).legal(for: LabelSet(names))
      let logits: [[Float]] = [[0, 1, 0], [0, 0, 1], [1, 0, 0]].map { Array($0.prefix(names.count)) }
      #expect(chain.best(logits) == logits.map(Classifier.best))
    }
    #expect(TagChain(count: 3).best([]).isEmpty)
  }
}
