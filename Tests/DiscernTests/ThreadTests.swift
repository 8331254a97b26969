import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// The same bytes for any number of threads, where a batch is several chunks and a step several batches.
@Suite struct ThreadTests {
  /// A kind of training.
  struct Kind: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let change: @Sendable (inout Recipe) -> Void
  }

  private static let kinds = [
    Kind(testDescription: "accumulation") { $0.dropout = 0.1 },
    Kind(testDescription: "crf") { ($0.task, $0.head) = (.tokens, .crf) },
    Kind(testDescription: "kept states in bfloat16") { ($0.topLayers, $0.cache) = (2, .bf16) },
  ]

  /// Words in an order that an index decides; longer and shorter texts.
  private static func words(_ index: Int) -> [String] {
    let words = ["the", "boat", "sailed", "over", "deep", "water", "and", "goats", "climbed", "rocks"]
    return (0..<30 + 7 * (index % 4)).map { words[($0 * (index + 3) + index) % words.count] }
  }

  private static func dataset(_ task: Dataset.Task) -> Dataset {
    Dataset(
      name: "long",
      examples: (0..<14).map { index in
        let words = words(index)
        guard task.tagsWords else {
          return Example(
            input: .text(words.joined(separator: " ")), label: .classLabel("\(index % 3)"), line: index + 1)
        }
        let tags = words.map { ["boat", "goats"].contains($0) ? "B-THING" : "O" }
        return Example(input: .words(words), label: .tags(tags), line: index + 1)
      })
  }

  /// The parameters after two epochs of three steps, in each of which two batches of seven and fewer texts.
  private func trained(_ kind: Kind, threads: Int) throws -> [[UInt32]] {
    var recipe = Recipe()
    (recipe.rank, recipe.epochs, recipe.batchSize, recipe.accumulation) = (3, 2, 6, 2)
    kind.change(&recipe)
    let checkpoint = try openCheckpoint(Paths.fixture("stories260K"))
    let base = try BaseModel(checkpoint, on: CPUBackend())
    let trainer = Trainer(base, tokenizer: try checkpoint.tokenizer(), recipe: recipe, threads: threads)
    let data = Self.dataset(recipe.task)
    var parameters: [[UInt32]] = []
    _ = try trainer.run(train: data, dev: nil) { classifier, _, _ in
      parameters = classifier.adapter.parameters.map { $0.value.values.map(\.bitPattern) }
      let encoded = try classifier.encoder.encode(data).examples
      #expect(Batching.chunks(Array(encoded.prefix(recipe.batchSize))).count >= 4, "a batch is several chunks")
    }
    return parameters
  }

  @Test(arguments: kinds) func manyChunksGiveTheSameBytes(kind: Kind) throws {
    let expected = try trained(kind, threads: 1)
    #expect(expected.joined().contains { $0 << 1 != 0 })
    for threads in [2, 3, 8] {
      #expect(try trained(kind, threads: threads) == expected, "\(threads) threads")
    }
  }
}
