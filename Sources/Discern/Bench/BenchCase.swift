import Formats

/// What can be measured.
public enum BenchCase: String, CaseIterable, Sendable {
  /// Training on short texts of real lengths, LoRA on q and v.
  case trainShortQV = "train-short-qv"
  /// The same, LoRA on all seven projections.
  case trainShortAll = "train-short-all"
  /// Training on texts of one length, LoRA on q and v.
  case trainUniformQV = "train-uniform-qv"
  /// The same, LoRA on all seven projections.
  case trainUniformAll = "train-uniform-all"
  /// A step on four texts of 64 tokens, LoRA on q and v: what a large model is measured by.
  case trainFew = "train-4x64"
  /// Answers to many short texts at once.
  case inferShort = "infer-short"
  /// The answer to one short text.
  case inferOne = "infer-one"
  /// Opening a model: its file, its weights, its tokenizer.
  case load = "load"
  /// Turning texts into tokens, on one thread.
  case tokenise = "tokenise"

  /// The name for people.
  public var title: String {
    switch self {
    case .trainShortQV: "train, short texts, q,v"
    case .trainShortAll: "train, short texts, all seven"
    case .trainUniformQV: "train, 16 × 128, q,v"
    case .trainUniformAll: "train, 16 × 128, all seven"
    case .trainFew: "train, 4 × 64, q,v"
    case .inferShort: "infer, short texts"
    case .inferOne: "infer, one text of 12"
    case .load: "load"
    case .tokenise: "tokenise"
    }
  }

  /// Reads `all`, the groups `train` and `infer`, or names of cases; several are separated by commas.
  public static func list(_ text: String) throws -> [BenchCase] {
    var chosen: Set<BenchCase> = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmingSpaces) {
      let found = allCases.filter { name == "all" || $0.rawValue == name || $0.rawValue.hasPrefix(name + "-") }
      guard !found.isEmpty else {
        throw DiscernError(
          .configuration,
          "what: found \"\(name)\"; expected all, train, infer, or some of "
            + allCases.map(\.rawValue).joined(separator: ","))
      }
      chosen.formUnion(found)
    }
    return allCases.filter(chosen.contains)
  }

  /// Whether it steps through its batches with gradients.
  var trains: Bool {
    switch self {
    case .trainShortQV, .trainShortAll, .trainUniformQV, .trainUniformAll, .trainFew: true
    case .inferShort, .inferOne, .load, .tokenise: false
    }
  }

  /// The texts that it runs.
  var texts: SyntheticTexts {
    switch self {
    case .trainShortQV, .trainShortAll, .inferShort: .short
    case .trainUniformQV, .trainUniformAll: .uniform
    case .trainFew: .few
    case .inferOne: .one
    case .load, .tokenise: SyntheticTexts(lengths: [])
    }
  }

  /// Which projections carry LoRA.
  var targets: [Projection] {
    switch self {
    case .trainShortAll, .trainUniformAll: Projection.allCases
    case .trainShortQV, .trainUniformQV, .trainFew, .inferShort, .inferOne, .load, .tokenise: [.query, .value]
    }
  }

  /// The setting of the peers' measurements: rank 12, alpha 32, dropout 0.1, causal, the last token answers.
  var recipe: Recipe {
    var recipe = Recipe()
    recipe.attention = .causal
    recipe.pooling = .last
    recipe.rank = 12
    recipe.alpha = 32
    recipe.dropout = 0.1
    recipe.targets = targets
    recipe.rate = 1e-4
    return recipe
  }
}
