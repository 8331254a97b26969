import Formats
import Glibc

/// What answers of linear heads to labelled examples are worth.
struct ProbeAnswers: Sendable {
  private let task: Dataset.Task
  private let labels: LabelSet
  private let examples: Examples
  private let encoded: [EncodedExample]
  /// The right answer of each row.
  let gold: [Int32]
  /// Rows that are left out together: those of one text, wherever it stands again.
  let groups: [[Int32]]
  /// Which example each row belongs to.
  let owners: [Int]

  init(_ examples: Examples, _ encoded: [EncodedExample], task: Dataset.Task, labels: LabelSet) {
    (self.task, self.labels, self.examples, self.encoded) = (task, labels, examples, encoded)
    gold = encoded.flatMap(\.labels)
    var owners: [Int] = []
    var groups: [[Int32]] = []
    var known: [[Int32]: Int] = [:]
    for (index, example) in encoded.enumerated() {
      let first = owners.count
      owners += example.labels.map { _ in index }
      let rows = (first..<owners.count).map(Int32.init)
      if let group = known[example.tokens] {
        groups[group] += rows
      } else {
        known[example.tokens] = groups.count
        groups.append(rows)
      }
    }
    self.owners = owners
    self.groups = groups.filter { !$0.isEmpty }
  }

  /// Whether answers are scored by spans.
  private var isSpans: Bool { task == .tokens && labels.spellsSpans }

  /// The metric's name.
  var metric: String { isSpans ? "strict F1" : "accuracy" }

  /// The metric of answers (rows, labels).
  func score(_ answers: [Float]) -> Double {
    let best = best(answers)
    guard isSpans else {
      return Double(zip(best, gold).count { $0 == Int($1) }) / Double(max(gold.count, 1))
    }
    return EntityMetrics(strict: examples.map(\.tags), tags(best)).micro.f1
  }

  /// The label with the largest answer in each row, the first of equals.
  func best(_ answers: [Float]) -> [Int] {
    let classes = labels.count
    return gold.indices.map { row in
      (1..<classes).reduce(0) { answers[row * classes + $1] > answers[row * classes + $0] ? $1 : $0 }
    }
  }

  /// Tags of every word from the label of each row; words behind the cut are `O`.
  func tags(_ best: [Int]) -> [[String]] {
    var row = 0
    return encoded.map { example in
      var tags = [String](repeating: "O", count: example.wordCount)
      for word in example.words {
        tags[Int(word)] = labels.names[best[row]]
        row += 1
      }
      return tags
    }
  }

  /// How far a score may be off by chance: one standard error of a share of so many answers.
  func standardError(_ score: Double) -> Double {
    let count = isSpans ? examples.reduce(0) { $0 + Span.strict($1.tags).count } : gold.count
    return (score * (1 - score) / Double(max(count, 1))).squareRoot()
  }

  /// The factor on answers that makes their softmax fit the labels best (least mean negative log-likelihood), found by
  /// golden section between 1 and 1000.
  func scale(_ answers: [Float]) -> Double {
    func loss(_ logarithm: Double) -> Double { summedLoss(answers, scale: exp(logarithm)) }
    let ratio = (5.0.squareRoot() - 1) / 2
    var low = 0.0
    var high = log(1000.0)
    var left = high - ratio * (high - low)
    var right = low + ratio * (high - low)
    var (leftLoss, rightLoss) = (loss(left), loss(right))
    for _ in 0..<20 {
      if leftLoss < rightLoss {
        (high, right, rightLoss) = (right, left, leftLoss)
        left = high - ratio * (high - low)
        leftLoss = loss(left)
      } else {
        (low, left, leftLoss) = (left, right, rightLoss)
        right = low + ratio * (high - low)
        rightLoss = loss(right)
      }
    }
    return exp((low + high) / 2)
  }

  /// Mean of −log p(label) under the factor that fits the labels best.
  func logLoss(_ answers: [Float]) -> Double {
    summedLoss(answers, scale: scale(answers)) / Double(max(gold.count, 1))
  }

  private func summedLoss(_ answers: [Float], scale: Double) -> Double {
    gold.indices.reduce(0.0) { $0 - logProbability($1, Int(gold[$1]), answers, scale) }
  }

  private func logProbability(_ row: Int, _ label: Int, _ answers: [Float], _ scale: Double) -> Double {
    let classes = labels.count
    let own = answers[row * classes..<(row + 1) * classes]
    let largest = scale * Double(own.max()!)
    let sum = own.reduce(0.0) { $0 + exp(scale * Double($1) - largest) }
    return scale * Double(answers[row * classes + label]) - largest - log(sum)
  }

  /// Probabilities (rows, labels): the softmax of the scaled answers.
  func probabilities(_ answers: [Float], scale: Double) -> [Float] {
    let classes = labels.count
    return stride(from: 0, to: answers.count, by: classes).flatMap { first in
      softmax(answers[first..<first + classes].map { Float(scale) * $0 }).map { Float($0) }
    }
  }
}

extension Dataset.Task {
  /// Throws where an answer is not one class of several: heads fitted in closed form know no other.
  func checkHasClasses(for verb: String) throws {
    guard self == .sequence || self == .tokens else {
      throw DiscernError(
        .configuration,
        "\(verb): found the task \(rawValue); expected \(Self.sequence.rawValue) or \(Self.tokens.rawValue)")
    }
  }
}
