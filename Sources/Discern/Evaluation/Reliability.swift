/// How far probabilities are from shares: answers in bins by the probability of the label that was answered.
public struct Reliability: Equatable, Sendable {
  /// How answers are put into bins.
  public enum Binning: Equatable, Sendable {
    /// So many bins of equal width; bin b holds the probabilities in (b/n, (b+1)/n].
    case equalWidth(Int)
    /// So many bins of equal counts, as far as the number divides; the first ones have one more.
    case equalCount(Int)
  }

  /// Answers of similar probability.
  public struct Bin: Equatable, Sendable {
    /// How many answers.
    public var count = 0
    /// Their mean probability.
    public var confidence = 0.0
    /// The share of them that is right.
    public var accuracy = 0.0
  }

  /// The bins from the lowest probabilities to the highest, the empty ones too.
  public let bins: [Bin]

  /// Puts answers into bins: the probability of each, and whether it is right.
  public init(_ confidences: [Double], _ isRight: [Bool], _ binning: Binning) {
    precondition(confidences.count == isRight.count, "a verdict for each probability")
    switch binning {
    case .equalWidth(let count):
      var members = [[Int]](repeating: [], count: count)
      for (index, confidence) in confidences.enumerated() {
        let bin = Int((confidence * Double(count)).rounded(.up)) - 1
        members[min(max(bin, 0), count - 1)].append(index)
      }
      bins = members.map { Self.bin($0, confidences, isRight) }
    case .equalCount(let count):
      let order = confidences.indices.sorted { (confidences[$0], $0) < (confidences[$1], $1) }
      var start = 0
      bins = (0..<count).map { bin in
        let size = order.count / count + (bin < order.count % count ? 1 : 0)
        defer { start += size }
        return Self.bin(Array(order[start..<start + size]), confidences, isRight)
      }
    }
  }

  /// The expected calibration error: the mean of |accuracy − confidence| over the bins, weighted by their counts.
  public var error: Double {
    let count = bins.reduce(0) { $0 + $1.count }
    if count == 0 { return 0 }
    return bins.reduce(0) { $0 + Double($1.count) * abs($1.accuracy - $1.confidence) } / Double(count)
  }

  private static func bin(_ members: [Int], _ confidences: [Double], _ isRight: [Bool]) -> Bin {
    if members.isEmpty { return Bin() }
    let count = Double(members.count)
    return Bin(
      count: members.count, confidence: members.reduce(0) { $0 + confidences[$1] } / count,
      accuracy: Double(members.count { isRight[$0] }) / count)
  }
}
