/// How the frequencies of the rotary embedding are stretched beyond the lengths that a model was first trained on.
public enum RopeScaling: Equatable, Sendable {
  /// Not at all: pair `i` of a head turns by `position · theta^(−2i / headSize)`.
  case none
  /// All frequencies divided by one factor.
  case linear(factor: Double)
  /// Low frequencies divided by `factor`, high ones kept, those between blended (Llama 3.1 and later).
  ///
  /// With wavelength `w` in positions: kept where `w < originalLength / highFrequency`, divided where
  /// `w > originalLength / lowFrequency`. `highFrequency > lowFrequency > 0`.
  case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, originalLength: Int)
  /// Frequency `i` divided by the `i`-th of these positive values, `headSize / 2` of them: how GGUF files store Llama 3's.
  case divisors([Float])
}
