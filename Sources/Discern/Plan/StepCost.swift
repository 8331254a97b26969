import Formats

/// Floating-point operations of a step as a recipe runs it: unlike `WorkCount` without what is left out, and with what is
/// done twice.
struct StepCost {
  private let products: Double
  private let attention: [(width: Double, isCausal: Bool)]
  private let backward: Range<Int>
  private let again: Range<Int>

  /// The cost for a model that is cut for the recipe.
  init(_ model: ModelConfiguration, _ recipe: Recipe) {
    products = Double(WorkCount(model).parameters) / Double(model.layers)
    attention = (0..<model.layers).map {
      (Double(model.heads * model.headSize), !recipe.attention.unmasks($0))
    }
    let lowest = recipe.topLayers == 0 ? 0 : model.layers - recipe.topLayers
    backward = lowest..<model.layers
    // The last layer's activations are at hand when its pullback runs.
    again = lowest..<(recipe.recompute ? max(lowest, model.layers - 1) : lowest)
  }

  /// Operations of texts of these lengths.
  func operations(lengths: some Sequence<Int>, training: Bool) -> Double {
    lengths.reduce(0.0) { sum, length in
      let tokens = Double(length)
      return attention.indices.reduce(sum) { sum, layer in
        let pairs = attention[layer].isCausal ? tokens * (tokens + 1) / 2 : tokens * tokens
        let product = 2 * tokens * products
        let forward = product + 4 * pairs * attention[layer].width
        guard training else { return sum + forward }
        let gradient = product + 10 * pairs * attention[layer].width
        return sum + forward + (backward.contains(layer) ? gradient : 0) + (again.contains(layer) ? forward : 0)
      }
    }
  }
}
