/// The sizes of a published model.
struct ModelShape {
  let name: String
  let layers: Int
  let width: Int
  let hiddenWidth: Int
  let heads: Int
  let keyValueHeads: Int
  let vocabulary: Int
  let positions: Int
  let ropeTheta: Double
  /// Whether the embedding serves as the output matrix too.
  let tiesEmbeddings: Bool

  var headSize: Int { width / heads }

  static let all = [
    ModelShape(
      name: "tiny", layers: 2, width: 256, hiddenWidth: 512, heads: 4, keyValueHeads: 2, vocabulary: 512,
      positions: 512, ropeTheta: 1e4, tiesEmbeddings: true),
    ModelShape(
      name: "smollm2-135m", layers: 30, width: 576, hiddenWidth: 1536, heads: 9, keyValueHeads: 3,
      vocabulary: 49_152, positions: 8192, ropeTheta: 1e5, tiesEmbeddings: true),
    ModelShape(
      name: "smollm2-360m", layers: 32, width: 960, hiddenWidth: 2560, heads: 15, keyValueHeads: 5,
      vocabulary: 49_152, positions: 8192, ropeTheta: 1e5, tiesEmbeddings: true),
    ModelShape(
      name: "smollm2-1.7b", layers: 24, width: 2048, hiddenWidth: 8192, heads: 32, keyValueHeads: 32,
      vocabulary: 49_152, positions: 8192, ropeTheta: 130_000, tiesEmbeddings: true),
    ModelShape(
      name: "tinyllama", layers: 22, width: 2048, hiddenWidth: 5632, heads: 32, keyValueHeads: 4,
      vocabulary: 32_000, positions: 2048, ropeTheta: 1e4, tiesEmbeddings: false),
    ModelShape(
      name: "llama-3.2-1b", layers: 16, width: 2048, hiddenWidth: 8192, heads: 32, keyValueHeads: 8,
      vocabulary: 128_256, positions: 8192, ropeTheta: 5e5, tiesEmbeddings: true),
    ModelShape(
      name: "llama-2-7b", layers: 32, width: 4096, hiddenWidth: 11_008, heads: 32, keyValueHeads: 32,
      vocabulary: 32_000, positions: 4096, ropeTheta: 1e4, tiesEmbeddings: false),
    ModelShape(
      name: "llama-2-13b", layers: 40, width: 5120, hiddenWidth: 13_824, heads: 40, keyValueHeads: 40,
      vocabulary: 32_000, positions: 4096, ropeTheta: 1e4, tiesEmbeddings: false),
    ModelShape(
      name: "llama-3-8b", layers: 32, width: 4096, hiddenWidth: 14_336, heads: 32, keyValueHeads: 8,
      vocabulary: 128_256, positions: 8192, ropeTheta: 5e5, tiesEmbeddings: false),
  ]
}
