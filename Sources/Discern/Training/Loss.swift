import Compute
import Formats

/// What a step minimises: a value that knows what an answer weighs, and what logits cost.
///
/// The task decides the kind, the recipe the shape; class weights are those of the training data or of the recipe.
public struct Loss: Sendable {
  /// The kinds of answers.
  public enum Kind: Sendable {
    /// One class for each row.
    case classes
    /// Each label applies or does not.
    case binary
    /// Numbers.
    case squares
    /// One tag for each word, together with its neighbours.
    case chains
  }

  /// What is compared.
  public let kind: Kind
  /// Weights, smoothing, focus.
  public let shape: LossShape

  /// The loss of a recipe's task; without class weights.
  init(_ recipe: Recipe, classWeights: [Float] = []) {
    kind =
      switch recipe.task {
      case .sequence: .classes
      case .tokens: recipe.head == .crf ? .chains : .classes
      case .multiLabel: .binary
      case .regression: .squares
      }
    shape = LossShape(
      classWeights: classWeights, smoothing: Float(recipe.labelSmoothing), gamma: Float(recipe.focalGamma))
  }

  /// What the answers of an example weigh in the mean: of classes the sum of their weights, otherwise their number.
  func mass(of example: EncodedExample) -> Double {
    switch kind {
    case .classes:
      example.labels.reduce(0) { sum, label in
        label < 0 ? sum : sum + (shape.classWeights.isEmpty ? 1 : Double(shape.classWeights[Int(label)]))
      }
    case .chains: example.labels.contains { $0 < 0 } ? 0 : Double(example.labels.count)
    case .binary, .squares: Double(example.targets.count)
    }
  }

  /// Σ weight · loss over the answers of a chunk, and the gradient of its logits; that of a chain's transitions goes to
  /// `gradients`.
  func callAsFunction(
    _ logits: Tensor, _ chunk: Chunk, weight: Float, transitions: Parameter?, gradients: Gradients?
  ) -> (loss: Double, dLogits: Tensor) {
    switch kind {
    case .classes where shape.isPlain: return Ops.crossEntropy(logits, labels: chunk.labels, weight: weight)
    case .classes: return Ops.crossEntropy(logits, labels: chunk.labels, shape, weight: weight)
    case .binary: return Ops.binaryCrossEntropy(logits, targets: chunk.targets, shape, weight: weight)
    case .chains:
      guard let transitions, let gradients else { preconditionFailure("a chain has transitions and gradients") }
      return Ops.chainLoss(
        logits, labels: chunk.labels, lengths: chunk.chains, transitions, weight: weight, gradients: gradients)
    case .squares:
      let (loss, dy) = Ops.squaredError(logits, targets: chunk.targets, weight: weight)
      return (loss, dy)
    }
  }
}

extension Classifier {
  /// A runner with the recipe's loss; its class weights may be those of the examples.
  func runner(learning examples: [EncodedExample]) throws -> StepRunner {
    let recipe = adapter.recipe
    let weights = try recipe.classWeights.values(labels, examples, Loss(recipe).kind)
    return StepRunner(
      model: runner.model, adapter: adapter, threads: threads, loss: Loss(recipe, classWeights: weights))
  }
}
