import ArgumentParser
import Discern

/// One option for each setting of a recipe but task and attention, which `train` has itself.
struct RecipeOptions: ParsableArguments {
  @Option(help: Self.help("pooling", "name"))
  var pooling: String?
  @Option(help: Self.help("layers", "n"))
  var layers: String?
  @Option(help: Self.help("rank", "n"))
  var rank: String?
  @Option(help: Self.help("alpha", "x"))
  var alpha: String?
  @Flag(inversion: .prefixedNo, help: Self.help("rslora"))
  var rslora: Bool?
  @Option(help: Self.help("dropout", "p"))
  var dropout: String?
  @Option(help: Self.help("targets", "list"))
  var targets: String?
  @Option(help: Self.help("top_layers", "k"))
  var topLayers: String?
  @Option(help: Self.help("cache", "what"))
  var cache: String?
  @Option(help: Self.help("head_dropout", "p"))
  var headDropout: String?
  @Option(help: Self.help("head", "name"))
  var head: String?
  @Option(help: Self.help("decode", "name"))
  var decode: String?
  @Option(help: Self.help("threshold", "p"))
  var threshold: String?
  @Option(help: Self.help("class_weights", "what"))
  var classWeights: String?
  @Option(help: Self.help("label_smoothing", "x"))
  var labelSmoothing: String?
  @Option(help: Self.help("focal_gamma", "x"))
  var focalGamma: String?
  @Option(help: Self.help("warm_start", "file"))
  var warmStart: String?
  @Option(help: Self.help("epochs", "n"))
  var epochs: String?
  @Option(help: Self.help("batch_size", "n"))
  var batchSize: String?
  @Option(help: Self.help("batch_tokens", "n"))
  var batchTokens: String?
  @Flag(inversion: .prefixedNo, help: Self.help("bucket"))
  var bucket: Bool?
  @Option(help: Self.help("accumulation", "n"))
  var accumulation: String?
  @Flag(inversion: .prefixedNo, help: Self.help("recompute"))
  var recompute: Bool?
  @Option(help: Self.help("learning_rate", "x"))
  var learningRate: String?
  @Option(help: Self.help("head_learning_rate", "x"))
  var headLearningRate: String?
  @Option(help: Self.help("schedule", "name"))
  var schedule: String?
  @Option(help: Self.help("warmup", "x"))
  var warmup: String?
  @Option(help: Self.help("weight_decay", "x"))
  var weightDecay: String?
  @Option(help: Self.help("beta1", "x"))
  var beta1: String?
  @Option(help: Self.help("beta2", "x"))
  var beta2: String?
  @Option(help: Self.help("epsilon", "x"))
  var epsilon: String?
  @Option(help: Self.help("clip", "x"))
  var clip: String?
  @Option(help: Self.help("evaluate_every", "n"))
  var evaluateEvery: String?
  @Option(help: Self.help("metric", "name"))
  var metric: String?
  @Option(help: Self.help("patience", "n"))
  var patience: String?
  @Option(help: Self.help("seed", "n"))
  var seed: String?
  @Option(help: Self.help("max_length", "n"))
  var maxLength: String?
  @Option(help: Self.help("overflow", "what"))
  var overflow: String?
  @Option(help: Self.help("stride", "n"))
  var stride: String?
  @Flag(inversion: .prefixedNo, help: Self.help("prefix_space"))
  var prefixSpace: Bool?
  @Option(help: Self.help("paper_padding", "n"))
  var paperPadding: String?
  @Option(help: Self.help("calibration", "name"))
  var calibration: String?

  /// The settings that were given, under their names in recipes.
  var chosen: [(name: String, value: String)] {
    let all: [(String, String?)] = [
      ("pooling", pooling),
      ("layers", layers),
      ("rank", rank),
      ("alpha", alpha),
      ("rslora", rslora.map(String.init)),
      ("dropout", dropout),
      ("targets", targets),
      ("top_layers", topLayers),
      ("cache", cache),
      ("head_dropout", headDropout),
      ("head", head),
      ("decode", decode),
      ("threshold", threshold),
      ("class_weights", classWeights),
      ("label_smoothing", labelSmoothing),
      ("focal_gamma", focalGamma),
      ("warm_start", warmStart),
      ("epochs", epochs),
      ("batch_size", batchSize),
      ("batch_tokens", batchTokens),
      ("bucket", bucket.map(String.init)),
      ("accumulation", accumulation),
      ("recompute", recompute.map(String.init)),
      ("learning_rate", learningRate),
      ("head_learning_rate", headLearningRate),
      ("schedule", schedule),
      ("warmup", warmup),
      ("weight_decay", weightDecay),
      ("beta1", beta1),
      ("beta2", beta2),
      ("epsilon", epsilon),
      ("clip", clip),
      ("evaluate_every", evaluateEvery),
      ("metric", metric),
      ("patience", patience),
      ("seed", seed),
      ("max_length", maxLength),
      ("overflow", overflow),
      ("stride", stride),
      ("prefix_space", prefixSpace.map(String.init)),
      ("paper_padding", paperPadding),
      ("calibration", calibration),
    ]
    return all.compactMap { name, value in value.map { (name, $0) } }
  }

  /// The help of a setting, from the recipe's table, with its default for classifiers and, where it differs, for taggers.
  static func help(_ name: String, _ valueName: String? = nil) -> ArgumentHelp {
    guard let setting = Recipe.settings.first(where: { $0.name == name }) else {
      preconditionFailure("no setting \(name)")
    }
    func initial(_ task: Dataset.Task) -> String {
      (try? Recipe.preset("default", task: task)).map { setting.text($0).trimmed } ?? ""
    }
    let own = initial(.sequence)
    let taggers = initial(.tokens)
    let isSame = name == "task" || own == taggers
    return ArgumentHelp(
      "\(setting.help.prefix(1).uppercased())\(setting.help.dropFirst()). "
        + "(default: \(own)\(isSame ? "" : "; taggers: \(taggers)"))", valueName: valueName)
  }
}

extension String {
  /// A number without a fraction that is zero.
  fileprivate var trimmed: String { hasSuffix(".0") ? String(dropLast(2)) : self }
}
