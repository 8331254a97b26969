import Formats

/// What happens to a text longer than `maxLength` tokens.
public enum Overflow: String, Sendable, CaseIterable, Codable {
  /// It is cut, counted and reported.
  case truncate
  /// It is read in windows that overlap; no word is lost.
  case window
  /// Training or evaluation stops and names it.
  case error
}

/// How the learning rate moves after the warm-up.
public enum ScheduleKind: String, Sendable, CaseIterable, Codable {
  case linear, cosine, constant
}

/// Everything that decides a training run, apart from the model and the data.
///
/// Each setting is described once, in `Recipe.settings`: from there come the YAML file, the command line and the docs.
public struct Recipe: Equatable, Sendable {
  public var task = Dataset.Task.sequence
  public var attention = AttentionPattern.causal
  public var pooling = Pooling.last
  public var layers = 0

  public var rank = 16
  public var alpha: Double = 32
  public var rsLoRA = false
  public var dropout: Double = 0.05
  public var targets: [Projection] = Projection.allCases
  public var topLayers = 0
  public var cache = StateCache.f32
  public var headDropout: Double = 0.1
  public var head = HeadKind.linear
  public var decode = Decoding.viterbi
  public var threshold: Double = 0.5
  public var classWeights = ClassWeights.none
  public var labelSmoothing: Double = 0
  public var focalGamma: Double = 0
  public var warmStart = ""

  public var epochs = 4
  public var batchSize = 16
  public var batchTokens = 0
  public var bucket = false
  public var accumulation = 1
  public var recompute = false
  public var rate: Double = 1e-3
  public var headRate: Double = 0
  public var schedule = ScheduleKind.linear
  public var warmup: Double = 0.06
  public var weightDecay: Double = 0.01
  public var beta1: Double = 0.9
  public var beta2: Double = 0.999
  public var epsilon: Double = 1e-8
  public var clip: Double = 1
  public var evaluateEvery = 0
  public var metric = "auto"
  public var patience = 0
  public var seed: UInt64 = 42

  public var maxLength = 512
  public var overflow = Overflow.truncate
  public var stride = 0
  public var prefixSpace = true
  public var paperPadding = 0

  public var calibration = CalibrationChoice.auto

  /// The settings before any preset; `preset` makes those that people start from.
  public init() {}
}

/// The seven projections of a decoder layer that can carry a low-rank pair.
public enum Projection: String, Sendable, CaseIterable, Codable {
  case query = "q_proj"
  case key = "k_proj"
  case value = "v_proj"
  case output = "o_proj"
  case gate = "gate_proj"
  case up = "up_proj"
  case down = "down_proj"

  /// The block of the layer that holds it.
  var block: String {
    switch self {
    case .query, .key, .value, .output: "self_attn"
    case .gate, .up, .down: "mlp"
    }
  }

  /// The short name of the command line: `q` for `q_proj`.
  public var shortName: String { String(rawValue.dropLast("_proj".count)) }

  /// Reads `q,v`, `q_proj,v_proj` or `all`.
  public static func list(_ text: String) throws -> [Projection] {
    if text == "all" { return allCases }
    let names = text.split(separator: ",").map { $0.trimmingSpaces }
    let chosen = try Set(
      names.map { name in
        guard let match = allCases.first(where: { $0.rawValue == name || $0.shortName == name })
        else {
          throw DiscernError(
            .configuration,
            "targets: found \(quoted(name)); expected all, or some of "
              + allCases.map(\.shortName).joined(separator: ","))
        }
        return match
      })
    guard !chosen.isEmpty else {
      throw DiscernError(.configuration, "targets: none named; expected all, or some of q,k,v,o,gate,up,down")
    }
    return allCases.filter(chosen.contains)
  }
}

extension Recipe {
  /// A named set of settings for a task: `default` (ours) or `paper` (METHOD, "Recipe").
  ///
  /// Without an attention pattern, `default` unmasks every layer, which did better on both tasks, and `paper` is causal.
  public static func preset(
    _ name: String, task: Dataset.Task, attention: AttentionPattern? = nil
  ) throws -> Recipe {
    var recipe = Recipe()
    recipe.task = task
    recipe.attention = attention ?? (name == "paper" ? .causal : .unmasked(from: 0))
    let unmasked = recipe.attention != .causal
    recipe.pooling = unmasked ? .mean : .last
    switch name {
    case "default":
      recipe.epochs = task.tagsWords ? 8 : 4
    case "paper":
      recipe.rank = 12
      recipe.alpha = 32
      recipe.dropout = 0.1
      recipe.targets = [.query, .value]
      recipe.batchSize = 8
      recipe.maxLength = 64
      recipe.warmup = 0
      recipe.rate = !task.tagsWords && !unmasked ? 5e-5 : 1e-4
      recipe.epochs = !task.tagsWords && unmasked ? 20 : 10
    default:
      throw DiscernError(.configuration, "preset: found \(quoted(name)); expected default or paper")
    }
    return recipe
  }

  /// Low-rank scale: alpha / rank, or alpha / √rank for rsLoRA.
  public var scale: Double { alpha / (rsLoRA ? Double(rank).squareRoot() : Double(rank)) }
}

extension StringProtocol {
  var trimmingSpaces: String {
    let kept = self.drop { $0 == " " || $0 == "\t" }
    return String(kept.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
