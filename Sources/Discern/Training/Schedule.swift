import Glibc

/// The learning rate at each step: a linear warm-up, then what the kind says down to zero.
public struct Schedule: Sendable {
  let kind: ScheduleKind
  let peak: Double
  let warmup: Int
  let total: Int

  /// `warmup` below 1 is a share of all steps, else their number.
  public init(_ kind: ScheduleKind, peak: Double, warmup: Double, total: Int) {
    self.kind = kind
    self.peak = peak
    self.warmup = warmup < 1 ? Int((warmup * Double(total)).rounded(.up)) : Int(warmup)
    self.total = total
  }

  /// The rate of a step that counts from 0, as transformers' LambdaLR computes it.
  public func rate(step: Int) -> Double { peak * factor(step: step) }

  private func factor(step: Int) -> Double {
    if step < warmup { return Double(step) / Double(max(1, warmup)) }
    let progress = Double(step - warmup) / Double(max(1, total - warmup))
    switch kind {
    case .constant: return 1
    case .linear: return max(0, 1 - progress)
    case .cosine: return max(0, 0.5 * (1 + cos(Double.pi * min(1, progress))))
    }
  }
}

extension Recipe {
  /// Steps that so many batches of an epoch make.
  func steps(of batches: Int) -> Int { (batches + accumulation - 1) / accumulation }
}
