import CKernels

/// The instructions that the kernels use: the best that processor and system offer, or what `DISCERN_ISA` asks for.
public enum InstructionSet: String, Sendable {
  case generic, avx2, avx512

  /// The set in use.
  public static var current: InstructionSet {
    switch dk_isa() {
    case DK_ISA_AVX512: .avx512
    case DK_ISA_AVX2: .avx2
    default: .generic
    }
  }
}
