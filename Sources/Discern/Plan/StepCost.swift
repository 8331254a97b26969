import Formats

/// Floating-point operations of a run as its recipe has it: unlike `WorkCount` without what is left out, and with what is
/// done twice.
struct StepCost {
  /// What is done with texts.
  enum Work {
    /// The frozen layers run once, and their states are kept.
    case keeping
    /// Forward and backward.
    case training
    /// Forward alone.
    case answering
  }

  private let products: Double
  private let attention: [(width: Double, isCausal: Bool)]
  private let lowest: Int
  private let again: Range<Int>
  private let keepsStates: Bool

  /// The cost for a model that is cut for the recipe.
  init(_ model: ModelConfiguration, _ recipe: Recipe) {
    products = Double(WorkCount(model).parameters) / Double(model.layers)
    attention = (0..<model.layers).map {
      (Double(model.heads * model.headSize), !recipe.attention.unmasks($0))
    }
    lowest = recipe.topLayers == 0 ? 0 : model.layers - recipe.topLayers
    keepsStates = recipe.keepsStates(below: lowest)
    // The last layer's activations are at hand when its pullback runs.
    again = lowest..<(recipe.recompute ? max(lowest, model.layers - 1) : lowest)
  }

  /// Operations of texts of these lengths.
  func operations(lengths: some Sequence<Int>, _ work: Work) -> Double {
    let known = keepsStates ? lowest : 0
    let layers = work == .keeping ? 0..<known : known..<attention.count
    return lengths.reduce(0.0) { sum, length in
      let tokens = Double(length)
      return layers.reduce(sum) { sum, layer in
        let pairs = attention[layer].isCausal ? tokens * (tokens + 1) / 2 : tokens * tokens
        let product = 2 * tokens * products
        let forward = product + 4 * pairs * attention[layer].width
        guard work == .training else { return sum + forward }
        let gradient = product + 10 * pairs * attention[layer].width
        return sum + forward + (layer >= lowest ? gradient : 0) + (again.contains(layer) ? forward : 0)
      }
    }
  }
}

/// The texts of a run, by what becomes of them, and how often.
struct RunWork {
  /// Lengths of the texts that are learnt from, of those that an evaluation answers, and of all distinct ones.
  let train: [Int], dev: [Int], distinct: [Int]
  let epochs: Int, evaluations: Int

  init(_ train: [EncodedExample], _ dev: [EncodedExample], _ recipe: Recipe) {
    self.train = train.map(\.tokens.count)
    self.dev = dev.map(\.tokens.count)
    distinct = Set((train + dev).flatMap(\.pieces).map(\.tokens)).map(\.count)
    epochs = recipe.epochs
    let batches = Batching.epoch(0, lengths: self.train, recipe: recipe).count
    let steps = recipe.epochs * ((batches + recipe.accumulation - 1) / recipe.accumulation)
    let every = recipe.evaluateEvery
    // The last step is followed by one in any case.
    evaluations = dev.isEmpty ? 0 : every == 0 ? recipe.epochs : steps / every + (steps % every == 0 ? 0 : 1)
  }

  /// Operations of everything.
  func operations(_ cost: StepCost) -> Double {
    cost.operations(lengths: distinct, .keeping) + Double(epochs) * cost.operations(lengths: train, .training)
      + Double(evaluations) * cost.operations(lengths: dev, .answering)
  }
}
