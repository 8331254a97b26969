import Glibc

/// Factors (and shifts) of logits that make their loss small.
public struct LogitScaling: Equatable, Sendable {
  /// By what each label's logit is multiplied.
  public var scales: [Double]
  /// What is added to each label's logit; none where the head has no bias.
  public var biases: [Double]?

  init(scales: [Double], biases: [Double]?) { (self.scales, self.biases) = (scales, biases) }

  /// The logits, scaled and shifted; they stay finite whatever a file says.
  func applied(_ logits: [Float]) -> [Float] {
    let most = Double(Float.greatestFiniteMagnitude)
    return logits.indices.map { label in
      Float(min(max(scales[label] * Double(logits[label]) + (biases?[label] ?? 0), -most), most))
    }
  }

  /// The range of temperatures; answers that are all right would ask for zero.
  static let temperatures = 0.05...20.0
  /// How strongly scales and shifts of single labels are held back: the inverse variance of their normal prior.
  static let prior = 16.0

  /// One factor for all labels, fitted to answers of which each is one class.
  init(temperature answers: ScoredAnswers) {
    self.init(labels: answers.classes) { Self.derivatives(answers, $0) }
  }

  /// One factor for all labels: the root of the loss's derivative, which rises with the factor (the loss is convex).
  /// `derivatives` gives the first and the second derivative of the summed loss at a factor.
  init(labels: Int, derivatives: (_ factor: Double) -> (slope: Double, curvature: Double)) {
    var low = 1 / Self.temperatures.upperBound
    var high = 1 / Self.temperatures.lowerBound
    var factor = 1.0
    for _ in 0..<100 where high - low > 1e-12 * high {
      let (slope, curvature) = derivatives(factor)
      if slope > 0 { high = factor } else { low = factor }
      let newton = factor - slope / curvature
      let next = newton > low && newton < high ? newton : (low + high) / 2
      if abs(next - factor) <= 1e-14 * factor { break }
      factor = next
    }
    self.init(scales: [Double](repeating: factor, count: labels), biases: nil)
  }

  /// First and second derivative of the loss by the factor: E[z] − z of the gold class, and the variance of z.
  private static func derivatives(_ answers: ScoredAnswers, _ factor: Double) -> (Double, Double) {
    var slope = 0.0
    var curvature = 0.0
    for (logits, gold) in zip(answers.logits, answers.gold) {
      let largest = factor * Double(logits.max()!)
      var (sum, mean, square) = (0.0, 0.0, 0.0)
      for logit in logits {
        let power = exp(factor * Double(logit) - largest)
        sum += power
        mean += power * Double(logit)
        square += power * Double(logit) * Double(logit)
      }
      mean /= sum
      slope += mean - Double(logits[gold])
      curvature += square / sum - mean * mean
    }
    return (slope, curvature)
  }

  /// A factor for each label, positive as a power of e, and shifts: the sum of losses and of the prior around the best
  /// temperature is least.
  init(vector answers: ScoredAnswers, withBiases: Bool) {
    let classes = answers.classes
    let start = log(LogitScaling(temperature: answers).scales.first ?? 1)
    let initial =
      [Double](repeating: start, count: classes) + [Double](repeating: 0, count: withBiases ? classes : 0)
    let best = minimized(from: initial) { point in
      Self.objective(answers, point, start: start)
    }
    scales = best.prefix(classes).map { exp($0) }
    biases = withBiases ? Array(best.dropFirst(classes)) : nil
  }

  /// The sum of losses and the prior at logarithms of scales, then shifts; and the gradient.
  static func objective(
    _ answers: ScoredAnswers, _ point: [Double], start: Double
  ) -> (value: Double, gradient: [Double]) {
    let classes = answers.classes
    let scales = point.prefix(classes).map { exp($0) }
    let hasBiases = point.count > classes
    var value = 0.0
    var gradient = [Double](repeating: 0, count: point.count)
    for index in point.indices {
      let distance = index < classes ? point[index] - start : point[index]
      value += prior / 2 * distance * distance
      gradient[index] = prior * distance
    }
    var scaled = [Double](repeating: 0, count: classes)
    for (logits, gold) in zip(answers.logits, answers.gold) {
      for label in 0..<classes {
        scaled[label] = scales[label] * Double(logits[label]) + (hasBiases ? point[classes + label] : 0)
      }
      let largest = scaled.max()!
      let sum = scaled.reduce(0) { $0 + exp($1 - largest) }
      value += largest + log(sum) - scaled[gold]
      for label in 0..<classes {
        let difference = exp(scaled[label] - largest) / sum - (label == gold ? 1 : 0)
        gradient[label] += difference * scales[label] * Double(logits[label])
        if hasBiases { gradient[classes + label] += difference }
      }
    }
    return (value, gradient)
  }
}
