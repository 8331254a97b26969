import Formats

extension PEFT {
  /// What an `adapter_config.json` says, after refusing by name what would change the result and is not supported.
  struct Configuration {
    var recipe: Recipe
    var base: String
    private let alphaPattern: AlphaPattern

    init(_ json: JSON, file: String) throws {
      guard json["peft_type"]?.string == "LORA" else {
        throw FormatError(
          file, found: "peft_type \(json["peft_type"]?.shown ?? "missing")", expected: "\"LORA\"")
      }
      for key in ["use_dora", "lora_bias", "fan_in_fan_out", "use_qalora", "use_bdlora"]
      where json[key]?.bool == true {
        throw FormatError(file, found: "\(key): true", expected: "a plain LoRA adapter")
      }
      if let bias = json["bias"]?.string, bias != "none" {
        throw FormatError(file, found: "bias: \(quoted(bias))", expected: "\"none\"")
      }
      for key in ["layer_replication", "target_parameters"] {
        guard let value = json[key], !value.isNull, value.array?.isEmpty != true else { continue }
        throw FormatError(file, found: key, expected: "null")
      }
      try Self.checkStart(json["init_lora_weights"], file)
      guard let rank = json["r"]?.int, (1...4096).contains(rank), let alpha = json["lora_alpha"]?.double
      else { throw FormatError(file, found: "no usable r and lora_alpha", expected: "both as numbers") }
      try Self.checkAlpha(alpha, "lora_alpha", file)
      recipe = Recipe()
      recipe.rank = rank
      recipe.alpha = alpha
      recipe.rsLoRA = json["use_rslora"]?.bool ?? false
      recipe.dropout = json["lora_dropout"]?.double ?? 0
      recipe.task = json["task_type"]?.string == "TOKEN_CLS" ? .tokens : .sequence
      recipe.targets = Self.targets(json["target_modules"])
      base = json["base_model_name_or_path"]?.string ?? ""
      alphaPattern = AlphaPattern(try Self.alphas(json["alpha_pattern"], file))
    }

    /// alpha / rank of one pair; the rank is that of its tensors.
    func scale(_ address: ModuleAddress, rank: Int) -> Float {
      PEFT.scale(alpha: alphaPattern.alpha(of: address.path) ?? recipe.alpha, rank: rank, rsLoRA: recipe.rsLoRA)
    }
  }

  static func scale(alpha: Double, rank: Int, rsLoRA: Bool) -> Float {
    Float(alpha / divisor(rank: rank, rsLoRA: rsLoRA))
  }

  static func divisor(rank: Int, rsLoRA: Bool) -> Double {
    rsLoRA ? Double(rank).squareRoot() : Double(rank)
  }
}

extension PEFT.Configuration {
  /// Ways to start that leave the base weights alone; PEFT's others take something out of them when it loads.
  private static let harmlessStarts = ["gaussian", "orthogonal", "eva"]

  /// What the names of modules are made of.
  private static let plainBytes = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-".utf8)

  private static func checkStart(_ value: JSON?, _ file: String) throws {
    guard let value, !value.isNull, value.bool == nil else { return }
    guard let name = value.string, harmlessStarts.contains(name) else {
      throw FormatError(
        file, found: "init_lora_weights: \(value.shown), which changes the base model",
        expected: "true, false, \"gaussian\", \"orthogonal\" or \"eva\"",
        remedy: "Convert it to a plain LoRA adapter in PEFT (path_initial_model_for_weight_conversion).")
    }
  }

  private static func checkAlpha(_ alpha: Double, _ name: String, _ file: String) throws {
    guard alpha.isFinite, abs(alpha) <= 1e6 else {
      throw FormatError(file, found: "\(name): \(alpha)", expected: "a number up to 1000000")
    }
  }

  /// PEFT reads the keys as regular expressions; names and paths, which are their own, are what is supported.
  private static func alphas(_ json: JSON?, _ file: String) throws -> [(key: String, alpha: Double)] {
    guard let json, !json.isNull else { return [] }
    guard let members = json.object?.members else {
      throw FormatError(file, found: "alpha_pattern: \(json.shown)", expected: "an object")
    }
    return try members.map { member in
      let key = member.key.text
      let name = key.hasPrefix("^") ? key.dropFirst() : key[...]
      let isPlain = name.utf8.allSatisfy { plainBytes.contains($0) }
      guard isPlain, !name.isEmpty else {
        throw FormatError(
          file, found: "alpha_pattern: the regular expression \(quoted(key))", expected: "names or paths of modules",
          remedy: "Write a key for each module.")
      }
      guard let alpha = member.value.double else {
        throw FormatError(
          file, found: "alpha_pattern: \(quoted(key)): \(member.value.shown)", expected: "a number")
      }
      try checkAlpha(alpha, "alpha_pattern: \(quoted(key))", file)
      return (key, alpha)
    }
  }

  /// The projections that names, paths or a pattern speak of; all where they speak of none ("all-linear").
  private static func targets(_ json: JSON?) -> [Projection] {
    let names = json?.array?.compactMap(\.string) ?? [json?.string ?? ""]
    let found = Projection.allCases.filter { projection in names.contains { $0.contains(projection.rawValue) } }
    return found.isEmpty ? Projection.allCases : found
  }
}

extension JSON {
  /// The value for a message: short texts and numbers as they stand, the rest by its kind.
  fileprivate var shown: String { string.map(quoted) ?? kind }
}
