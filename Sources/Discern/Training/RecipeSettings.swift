import Formats

/// One setting of a recipe: its name in YAML (and, with dashes, on the command line), what it means, how it is read.
public struct RecipeSetting: Sendable {
  /// `learning_rate`.
  public let name: String
  /// One line for `--help` and for the saved file.
  public let help: String
  /// The recipe's value as text, as the file holds it.
  public let text: @Sendable (Recipe) -> String
  /// Sets the value from text; throws a `DiscernError` that says what was expected.
  public let set: @Sendable (inout Recipe, String) throws -> Void
}

extension Recipe {
  /// All settings in the order of the saved file.
  public static let settings: [RecipeSetting] = [
    choice(
      "task", \.task,
      "what is learnt: one label for a text (sequence), any number of labels (multi-label), numbers (regression), or one "
        + "tag for each word (tokens)"),
    RecipeSetting(
      name: "attention",
      help: "who sees whom: causal, unmasked, unmasked:K (from layer K on), layers:0,4,8-15",
      text: { $0.attention.description }, set: { $0.attention = try AttentionPattern($1) }),
    choice("pooling", \.pooling, "how a text's tokens become one answer"),
    integer("layers", \.layers, 0...100_000, "train and serve only the first N layers of the model; 0: all"),
    integer("rank", \.rank, 1...4096, "rank of the LoRA pairs"),
    number("alpha", \.alpha, 0...1e6, "LoRA alpha; the pairs are scaled by alpha / rank"),
    flag("rslora", \.rsLoRA, "scale by alpha / sqrt(rank) instead"),
    number("dropout", \.dropout, 0...0.95, "dropout before the LoRA pairs"),
    RecipeSetting(
      name: "targets", help: "projections with a LoRA pair: all, or some of q,k,v,o,gate,up,down",
      text: { recipe in
        recipe.targets == Projection.allCases
          ? "all" : recipe.targets.map(\.shortName).joined(separator: ",")
      }, set: { $0.targets = try Projection.list($1) }),
    integer("top_layers", \.topLayers, 0...100_000, "only the top K of the layers that run get pairs; 0: all layers"),
    choice(
      "cache", \.cache,
      "states that enter the lowest layer with pairs, kept over epochs: exact, rounded, or not at all"),
    number("head_dropout", \.headDropout, 0...0.95, "dropout before a tagging head"),
    choice("head", \.head, "a tagging head: each word by itself, or with learnt scores of neighbouring tags"),
    choice("decode", \.decode, "how tags are chosen: the best sequence that the scheme allows, or each word by itself"),
    number("threshold", \.threshold, 0...1, "multi-label: a label applies from this probability on"),
    RecipeSetting(
      name: "class_weights",
      help: "how much labels count in the loss: none, balanced, or weights by name (a=2,b=0.5; others 1)",
      text: { $0.classWeights.description }, set: { $0.classWeights = try ClassWeights($1) }),
    number("label_smoothing", \.labelSmoothing, 0...0.99, "share of the target that is spread over all labels"),
    number("focal_gamma", \.focalGamma, 0...20, "focal loss: exponent that plays down what is already right; 0: off"),
    RecipeSetting(
      name: "warm_start", help: "head to start from, as discern probe --save wrote it; none: a random one",
      text: { $0.warmStart.isEmpty ? "none" : $0.warmStart }, set: { $0.warmStart = $1 == "none" ? "" : $1 }),
    integer("epochs", \.epochs, 1...100_000, "times through the training data"),
    integer("batch_size", \.batchSize, 1...1_000_000, "texts in a batch"),
    integer("batch_tokens", \.batchTokens, 0...100_000_000, "tokens in a batch instead; 0: count texts"),
    flag("bucket", \.bucket, "fill batches with texts of similar length"),
    integer("accumulation", \.accumulation, 1...1_000_000, "batches for one step of the optimiser"),
    flag(
      "recompute", \.recompute,
      "run each layer again for its gradients instead of keeping its activations: less memory"),
    number("learning_rate", \.rate, 0...10, "highest learning rate of the LoRA pairs"),
    number("head_learning_rate", \.headRate, 0...10, "the head's; 0: the same"),
    choice("schedule", \.schedule, "how the learning rate falls after the warm-up"),
    number("warmup", \.warmup, 0...1_000_000, "share of all steps with a rising rate (below 1), or their number"),
    number("weight_decay", \.weightDecay, 0...10, "AdamW's decoupled weight decay (not on biases)"),
    number("beta1", \.beta1, 0...0.999_999, "AdamW's decay rate of the first moment"),
    number("beta2", \.beta2, 0...0.999_999_9, "AdamW's decay rate of the second moment"),
    number("epsilon", \.epsilon, 1e-30...1, "AdamW's guard of the division"),
    number("clip", \.clip, 0...1e9, "largest norm of the gradient; 0: no clipping"),
    integer("evaluate_every", \.evaluateEvery, 0...1_000_000_000, "steps between evaluations; 0: every epoch"),
    RecipeSetting(
      name: "metric",
      help: "decides which model is best: auto (accuracy, entity F1, micro F1 or mse by task), or one of "
        + Evaluation.metricNames.joined(separator: ", "),
      text: { $0.metric },
      set: { recipe, text in
        let names = ["auto"] + Evaluation.metricNames
        guard names.contains(text) else { throw fault("metric", text, "one of \(names.joined(separator: ", "))") }
        recipe.metric = text
      }),
    integer("patience", \.patience, 0...1_000_000, "evaluations without a better metric before it stops; 0: never"),
    RecipeSetting(
      name: "seed", help: "decides everything that is random", text: { String($0.seed) },
      set: { recipe, text in
        guard let seed = UInt64(text) else { throw fault("seed", text, "a whole number from 0 to \(UInt64.max)") }
        recipe.seed = seed
      }),
    integer("max_length", \.maxLength, 1...1_000_000, "longest text in tokens, special tokens included"),
    choice("overflow", \.overflow, "longer texts: cut (counted), read in windows that overlap, or an error"),
    integer("stride", \.stride, 0...1_000_000, "tokens from one window's start to the next; 0: half a window"),
    flag("prefix_space", \.prefixSpace, "a space before every word but the first when words are given"),
    integer(
      "paper_padding", \.paperPadding, 0...1_000_000,
      "reproduces the official code's fault: texts are filled to N tokens with pads that count as text; 0: off"),
    choice(
      "calibration", \.calibration,
      "makes probabilities match shares on dev; auto: a temperature (numbers: intervals), from 50 answers on"),
  ]

