import Compute
import Glibc

extension Classifier {
  /// Predicted tags of every word; words without an answer are `O`, or empty where the tags spell no spans.
  func tags(_ example: EncodedExample, _ logits: [[Float]]) -> [String] {
    let outside = labels.spellsSpans && labels.index(of: "O") != nil ? "O" : ""
    var tags = [String](repeating: outside, count: example.wordCount)
    for (word, tag) in zip(example.words, bestTags(example, logits)) { tags[Int(word)] = labels.names[tag] }
    return tags
  }

  /// The tags of the kept words, as positions in the label set: each run of words is decided by itself.
  func bestTags(_ example: EncodedExample, _ logits: [[Float]]) -> [Int] {
    switch decoding {
    case .greedy where adapter.transitions == nil: logits.map(Classifier.best)
    case .greedy:
      tagProbabilities(example, logits).map { row in row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 } }
    case .viterbi: runs(example, logits).flatMap(chain.best)
    }
  }

  /// For each kept word the probability of each tag: its own softmax, or with learnt transitions that over all sequences.
  func tagProbabilities(_ example: EncodedExample, _ logits: [[Float]]) -> [[Double]] {
    let chain = chain
    guard chain.isLearnt else { return logits.map(softmax) }
    return runs(example, logits).flatMap { chain.marginals($0).probabilities }
  }

  /// Rows of numbers whose softmax are the probabilities of a text's classes, or of its words' tags.
  func probabilityLogits(_ example: EncodedExample, _ logits: [[Float]]) -> [[Float]] {
    guard adapter.transitions != nil else { return logits }
    // What the rules forbid has no probability; its logarithm has to be a number all the same.
    return tagProbabilities(example, logits).map { $0.map { Float(log(max($0, 1e-30))) } }
  }

  /// −log p of the labels of all words, in a classifier with learnt transitions: as in training, without rules.
  func chainLoss(_ example: EncodedExample, _ logits: [[Float]]) -> Double {
    let chain = freeChain
    return labelledRuns(example, logits).reduce(0) { sum, run in
      sum + chain.marginals(run.logits).logSum - chain.score(run.path, run.logits)
    }
  }

  /// Each run of words that follow each other, with the labels that the words have.
  func labelledRuns(_ example: EncodedExample, _ logits: [[Float]]) -> [(path: [Int], logits: [[Float]])] {
    var first = 0
    return runs(example, logits).map { rows in
      defer { first += rows.count }
      return (example.labels[first..<first + rows.count].map(Int.init), rows)
    }
  }

  /// The logits of each run of words that follow each other.
  private func runs(_ example: EncodedExample, _ logits: [[Float]]) -> [[[Float]]] {
    var first = 0
    return example.chains.map { count in
      defer { first += count }
      return Array(logits[first..<first + count])
    }
  }
}
