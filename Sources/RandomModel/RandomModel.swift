import Formats
import Glibc

/// A model of a given shape with seeded random weights and a tokenizer of bytes.
struct RandomModel {
  let shape: ModelShape
  let format: StoredFormat
  let seed: UInt64

  /// Writes a GGUF file or, for a plain format, a Hugging Face folder.
  func write(to path: String) throws {
    guard access(path, F_OK) != 0 else {
      throw FormatError(
        path, found: "something there already", expected: "a new path", remedy: "Remove it, or name another.",
        kind: .cannotCreate)
    }
    if path.hasSuffix(".gguf") {
      try writeFile(path)
    } else {
      guard format.blockValues == 1 else {
        throw FormatError(
          path, found: "the format \(format) for a folder", expected: "f32, f16 or bf16",
          remedy: "Let the path end in .gguf.", kind: .configuration)
      }
      try writeFolder(path)
    }
  }

  /// Blocks do not cross the end of a row: where rows are too short for the format, q8_0 takes its place.
  private func format(of tensor: RandomTensor) -> StoredFormat {
    tensor.shape[tensor.shape.count - 1].isMultiple(of: format.blockValues) ? format : .q8_0
  }

  private func body(
    _ tensor: RandomTensor, _ index: Int, _ format: StoredFormat
  ) -> (inout FileSink) throws -> Void {
    { [seed] sink in
      var values = RandomValues(tensor, format: format, seed: seed, stream: UInt64(index))
      try values.write(to: &sink)
    }
  }

  private func writeFile(_ path: String) throws {
    var writer = GGUFWriter()
    let tokenizer = ByteTokenizer(size: shape.vocabulary)
    writer.add("general.architecture", "llama")
    writer.add("general.name", "\(shape.name) with random weights")
    for (key, value) in [
      ("block_count", shape.layers), ("context_length", shape.positions), ("embedding_length", shape.width),
      ("feed_forward_length", shape.hiddenWidth), ("attention.head_count", shape.heads),
      ("attention.head_count_kv", shape.keyValueHeads), ("rope.dimension_count", shape.headSize),
      ("vocab_size", shape.vocabulary),
    ] {
      writer.add("llama." + key, value)
    }
    writer.add("llama.attention.layer_norm_rms_epsilon", Float(1e-5))
    writer.add("llama.rope.freq_base", Float(shape.ropeTheta))
    writer.add("tokenizer.ggml.model", "gpt2")
    writer.add("tokenizer.ggml.pre", "gpt-2")
    writer.add("tokenizer.ggml.tokens", tokenizer.pieces)
    writer.add("tokenizer.ggml.token_type", tokenizer.types)
    writer.add("tokenizer.ggml.merges", [String]())
    writer.add("tokenizer.ggml.bos_token_id", ByteTokenizer.begin)
    writer.add("tokenizer.ggml.eos_token_id", ByteTokenizer.end)
    for (index, tensor) in shape.tensors.enumerated() {
      let format = tensor.isVector ? .f32 : format(of: tensor)
      writer.add(tensor.ggufName, shape: tensor.shape, format: format, body: body(tensor, index, format))
    }
    try writer.write(to: path)
  }

  private func writeFolder(_ path: String) throws {
    guard mkdir(path, 0o777) == 0 else {
      throw FormatError(
        path, found: String(cString: strerror(errno)), expected: "a folder that can be made", kind: .cannotCreate)
    }
    let tokenizer = ByteTokenizer(size: shape.vocabulary)
    var files = FileSet()
    try files.add(
      "\(path)/model.safetensors",
      shape.tensors.enumerated().map { index, tensor in
        TensorToWrite(tensor.name, shape: tensor.shape, format: format, body: body(tensor, index, format))
      })
    for (name, json) in [
      ("tokenizer.json", tokenizer.json), ("tokenizer_config.json", tokenizer.configuration),
      ("config.json", configuration),
    ] {
      try files.add("\(path)/\(name)") { try $0.write(json.serialized(pretty: true) + "\n") }
    }
    try files.commit()
  }

  private var configuration: JSON {
    let types: [StoredFormat: JSON] = [.f32: "float32", .f16: "float16", .bf16: "bfloat16"]
    return [
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": .integer(shape.width),
      "intermediate_size": .integer(shape.hiddenWidth), "num_hidden_layers": .integer(shape.layers),
      "num_attention_heads": .integer(shape.heads), "num_key_value_heads": .integer(shape.keyValueHeads),
      "vocab_size": .integer(shape.vocabulary), "max_position_embeddings": .integer(shape.positions),
      "rms_norm_eps": 1e-05, "rope_theta": .number(shape.ropeTheta), "hidden_act": "silu",
      "attention_bias": false, "mlp_bias": false, "tie_word_embeddings": .bool(shape.tiesEmbeddings),
      "bos_token_id": .integer(ByteTokenizer.begin), "eos_token_id": .integer(ByteTokenizer.end),
      "torch_dtype": types[format] ?? "float32",
    ]
  }
}

extension ByteTokenizer {
  /// Kinds of the pieces as GGUF numbers them: normal, control, unused.
  fileprivate var types: [Int32] {
    pieces.indices.map { $0 < Self.begin ? 1 : $0 <= Self.end ? 3 : 5 }
  }
}
