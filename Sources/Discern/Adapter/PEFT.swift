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
}
