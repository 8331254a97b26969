/// A tensor of the model: its names in both kinds of checkpoint, its shape, and how large its values are.
struct RandomTensor {
  /// As in a Hugging Face folder.
  let name: String
  /// As in a GGUF file.
  let ggufName: String
  /// Outermost first; one extent for a norm.
  let shape: [Int]
  /// Values are uniform in center ± bound.
  let center: Float
  let bound: Float

  var isVector: Bool { shape.count == 1 }
}

extension ModelShape {
  /// All tensors, scaled so that states neither fade nor grow over the layers.
  var tensors: [RandomTensor] {
    func matrix(_ name: String, _ ggufName: String, _ rows: Int, _ columns: Int, gain: Double = 1) -> RandomTensor {
      // A uniform distribution in ±√3 has variance 1.
      let bound = Float(gain * (3 / Double(columns)).squareRoot())
      return RandomTensor(
        name: name + ".weight", ggufName: ggufName + ".weight", shape: [rows, columns], center: 0, bound: bound)
    }
    func norm(_ name: String, _ ggufName: String) -> RandomTensor {
      RandomTensor(
        name: name + ".weight", ggufName: ggufName + ".weight", shape: [width], center: 1, bound: 0.1)
    }
    let keyValueWidth = keyValueHeads * headSize
    // What a block adds to the stream shrinks with the number of blocks, as at the start of a real training.
    let residual = 1 / (2 * Double(layers)).squareRoot()
    var tensors = [matrix("model.embed_tokens", "token_embd", vocabulary, width)]
    for layer in 0..<layers {
      let (path, block) = ("model.layers.\(layer)", "blk.\(layer)")
      tensors += [
        norm("\(path).input_layernorm", "\(block).attn_norm"),
        matrix("\(path).self_attn.q_proj", "\(block).attn_q", width, width),
        matrix("\(path).self_attn.k_proj", "\(block).attn_k", keyValueWidth, width),
        matrix("\(path).self_attn.v_proj", "\(block).attn_v", keyValueWidth, width),
        matrix("\(path).self_attn.o_proj", "\(block).attn_output", width, width, gain: residual),
        norm("\(path).post_attention_layernorm", "\(block).ffn_norm"),
        matrix("\(path).mlp.gate_proj", "\(block).ffn_gate", hiddenWidth, width),
        matrix("\(path).mlp.up_proj", "\(block).ffn_up", hiddenWidth, width),
        matrix("\(path).mlp.down_proj", "\(block).ffn_down", width, hiddenWidth, gain: residual),
      ]
    }
    tensors.append(norm("model.norm", "output_norm"))
    if !tiesEmbeddings { tensors.append(matrix("lm_head", "output", vocabulary, width)) }
    return tensors
  }
}
