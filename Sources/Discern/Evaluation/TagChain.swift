import Compute
import Glibc

/// The scores of neighbouring tags: those that a scheme forbids, those that a conditional random field has learnt.
struct TagChain: Sendable {
  /// How many tags there are.
  let count: Int
  /// The score of a tag after another: row of the one before, then of the start of a sentence, then to its end.
  private var scores: [Double]
  /// Whether scores are learnt, so that probabilities are those of whole sequences.
  private(set) var isLearnt = false

  /// A chain that has no preferences.
  init(count: Int) {
    self.count = count
    scores = [Double](repeating: 0, count: (count + 2) * count)
  }

  /// The same with learnt scores (count + 2, count) on top, as the adapter holds them.
  func adding(_ transitions: Tensor?, scale: Double = 1) -> TagChain {
    guard let transitions else { return self }
    var chain = self
    chain.isLearnt = true
    for (index, score) in transitions.values.enumerated() { chain.scores[index] += scale * Double(score) }
    return chain
  }

  /// The same without what the tags' scheme forbids, where the tags spell spans and the scheme can be kept.
  func legal(for labels: LabelSet) -> TagChain {
    guard let scheme = TagScheme(labels) else { return self }
    let tags = labels.names.map { Tag($0) }
    let outside = Tag(.outside, "")
    var chain = self
    for (index, tag) in tags.enumerated() {
      for (other, previous) in tags.enumerated() where scheme.forbids(tag, after: previous) {
        chain.scores[other * count + index] = -.infinity
      }
      if scheme.forbids(tag, after: outside) { chain.scores[count * count + index] = -.infinity }
      if scheme.forbids(outside, after: tag) { chain.scores[(count + 1) * count + index] = -.infinity }
    }
    return chain
  }

  private func between(_ tag: Int, _ next: Int) -> Double { scores[tag * count + next] }
  private func start(_ tag: Int) -> Double { scores[count * count + tag] }
  private func end(_ tag: Int) -> Double { scores[(count + 1) * count + tag] }

  /// The tags of the best path through the words' logits; of equals the one whose last tags come first.
  func best(_ logits: [[Float]]) -> [Int] {
    guard let first = logits.first else { return [] }
    var score = first.indices.map { start($0) + Double(first[$0]) }
    var origins: [[Int]] = []
    for row in logits.dropFirst() {
      var next = [Double](repeating: 0, count: count)
      var origin = [Int](repeating: 0, count: count)
      for tag in 0..<count {
        var best = 0
        for previous in 0..<count where score[previous] + between(previous, tag) > score[best] + between(best, tag) {
          best = previous
        }
        origin[tag] = best
        next[tag] = score[best] + between(best, tag) + Double(row[tag])
      }
      origins.append(origin)
      score = next
    }
    var tag = score.indices.reduce(0) { score[$1] + end($1) > score[$0] + end($0) ? $1 : $0 }
    var path = [tag]
    for origin in origins.reversed() {
      tag = origin[tag]
      path.append(tag)
    }
    return path.reversed()
  }

  /// For each word the probability of each tag, over all paths; and the log of their summed weight.
  func marginals(_ logits: [[Float]]) -> (probabilities: [[Double]], logSum: Double) {
    guard !logits.isEmpty else { return ([], 0) }
    let tags = 0..<count
    var alpha = [tags.map { start($0) + Double(logits[0][$0]) }]
    for row in logits.dropFirst() {
      let last = alpha.last!
      alpha.append(tags.map { tag in logSum(tags.map { last[$0] + between($0, tag) }) + Double(row[tag]) })
    }
    var beta = [tags.map { end($0) }]
    for row in logits.dropFirst().reversed() {
      let next = beta.last!
      beta.append(tags.map { tag in logSum(tags.map { between(tag, $0) + Double(row[$0]) + next[$0] }) })
    }
    let all = logSum(tags.map { alpha.last![$0] + end($0) })
    let probabilities = zip(alpha, beta.reversed()).map { forward, backward in
      tags.map { exp(forward[$0] + backward[$0] - all) }
    }
    return (probabilities, all)
  }

  /// The score of a path.
  func score(_ path: [Int], _ logits: [[Float]]) -> Double {
    guard let first = path.first, let last = path.last else { return 0 }
    let own = zip(path, logits).reduce(0) { $0 + Double($1.1[$1.0]) }
    return zip(path, path.dropFirst()).reduce(own + start(first) + end(last)) { $0 + between($1.0, $1.1) }
  }

  /// Mean and variance of the score of a path whose probability is in proportion to exp(factor · score): the first and
  /// the second derivative, by the factor, of the log of the summed weight.
  func moments(_ logits: [[Float]], factor: Double) -> (mean: Double, variance: Double) {
    guard let first = logits.first else { return (0, 0) }
    // For each tag the log-weight of the paths that end there, and their scores' mean and variance.
    var states = first.indices.map { tag in
      let score = start(tag) + Double(first[tag])
      return (weight: factor * score, mean: score, variance: 0.0)
    }
    func joined(_ step: (Int) -> Double) -> (weight: Double, mean: Double, variance: Double) {
      let total = logSum(states.indices.map { states[$0].weight + factor * step($0) })
      let shares = states.indices.map { exp(states[$0].weight + factor * step($0) - total) }
      let mean = states.indices.reduce(0) { $0 + shares[$1] * (states[$1].mean + step($1)) }
      let variance = states.indices.reduce(0) { sum, tag in
        let distance = states[tag].mean + step(tag) - mean
        return sum + shares[tag] * (states[tag].variance + distance * distance)
      }
      return (total, mean, variance)
    }
    for row in logits.dropFirst() {
      states = row.indices.map { tag in
        var state = joined { between($0, tag) }
        state.weight += factor * Double(row[tag])
        state.mean += Double(row[tag])
        return state
      }
    }
    let all = joined(end)
    return (all.mean, all.variance)
  }

  private func logSum(_ values: [Double]) -> Double {
    let largest = values.max()!
    guard largest > -.infinity else { return largest }
    return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
  }
}

extension TagScheme {
  /// The scheme that a set of tags spells, or nil where they spell no spans or not all that the scheme needs.
  fileprivate init?(_ labels: LabelSet) {
    guard labels.spellsSpans else { return nil }
    let tags = labels.names.map { Tag($0) }
    let letters = Set(labels.names.compactMap { Tag.Prefix($0) })
    if letters.contains(.last) || letters.contains(.unit) {
      self = .bilou
    } else if letters.contains(.single) || letters.isSuperset(of: [.begin, .end]) {
      self = .bioes
    } else if letters.contains(.end) {
      self = .ioe2
    } else {
      self = .iob2
    }
    // A type that nothing may begin (I- tags alone, as old files have them) is told without rules.
    let opening: Set<Tag.Position> = self == .ioe2 ? [.inside, .end] : [.begin, .single]
    let opened = tags.filter { opening.contains($0.position) }
    let canBegin = tags.allSatisfy { tag in
      tag.position == .outside || opened.contains { !$0.type.utf8Differs(from: tag.type) }
    }
    if !canBegin { return nil }
  }
}
