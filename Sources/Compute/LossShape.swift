/// What bends a cross-entropy away from its plain form.
public struct LossShape: Equatable, Sendable {
  /// A factor for each class, with binary cross-entropy for its positive targets; empty: all 1.
  public var classWeights: [Float]
  /// Share of the target that is spread over all classes alike, from 0 up to 1.
  public var smoothing: Float
  /// Exponent of (1 − p), which keeps the loss to what is still wrong (focal loss); 0: none.
  public var gamma: Float

  /// Makes a shape; the plain one unless told otherwise. Smoothing and focus together are a programmer error.
  public init(classWeights: [Float] = [], smoothing: Float = 0, gamma: Float = 0) {
    precondition(smoothing == 0 || gamma == 0, "smoothing and focus exclude each other")
    self.classWeights = classWeights
    self.smoothing = smoothing
    self.gamma = gamma
  }

  /// Whether nothing is bent.
  public var isPlain: Bool { classWeights.isEmpty && smoothing == 0 && gamma == 0 }
}
