import Compute
import Glibc

/// Texts of random tokens: only their lengths matter.
struct SyntheticTexts: Sendable {
  /// Lengths of each batch's texts.
  let lengths: [[Int]]

  /// 64 texts of 3 to 64 tokens in batches of 8. Lengths are drawn once from a lognormal distribution with a mean of 25
  /// tokens, as short messages have.
  static let short: SyntheticTexts = {
    var random = Random(seed: 1, stream: 0)
    return SyntheticTexts(
      lengths: (0..<8).map { _ in
        (0..<8).map { _ in
          let length = exp(log(25) - 0.18 + 0.6 * random.normal()).rounded()
          return min(64, max(3, Int(length)))
        }
      })
  }()

  /// One batch of 16 texts of 128 tokens.
  static let uniform = SyntheticTexts(lengths: [[Int](repeating: 128, count: 16)])

  /// One batch of 4 texts of 64 tokens.
  static let few = SyntheticTexts(lengths: [[Int](repeating: 64, count: 4)])

  /// One text of 12 tokens.
  static let one = SyntheticTexts(lengths: [[12]])

  /// The batches, with two labels.
  func batches(vocabulary: Int) -> [[EncodedExample]] {
    var random = Random(seed: 1, stream: 1)
    // The first ids are usually special, and transformers looks for some of them.
    let first = min(3, vocabulary - 1)
    return lengths.map { batch in
      batch.map { length in
        EncodedExample(
          tokens: (0..<length).map { _ in Int32(first + random.integer(below: vocabulary - first)) },
          rows: [Int32(length - 1)], labels: [Int32(random.integer(below: 2))])
      }
    }
  }
}
