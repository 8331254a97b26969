import Compute
import Formats

/// PEFT's adapter folder: names of tensors, `adapter_config.json`, and what of it we cannot honour.
///
/// Source: peft 0.21, `docs/source/developer_guides/checkpoint.md` and its save files.
enum PEFT {
  static let configurationFile = "adapter_config.json"
  static let weightsFile = "adapter_model.safetensors"
  static let prefix = "base_model.model."
  static let headWeight = prefix + "score.weight"
  static let headBias = prefix + "score.bias"

  static func a(_ path: String) -> String { prefix + path + ".lora_A.weight" }
  static func b(_ path: String) -> String { prefix + path + ".lora_B.weight" }

  /// The name on disk for any of the spellings that PEFT and its users have: adapter names, `modules_to_save`,
  /// `classifier` for `score`, a backbone without its outer `model.`.
  static func canonical(_ name: String) -> String {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    for marker in ["modules_to_save", "original_module"] {
      if let at = parts.firstIndex(of: marker), at + 1 < parts.count { parts.removeSubrange(at...(at + 1)) }
    }
    if let at = parts.firstIndex(where: { $0 == "lora_A" || $0 == "lora_B" }), parts.count == at + 3 {
      parts.remove(at: at + 1)
    }
    if parts.starts(with: ["base_model", "model"]) { parts.removeFirst(2) }
    if parts.first == "layers" { parts.insert("model", at: 0) }
    if parts.first == "classifier" { parts[0] = "score" }
    return prefix + parts.joined(separator: ".")
  }

  /// `adapter_config.json` with the classic set of keys: older PEFT rejects ones it does not know.
  static func configuration(_ adapter: Adapter, base: String) -> JSON {
    let recipe = adapter.recipe
    var object = JSONObject()
    object["alpha_pattern"] = [:]
    object["auto_mapping"] = nil as JSON
    object["base_model_name_or_path"] = JSON(base)
    object["bias"] = "none"
    object["fan_in_fan_out"] = false
    object["inference_mode"] = true
    object["init_lora_weights"] = true
    object["layer_replication"] = nil as JSON
    object["layers_pattern"] = nil as JSON
    let layers = Set(adapter.pairs.keys.map(\.layer)).sorted()
    object["layers_to_transform"] =
      recipe.topLayers == 0 ? .null : .array(layers.map { .integer($0) })
    object["loftq_config"] = [:]
    object["lora_alpha"] =
      recipe.alpha == recipe.alpha.rounded() ? .integer(Int(recipe.alpha)) : .number(recipe.alpha)
    object["lora_bias"] = false
    object["lora_dropout"] = .number(recipe.dropout)
    object["megatron_config"] = nil as JSON
    object["megatron_core"] = "megatron.core"
    object["modules_to_save"] = ["classifier", "score"]
    object["peft_type"] = "LORA"
    object["r"] = .integer(recipe.rank)
    object["rank_pattern"] = [:]
    object["revision"] = nil as JSON
    object["target_modules"] = .array(recipe.targets.map { JSON($0.rawValue) })
    object["task_type"] = adapter.recipe.task == .tokens ? "TOKEN_CLS" : "SEQ_CLS"
    object["trainable_token_indices"] = nil as JSON
    object["use_dora"] = false
    object["use_rslora"] = .bool(recipe.rsLoRA)
    return .object(object)
  }

  /// What an `adapter_config.json` says, after refusing by name what would change the result and is not supported.
  struct Configuration {
    var recipe: Recipe
    var base: String
    let alphaPattern: [(key: String, alpha: Double)]

    init(_ json: JSON, file: String) throws {
      guard json["peft_type"]?.string == "LORA" else {
        throw FormatError(
          file, found: "peft_type \(json["peft_type"]?.serialized() ?? "missing")", expected: "\"LORA\"")
      }
      for key in ["use_dora", "lora_bias", "fan_in_fan_out", "use_qalora", "use_bdlora"]
      where json[key]?.bool == true {
        throw FormatError(file, found: "\(key): true", expected: "a plain LoRA adapter")
      }
      if let bias = json["bias"]?.string, bias != "none" {
        throw FormatError(file, found: "bias: \"\(bias)\"", expected: "\"none\"")
      }
      for key in ["layer_replication", "target_parameters"] {
        guard let value = json[key], !value.isNull, value.array?.isEmpty != true else { continue }
        throw FormatError(file, found: key, expected: "null")
      }
      guard let rank = json["r"]?.int, (1...4096).contains(rank), let alpha = json["lora_alpha"]?.double
      else { throw FormatError(file, found: "no usable r and lora_alpha", expected: "both as numbers") }
      recipe = Recipe()
      recipe.rank = rank
      recipe.alpha = alpha
      recipe.rsLoRA = json["use_rslora"]?.bool ?? false
      recipe.dropout = json["lora_dropout"]?.double ?? 0
      recipe.task = json["task_type"]?.string == "TOKEN_CLS" ? .tokens : .sequence
      base = json["base_model_name_or_path"]?.string ?? ""
      alphaPattern = (json["alpha_pattern"]?.object?.members ?? []).compactMap { member in
        member.value.double.map { (member.key.text, $0) }
      }
    }

    /// alpha / rank of one pair; the rank is that of its tensors.
    func scale(_ address: ModuleAddress, rank: Int) -> Float {
      let path = address.path
      let special = alphaPattern.first { path == $0.key || path.hasSuffix("." + $0.key) }
      let alpha = special?.alpha ?? recipe.alpha
      return Float(alpha / (recipe.rsLoRA ? Double(rank).squareRoot() : Double(rank)))
    }
  }
}
