import Compute
import Formats

/// Something to be timed: pieces that are run one after the other make a repetition.
struct BenchWork {
  /// A piece of a repetition.
  struct Piece {
    let tokens: Int
    let operations: Double
    let run: () -> Void
  }

  let pieces: [Piece]

  /// Tokens of a repetition.
  var tokens: Int { pieces.reduce(0) { $0 + $1.tokens } }
  /// Floating-point operations of a repetition.
  var operations: Double { pieces.reduce(0) { $0 + $1.operations } }

  /// Steps of training over the batches of a case, as a run takes them.
  static func training(
    _ recipe: Recipe, _ texts: SyntheticTexts, _ base: BaseModel, threads: Int
  ) throws -> BenchWork {
    let trainer = try StepTrainer(recipe, base, threads: threads)
    let count = WorkCount(base.configuration)
    return BenchWork(
      pieces: texts.batches(vocabulary: base.configuration.vocabularySize).map { batch in
        let lengths = batch.map(\.tokens.count)
        return Piece(
          tokens: lengths.reduce(0, +), operations: count.operations(lengths: lengths, training: true)
        ) { trainer.step([batch]) }
      })
  }

  /// Answers to all texts in one call, by a model with an adapter over it.
  static func inference(
    _ recipe: Recipe, _ texts: SyntheticTexts, _ base: BaseModel, _ tokenizer: Tokenizer, threads: Int
  ) throws -> BenchWork {
    let adapter = try Adapter(recipe, labels: ["0", "1"], for: base.configuration, on: base.backend)
    let classifier = try Classifier(base, adapter, tokenizer: tokenizer, threads: threads)
    let examples = texts.batches(vocabulary: base.configuration.vocabularySize).flatMap { $0 }
    let lengths = examples.map(\.tokens.count)
    let operations = WorkCount(base.configuration).operations(lengths: lengths, training: false)
    return BenchWork(pieces: [
      Piece(tokens: lengths.reduce(0, +), operations: operations) {
        let logits = classifier.logits(examples)
        precondition(logits.count == examples.count)
      }
    ])
  }
}
