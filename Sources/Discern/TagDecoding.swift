import Compute

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

  /// −log p of the labels of all words, in a classifier with learnt transitions: as in training, without rules.
  func chainLoss(_ example: EncodedExample, _ logits: [[Float]]) -> Double {
    let chain = TagChain(count: labels.count).adding(adapter.transitions?.value)
    var first = 0
    return runs(example, logits).reduce(0) { sum, rows in
      defer { first += rows.count }
      let path = example.labels[first..<first + rows.count].map(Int.init)
      return sum + chain.marginals(rows).logSum - chain.score(path, rows)
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
