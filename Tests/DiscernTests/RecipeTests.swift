import Formats
import Testing

@testable import Discern

/// Presets, the YAML file, and settings that are refused.
@Suite struct RecipeTests {
  @Test func thePapersNumbers() throws {
    let causal = try Recipe.preset("paper", task: .sequence)
    #expect(causal.attention == .causal && causal.pooling == .last && causal.targets == [.query, .value])
    #expect(causal.rank == 12 && causal.alpha == 32 && causal.dropout == 0.1 && causal.scale == 32.0 / 12)
    #expect(causal.rate == 5e-5 && causal.epochs == 10 && causal.batchSize == 8 && causal.maxLength == 64)
    #expect(causal.warmup == 0 && causal.weightDecay == 0.01 && causal.clip == 1 && causal.seed == 42)
    #expect(causal.schedule == .linear && causal.beta1 == 0.9 && causal.beta2 == 0.999 && causal.epsilon == 1e-8)
    let unmasked = try Recipe.preset("paper", task: .sequence, attention: .unmasked(from: 0))
    #expect(unmasked.rate == 1e-4 && unmasked.epochs == 20 && unmasked.pooling == .mean)
    for attention in [AttentionPattern.causal, .unmasked(from: 0)] {
      let tokens = try Recipe.preset("paper", task: .tokens, attention: attention)
      #expect(tokens.rate == 1e-4 && tokens.epochs == 10 && tokens.headDropout == 0.1)
    }
  }

  /// METHOD, section 7: for LLaMA-2-7B the paper's pairs have 6,291,456 values.
  @Test func thePapersParameterCount() throws {
    let recipe = try Recipe.preset("paper", task: .sequence)
    let width = 4096
    #expect(recipe.targets.count * 32 * recipe.rank * (width + width) == 6_291_456)
  }

  @Test func yamlComesBack() throws {
    var recipe = try Recipe.preset("default", task: .tokens, attention: .layers([1, 2, 7]))
    recipe.targets = [.key, .gate]
    recipe.rate = 3.5e-4
    recipe.seed = .max
    let file = try RecipeFile(yaml: recipe.yaml, name: "recipe.yaml")
    #expect(try Recipe.resolved(file: file) == recipe)
    #expect(try Recipe(json: recipe.json, name: "discern.json") == recipe)
  }

  @Test(arguments: [
    ("rank", "0"), ("rank", "many"), ("alpha", "-1"), ("alpha", "nan"), ("dropout", "1"), ("targets", "q,x"),
    ("targets", ""), ("attention", "unmasked:-1"), ("attention", "layers:3-1"), ("attention", "both"),
    ("epochs", "0"), ("epsilon", "0"), ("learning_rate", "inf"), ("seed", "-1"), ("schedule", "step"),
    ("metric", "bleu"),
    ("overflow", "ignore"), ("max_length", "0"), ("bucket", "maybe"), ("no_such_setting", "1"),
  ])
  func refused(name: String, value: String) {
    var recipe = Recipe()
    #expect(throws: DiscernError.self) { try recipe.set(name, value) }
    #expect(recipe == Recipe())
  }

  @Test(arguments: ["rank: 8\nranks: 9\n", "- rank\n", "rank: {a: 1}\n", "rank: [\n", "rank: eight\n"])
  func refusedFiles(text: String) {
    #expect(throws: FormatError.self) { try Recipe.resolved(file: RecipeFile(yaml: text, name: "recipe.yaml")) }
  }
}
