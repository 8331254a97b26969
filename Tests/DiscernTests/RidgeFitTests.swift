import Compute
import TestSupport
import Testing

@testable import Discern

/// Heads in closed form, against the normal equations solved anew for each group left out.
@Suite("Ridge fit") struct RidgeFitTests {
  private static let (rows, width, classes) = (60, 7, 3)
  private let backend = CPUBackend()
  private let x: [Float]
  private let labels: [Int32]
  private let groups: [[Int32]]

  init() {
    var random = Random(seed: 3, stream: 1)
    let labels = (0..<Self.rows).map { _ in Int32(random.integer(below: Self.classes)) }
    // Features of very different sizes, shifted, of which some depend on the label.
    x = (0..<Self.rows * Self.width).map { index in
      let (row, column) = (index / Self.width, index % Self.width)
      let signal = column == Int(labels[row]) ? 1.0 : 0
      return Float((random.normal() + signal + 0.5) * [1, 100, 0.01, 3, 1, 20, 1][column])
    }
    self.labels = labels
    groups = [[0], [1, 2, 5], [3, 4]] + (6..<Self.rows).map { [Int32($0)] }
  }

  private var fit: (Bool) -> RidgeFit {
    { hasBias in
      RidgeFit(
        Tensor(x, rows: Self.rows, columns: Self.width, on: backend), labels: labels, classes: Self.classes,
        hasBias: hasBias)
    }
  }

  /// Answers to all rows of a head fitted to some of them; the penalty is that of the whole data.
  private func naive(without left: Set<Int>, penalty: Double, hasBias: Bool) -> [[Double]] {
    let features = (0..<Self.rows).map { row in
      (0..<Self.width).map { Double(x[row * Self.width + $0]) } + (hasBias ? [1.0] : [])
    }
    let width = features[0].count
    let means = (0..<Self.width).map { column in
      hasBias ? features.reduce(0.0) { $0 + $1[column] } / Double(Self.rows) : 0
    }
    let constant = hasBias ? 0 : 1 / Double(Self.classes)
    var system = [[Double]](repeating: [Double](repeating: 0, count: width + Self.classes), count: width)
    for (row, own) in features.enumerated() where !left.contains(row) {
      for i in 0..<width {
        for j in 0..<width { system[i][j] += own[i] * own[j] }
        for label in 0..<Self.classes {
          system[i][width + label] += own[i] * ((Int(labels[row]) == label ? 1 : 0) - constant)
        }
      }
    }
    for column in 0..<Self.width {
      system[column][column] +=
        penalty * features.reduce(0.0) { $0 + ($1[column] - means[column]) * ($1[column] - means[column]) }
    }
    for pivot in 0..<width {
      for row in 0..<width where row != pivot {
        let factor = system[row][pivot] / system[pivot][pivot]
        for column in pivot..<width + Self.classes { system[row][column] -= factor * system[pivot][column] }
      }
    }
    return features.map { own in
      (0..<Self.classes).map { label in
        (0..<width).reduce(0.0) { $0 + own[$1] * system[$1][width + label] / system[$1][$1] }
      }
    }
  }

  @Test(arguments: [false, true]) func answersAreThoseOfTheNormalEquations(hasBias: Bool) throws {
    var inverse = SymmetricInverse(order: Self.width)
    for penalty in [0.3, 0.003] {
      let head = try #require(fit(hasBias).head(penalty: penalty, &inverse))
      let features = Tensor(x, rows: Self.rows, columns: Self.width, on: backend)
      let wanted = naive(without: [], penalty: penalty, hasBias: hasBias).flatMap { $0 }.map { Float($0) }
      #expect(largestDifference(RidgeFit.answers(head, features), wanted) < 1e-4)
    }
  }

  @Test(arguments: [false, true]) func leftOutAnswersAreThoseOfFitsWithoutTheGroup(hasBias: Bool) throws {
    var inverse = SymmetricInverse(order: Self.width)
    let head = try #require(fit(hasBias).head(penalty: 0.01, &inverse))
    let found = fit(hasBias).leaveOutAnswers(head, groups: groups)
    let plain = RidgeFit.answers(head, Tensor(x, rows: Self.rows, columns: Self.width, on: backend))
    for group in groups {
      let answers = naive(without: Set(group.map(Int.init)), penalty: 0.01, hasBias: hasBias)
      for row in group.map(Int.init) {
        let own = row * Self.classes..<(row + 1) * Self.classes
        #expect(largestDifference(Array(found[own]), answers[row].map { Float($0) }) < 1e-4, "row \(row)")
      }
    }
    #expect(largestDifference(found, plain) > 1e-3)
  }
}
