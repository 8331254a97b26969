import Compute
import Formats

extension PEFT {
  /// Readers compare it with releases that changed what files mean; this is the one that the names and keys here were
  /// checked against.
  static let version = "0.21.2"

  /// `adapter_config.json` with the classic set of keys: older PEFT rejects ones it does not know.
  ///
  /// `layers` is the number of the model's layers. Modules, ranks and alphas are those of the pairs.
  static func configuration(_ adapter: Adapter, base: String, layers: Int) -> JSON {
    let recipe = adapter.recipe
    let modules = Modules(adapter, layers: layers)
    var object = JSONObject()
    object["alpha_pattern"] = .object(modules.alphas)
    object["auto_mapping"] = nil as JSON
    object["base_model_name_or_path"] = JSON(base)
    object["bias"] = "none"
    object["fan_in_fan_out"] = false
    object["inference_mode"] = true
    object["init_lora_weights"] = true
    object["layer_replication"] = nil as JSON
    object["layers_pattern"] = nil as JSON
    object["layers_to_transform"] = modules.layers
    object["loftq_config"] = [:]
    object["lora_alpha"] = number(modules.alpha)
    object["lora_bias"] = false
    object["lora_dropout"] = .number(recipe.dropout)
    object["megatron_config"] = nil as JSON
    object["megatron_core"] = "megatron.core"
    object["modules_to_save"] = ["classifier", "score"]
    object["peft_type"] = "LORA"
    object["peft_version"] = JSON(version)
    object["r"] = .integer(modules.rank)
    object["rank_pattern"] = .object(modules.ranks)
    object["revision"] = nil as JSON
    object["target_modules"] = .array(modules.targets.map { JSON($0) })
    object["task_type"] = recipe.task.tagsWords ? "TOKEN_CLS" : "SEQ_CLS"
    object["trainable_token_indices"] = nil as JSON
    object["use_dora"] = false
    object["use_rslora"] = .bool(recipe.rsLoRA)
    return .object(object)
  }

  private static func number(_ value: Double) -> JSON { Int(exactly: value).map(JSON.integer) ?? .number(value) }

  /// Which modules an adapter has, and what is special in each, in PEFT's words.
  private struct Modules {
    /// Names of projections, or whole paths where a layer lacks some.
    let targets: [String]
    /// The layers; null for all.
    let layers: JSON
    let rank: Int
    let alpha: Double
    /// Ranks that differ from `rank`, by path.
    private(set) var ranks = JSONObject()
    /// Alphas that differ from `alpha`, by path.
    private(set) var alphas = JSONObject()

    init(_ adapter: Adapter, layers count: Int) {
      let recipe = adapter.recipe
      let addresses = adapter.pairs.keys.sorted { $0.dropoutSite < $1.dropoutSite }
      let projections = Set(addresses.map(\.projection))
      let own = Set(addresses.map(\.layer)).sorted()
      let isEven = addresses.count == own.count * projections.count
      targets =
        isEven ? Projection.allCases.filter(projections.contains).map(\.rawValue) : addresses.map(\.path)
      layers = isEven && own.count < count ? .array(own.map(JSON.integer)) : .null
      let pairs = addresses.map { adapter.pairs[$0]! }
      let allRanks = pairs.map(\.a.value.rows)
      let allAlphas = pairs.map { Self.alpha(of: $0, recipe) }
      rank = Set(allRanks).count == 1 ? allRanks[0] : recipe.rank
      alpha = Set(allAlphas).count == 1 ? allAlphas[0] : recipe.alpha
      for (index, address) in addresses.enumerated() {
        let key = JSONString(address.path)
        if allRanks[index] != rank { ranks.append(key, .integer(allRanks[index])) }
        if allAlphas[index] != alpha { alphas.append(key, PEFT.number(allAlphas[index])) }
      }
    }

    /// The alpha that gives exactly the pair's scale: the recipe's or a whole one where they do.
    private static func alpha(of pair: LoRA, _ recipe: Recipe) -> Double {
      let rank = pair.a.value.rows
      let exact = Double(pair.scale) * PEFT.divisor(rank: rank, rsLoRA: recipe.rsLoRA)
      let candidates = [recipe.alpha, exact.rounded()]
      return candidates.first { PEFT.scale(alpha: $0, rank: rank, rsLoRA: recipe.rsLoRA) == pair.scale } ?? exact
    }
  }
}
