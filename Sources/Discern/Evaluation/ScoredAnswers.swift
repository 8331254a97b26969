import Glibc

/// Answers whose truth is known: the logits of texts, or of kept words, each with its right class.
public struct ScoredAnswers: Sendable {
  /// Logits in the order of the labels.
  public private(set) var logits: [[Float]] = []
  /// The right class of each answer.
  public private(set) var gold: [Int] = []
  /// Which example each answer belongs to.
  public private(set) var examples: [Int] = []
  /// How many examples there are, answered or not.
  public let exampleCount: Int

  /// Takes the rows of encoded examples that have one right class.
  public init(_ encoded: [EncodedExample], _ rows: [[[Float]]]) {
    exampleCount = encoded.count
    for (index, (example, rows)) in zip(encoded, rows).enumerated() {
      for (label, row) in zip(example.labels, rows) where label >= 0 {
        append(row, gold: Int(label), example: index)
      }
    }
  }

  /// Answers to as many examples.
  public init(logits: [[Float]], gold: [Int]) {
    precondition(logits.count == gold.count, "a gold class for each row of logits")
    exampleCount = gold.count
    for (index, (row, gold)) in zip(logits, gold).enumerated() { append(row, gold: gold, example: index) }
  }

  private mutating func append(_ row: [Float], gold label: Int, example: Int) {
    logits.append(row)
    gold.append(label)
    examples.append(example)
  }

  /// How many answers there are.
  public var count: Int { gold.count }
  /// How many labels there are; 0 without answers.
  public var classes: Int { logits.first?.count ?? 0 }
  /// Probabilities in the order of the labels.
  public var probabilities: [[Double]] { logits.map(softmax) }

  /// Some of the answers, in the order given.
  public func subset(_ positions: [Int]) -> ScoredAnswers {
    ScoredAnswers(logits: positions.map { logits[$0] }, gold: positions.map { gold[$0] })
  }

  /// Mean of -log p(gold class).
  public var meanLoss: Double {
    zip(logits, gold).reduce(0) { $0 - logSoftmax($1.0, at: $1.1) } / Double(max(count, 1))
  }
}
