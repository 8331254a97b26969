import Compute
import Formats
import Foundation
import TestSupport
import Testing

@testable import Discern

/// Checkpoints of random weights, read by the same readers as real ones.
@Suite struct RandomModelTests {
  private static let cases = [
    ("f32", "model"), ("f16", "model"), ("bf16", "model"), ("f32", "model.gguf"), ("f16", "model.gguf"),
    ("bf16", "model.gguf"), ("q8_0", "model.gguf"), ("q4_k", "model.gguf"),
  ]

  private func make(_ format: String, _ path: String, _ more: String...) throws -> Command.Result {
    try Command.tool("make-random-model", ["--shape", "tiny", "--format", format, path] + more)
  }

  @Test(arguments: cases) func readersTakeIt(format: String, name: String) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/\(name)"
    let made = try make(format, path)
    #expect(made.code == 0 && made.errors.isEmpty, "\(made.errors)")
    let checkpoint = try openCheckpoint(path)
    let query = try checkpoint.tensor("model.layers.1.self_attn.q_proj.weight")
    #expect("\(query.format)".lowercased() == format)
    #expect(try checkpoint.tokenizer().encode("é!").ids == [0xC3, 0xA9, 0x21])

    let base = try BaseModel(checkpoint, on: CPUBackend())
    #expect(base.unused.isEmpty)
    // Uniform in ±√(3/256): the variance is 1/256.
    let values = base.layers[1].weights[.query]!.decoded().map(Double.init)
    let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
    #expect(abs(variance * 256 - 1) < 0.02, "\(variance * 256)")

    var recipe = Recipe()
    recipe.epochs = 1
    let dataset = Dataset(
      name: "letters",
      examples: ["a", "b"].map { Example(input: .text("The letter \($0)"), label: .classLabel($0), line: 1) })
    let trainer = Trainer(base, tokenizer: try checkpoint.tokenizer(), recipe: recipe, threads: 1)
    let result = try trainer.run(train: dataset, dev: nil) { _, _, _ in }
    #expect(result.loss > 0 && result.loss < 3)
  }

  @Test func seedDecidesTheBytes() throws {
    let folder = try TemporaryFolder()
    func bytes(_ name: String, seed: Int) throws -> Data {
      let path = "\(folder.path)/\(name).gguf"
      #expect(try make("q4_k", path, "--seed", "\(seed)").code == 0)
      return try Data(contentsOf: URL(filePath: path))
    }
    let first = try bytes("a", seed: 3)
    #expect(try bytes("b", seed: 3) == first)
    #expect(try bytes("c", seed: 4) != first)
  }

  @Test func mistakesAreNamed() throws {
    let folder = try TemporaryFolder()
    let blocks = try make("q8_0", "\(folder.path)/model")
    #expect(blocks.code != 0 && blocks.errors.contains(".gguf"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/model"))
    let taken = try make("f32", folder.path)
    #expect(taken.code != 0 && taken.errors.contains("already"))
    let unknown = try Command.tool(
      "make-random-model", ["--shape", "llama-9", "--format", "f32", "\(folder.path)/x"])
    #expect(unknown.code != 0 && unknown.errors.contains("llama-2-7b"))
  }
}
