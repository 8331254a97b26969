import Glibc

/// Decisions about labels of which several may apply to a text: a logit for each, and whether the label applies.
struct LabelDecisions {
  let logits: [[Float]]
  let applies: [[Bool]]

  init(_ encoded: [EncodedExample], _ rows: [[[Float]]]) {
    logits = rows.map { $0[0] }
    applies = encoded.map { $0.targets.map { $0 == 1 } }
  }
}

extension LogitScaling {
  /// One factor for the logits of all labels: the sum of −log p over all decisions is least.
  init(temperature decisions: LabelDecisions) {
    self.init(labels: decisions.logits.first?.count ?? 0) { factor in
      var (slope, curvature) = (0.0, 0.0)
      for (logits, applies) in zip(decisions.logits, decisions.applies) {
        for (logit, applies) in zip(logits, applies) {
          let z = Double(logit)
          let probability = sigmoid(factor * z)
          slope += (probability - (applies ? 1 : 0)) * z
          curvature += probability * (1 - probability) * z * z
        }
      }
      return (slope, curvature)
    }
  }

  /// A factor for each label, held back to the best one for all labels by the prior of the scales.
  init(vector decisions: LabelDecisions) {
    let start = log(LogitScaling(temperature: decisions).scales.first ?? 1)
    let labels = decisions.logits.first?.count ?? 0
    self.init(
      scales: (0..<labels).map { label in
        let own = zip(decisions.logits, decisions.applies).map { (z: Double($0[label]), applies: $1[label]) }
        let best = minimized(from: [start]) { point in
          let scale = exp(point[0])
          let distance = point[0] - start
          var value = Self.prior / 2 * distance * distance
          var gradient = Self.prior * distance
          for (z, applies) in own {
            value -= logSigmoid(applies ? scale * z : -scale * z)
            gradient += (sigmoid(scale * z) - (applies ? 1 : 0)) * scale * z
          }
          return (value, [gradient])
        }
        return exp(best[0])
      }, biases: nil)
  }

  /// One factor for a field's logits and transitions: the sum of −log p over runs of words with their labels is least.
  init(temperature runs: [(path: [Int], logits: [[Float]])], of chain: TagChain) {
    let gold = runs.map { chain.score($0.path, $0.logits) }
    self.init(labels: chain.count) { factor in
      zip(runs, gold).reduce((0, 0)) { sum, run in
        let (mean, variance) = chain.moments(run.0.logits, factor: factor)
        return (sum.0 + mean - run.1, sum.1 + variance)
      }
    }
  }
}
