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
    "heads/run #3.json", "it's", "\"quoted\"", "*head", "a: b", "- x", "{x", "~", "a:", "# x", "back\\slash",
    "é \u{1F600}",
    "line\nbreak", "\u{2028}", "\u{85}&x", "tab\t", " edges ", "'", "''", "&a '*b' \"*c\"",
  ])
  func yamlHoldsAnyText(text: String) throws {
    var recipe = Recipe()
    recipe.warmStart = text
    recipe.classWeights = .given([("*rare", 2), (text, 0.5), ("&more", 1e-7)])
    let file = try RecipeFile(yaml: recipe.yaml, name: "recipe.yaml")
    #expect(try Recipe.resolved(file: file) == recipe)
  }

  @Test func whatIsAcceptedIsSavedInASizeThatIsRead() throws {
    var recipe = Recipe()
    // Each weight is saved longer than it is typed, one with a control character most of all.
    for label in ["x", "\u{1}"] {
      for count in stride(from: 40, through: 600, by: 40) {
        let weights = (0..<count).map { "\(label)\($0)=2" }.joined(separator: ",")
        guard (try? recipe.set("class_weights", weights)) != nil else { continue }
        #expect(try Recipe(json: recipe.json, name: "discern.json") == recipe)
      }
    }
    let many = (0..<500).map { "x\($0)=2" }.joined(separator: ",")
    #expect(many.utf8.count < 4096)
    #expect(throws: DiscernError.self) { try recipe.set("class_weights", many) }
    try recipe.set("attention", "layers:0-4095")
    #expect(try Recipe(json: recipe.json, name: "discern.json") == recipe)
  }

  @Test(arguments: [
    ("0,1,2,3", "0-3"), ("5,4", "4,5"), ("0-1,3,7-9,10", "0,1,3,7-10"), ("12", "12"),
  ])
  func layersAreNamedShortly(list: String, saved: String) throws {
    #expect(try AttentionPattern("layers:\(list)").description == "layers:\(saved)")
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
