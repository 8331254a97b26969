import ArgumentParser
import Formats

@main struct MakeRandomModel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make-random-model",
    abstract: "Writes a checkpoint of a known shape with random weights, to measure speed and memory.",
    discussion: """
      OUT is a GGUF file if it ends in .gguf, else a Hugging Face folder with safetensors. The tokenizer has a token \
      for each byte. The same seed gives the same bytes. Weights are scaled so that states stay finite; answers mean \
      nothing.

      Examples:
        Scripts/make-random-model --shape llama-2-7b --format q8_0 7b.gguf
        Scripts/make-random-model --shape tinyllama --format bf16 tinyllama
      """)

  @Option(help: "Sizes: \(ModelShape.all.map(\.name).joined(separator: ", ")).")
  var shape: String
  @Option(help: "How weights are stored: f32, bf16, f16; in GGUF files also q8_0, q4_k.")
  var format: String
  @Option(help: "Decides all weights.")
  var seed: UInt64 = 1
  @Argument(help: "GGUF file or folder to make.")
  var out: String

  private static let formats: [String: StoredFormat] = [
    "f32": .f32, "bf16": .bf16, "f16": .f16, "q8_0": .q8_0, "q4_k": .q4_K,
  ]

  func validate() throws {
    guard ModelShape.all.contains(where: { $0.name == shape }) else {
      let names = ModelShape.all.map(\.name).joined(separator: ", ")
      throw ValidationError("--shape: found \(shape); expected one of \(names).")
    }
    guard Self.formats[format.lowercased()] != nil else {
      throw ValidationError("--format: found \(format); expected f32, bf16, f16, q8_0 or q4_k.")
    }
  }

  func run() throws {
    let model = RandomModel(
      shape: ModelShape.all.first { $0.name == shape }!, format: Self.formats[format.lowercased()]!, seed: seed)
    try model.write(to: out)
  }
}
