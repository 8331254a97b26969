/// How sure a model is of the labels given, by its answers to rows that it was not fitted to.
struct LabelConfidence {
  /// Probability of the label given.
  let own: [Float]
  /// The most probable other label, and its probability.
  let other: [Int]
  let otherProbability: [Float]
  /// Whether confident learning counts the row as an error: of the labels whose probability reaches what is usual for
  /// rows with that label, the most probable is not the one given.
  let isLikely: [Bool]

  /// Takes probabilities (rows, classes) and the labels given.
  init(_ probabilities: [Float], given: [Int32], classes: Int) {
    var sums = [Double](repeating: 0, count: classes)
    var counts = [Double](repeating: 0, count: classes)
    for (row, label) in given.enumerated() {
      sums[Int(label)] += Double(probabilities[row * classes + Int(label)])
      counts[Int(label)] += 1
    }
    let thresholds = zip(sums, counts).map { $1 > 0 ? $0 / $1 : .infinity }
    var (own, other, others, likely) = ([Float](), [Int](), [Float](), [Bool]())
    for (row, label) in given.enumerated() {
      func probability(_ index: Int) -> Float { probabilities[row * classes + index] }
      let label = Int(label)
      let best = (0..<classes).filter { $0 != label }
        .reduce(label == 0 ? 1 : 0) { probability($1) > probability($0) ? $1 : $0 }
      let sure = (0..<classes).filter { Double(probability($0)) >= thresholds[$0] }
        .max { probability($0) < probability($1) }
      own.append(probability(label))
      other.append(best)
      others.append(probability(best))
      likely.append(sure.map { $0 != label } ?? false)
    }
    (self.own, self.other, otherProbability, isLikely) = (own, other, others, likely)
  }

  /// How much more probable the label given is than the best other one: from -1, surely wrong, to 1.
  func margin(_ row: Int) -> Float { own[row] - otherProbability[row] }
}
