import Formats

extension ModelConfiguration {
  /// The model as a recipe runs it: its first layers alone where the recipe says so.
  ///
  /// Throws where the recipe asks for more layers than there are.
  func cut(for recipe: Recipe) throws -> ModelConfiguration {
    guard recipe.layers > 0 else { return self }
    guard recipe.layers <= layers else {
      throw DiscernError(.configuration, "layers: found \(recipe.layers); the model has \(layers) layers")
    }
    var cut = self
    cut.layers = recipe.layers
    cut.windows = Array(windows.prefix(recipe.layers))
    return cut
  }
}
