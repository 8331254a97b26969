import Compute

/// Root-mean-square normalisation with a frozen weight, over rows or over the heads of a row.
public struct RMSNorm: Sendable {
  /// (1, width): the width decides over which runs of values it goes.
  public let weight: Tensor
  /// Added to the mean square.
  public let epsilon: Float

  /// y like x.
  public func callAsFunction(_ x: Tensor) -> (Tensor, Pullback) {
    Ops.rmsNorm(x, weight, epsilon: epsilon)
  }

  /// The same weight under another backend.
  func borrowed(by backend: any Backend) -> RMSNorm {
    RMSNorm(weight: weight.borrowed(by: backend), epsilon: epsilon)
  }
}