  /// Sets one setting by its name (dashes or underscores); throws for an unknown name, naming the nearest.
  public mutating func set(_ name: String, _ text: String) throws {
    let key = String(name.map { $0 == "-" ? "_" : $0 })
    guard let setting = Recipe.settings.first(where: { $0.name == key }) else {
      throw DiscernError(
        .configuration,
        "recipe: no setting \(quoted(name)); there are " + Recipe.settings.map(\.name).joined(separator: ", "))
    }
    guard text.utf8.count <= Recipe.valueLimit else {
      throw Recipe.fault(key, text, "a value of at most \(Recipe.valueLimit) bytes")
    }
    var changed = self
    try setting.set(&changed, text)
    // The saved form may be longer than what was typed, and has to be read again.
    guard setting.text(changed).utf8.count <= Recipe.valueLimit else {
      throw Recipe.fault(key, text, "a value that is saved in at most \(Recipe.valueLimit) bytes")
    }
    self = changed
  }

  /// The longest value of a setting, in bytes.
  static let valueLimit = 4096

  private static func fault(_ name: String, _ found: String, _ expected: String) -> DiscernError {
    DiscernError(.configuration, "\(name): found \(quoted(found)); expected \(expected)")
  }

  private static func integer(
    _ name: String, _ path: any SettingPath<Int>, _ range: ClosedRange<Int>, _ help: String
  ) -> RecipeSetting {
    RecipeSetting(
      name: name, help: help, text: { String($0[keyPath: path]) },
      set: { recipe, text in
        guard let value = Int(text), range.contains(value) else {
          throw fault(name, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        recipe[keyPath: path] = value
      })
  }

  private static func number(
    _ name: String, _ path: any SettingPath<Double>, _ range: ClosedRange<Double>,
    _ help: String
  ) -> RecipeSetting {
    RecipeSetting(
      name: name, help: help, text: { String($0[keyPath: path]) },
      set: { recipe, text in
        guard let value = Double(text), range.contains(value) else {
          throw fault(name, text, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        recipe[keyPath: path] = value
      })
  }

  private static func flag(
    _ name: String, _ path: any SettingPath<Bool>, _ help: String
  ) -> RecipeSetting {
    RecipeSetting(
      name: name, help: help, text: { $0[keyPath: path] ? "true" : "false" },
      set: { recipe, text in
        switch text {
        case "true", "yes", "on", "1": recipe[keyPath: path] = true
        case "false", "no", "off", "0": recipe[keyPath: path] = false
        default: throw fault(name, text, "true or false")
        }
      })
  }

  private static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
    _ name: String, _ path: any SettingPath<Choice>, _ help: String
  ) -> RecipeSetting {
    let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    return RecipeSetting(
      name: name, help: help + " (\(names))", text: { $0[keyPath: path].rawValue },
      set: { recipe, text in
        guard let value = Choice(rawValue: text) else { throw fault(name, text, "one of \(names)") }
        recipe[keyPath: path] = value
      })
  }
}

private typealias SettingPath<Value> = WritableKeyPath<Recipe, Value> & Sendable
