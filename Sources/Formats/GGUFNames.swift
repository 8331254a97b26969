/// The names that GGUF and Hugging Face give to the same tensors.
enum GGUFNames {
  /// The Hugging Face name of a GGUF tensor; a name without counterpart stays as it is.
  static func huggingFace(_ name: String) -> String {
    if let global = globals[name] { return global }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "blk", isNumber(parts[1]),
      parts[3] == "weight" || parts[3] == "bias", let inner = layers[String(parts[2])]
    else { return name }
    return "model.layers.\(parts[1]).\(inner).\(parts[3])"
  }

  private static let globals = [
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
  ]

  private static let layers = [
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
  ]

  /// Whether this is a number as a program writes it: digits without a leading zero.
  private static func isNumber(_ text: Substring) -> Bool {
    Int(text).map { String($0) == text && $0 >= 0 } ?? false
  }
}
