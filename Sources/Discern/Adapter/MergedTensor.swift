import Compute
import Formats

/// One tensor of a merged model: a frozen weight, and the pair to add.
struct MergedTensor {
  let name: String
  let weight: Weight
  var pair: LoRA?
  var isVector = false

  /// Rows that are decoded and merged at a time.
  private static let blockRows = 512

  func byteCount(_ format: Merge.Format) -> Int {
    weight.rows * weight.columns * (format == .f32 ? 4 : 2)
  }

  /// The tensor for a writer; `progress` is called with the bytes of each block written.
  func toWrite(
    _ format: Merge.Format, progress: @escaping (_ bytes: Int) throws -> Void
  ) -> TensorToWrite {
    let shape = isVector ? [weight.columns] : [weight.rows, weight.columns]
    return TensorToWrite(name, shape: shape, format: format == .f32 ? .f32 : .bf16) { sink in
      for start in stride(from: 0, to: weight.rows, by: Self.blockRows) {
        let rows = start..<min(start + Self.blockRows, weight.rows)
        let values = merged(rows)
        switch format {
        case .f32: try sink.write(values)
        case .bf16: try values.map(\.bfloat16).withUnsafeBytes { try sink.write($0) }
        }
        try progress(values.count * (format == .f32 ? 4 : 2))
      }
    }
  }

  /// Rows of W + scale·B·A as float32.
  private func merged(_ rows: Range<Int>) -> [Float] {
    let values = weight.slice(rows).decoded()
    guard let pair else { return values }
    let backend = pair.a.value.backend
    let sum = Tensor(values, rows: rows.count, columns: weight.columns, on: backend)
    let rank = pair.a.value.rows
    let b = Array(pair.b.value.values[rows.lowerBound * rank..<rows.upperBound * rank])
    let factor = Tensor(b, rows: rows.count, columns: rank, on: backend)
    backend.product(
      .backward, [Segment(Weight(pair.a.value), factor, scale: pair.scale)], bias: nil,
      accumulate: true, into: sum)
    return sum.values
  }
}

extension Merge {
  /// All tensors of the merged model under their Hugging Face names.
  func tensors() -> [MergedTensor] {
    let base = classifier.base
    let adapter = classifier.adapter
    var tensors = [MergedTensor(name: "model.embed_tokens.weight", weight: base.embedding)]
    func add(_ name: String, _ vector: Tensor) {
      tensors.append(MergedTensor(name: name, weight: Weight(vector), isVector: true))
    }
    for (index, layer) in base.layers.prefix(classifier.configuration.layers).enumerated() {
      let path = "model.layers.\(index)"
      add(path + ".input_layernorm.weight", layer.inputNorm.weight)
      add(path + ".post_attention_layernorm.weight", layer.postNorm.weight)
      layer.queryNorm.map { add(path + ".self_attn.q_norm.weight", $0.weight) }
      layer.keyNorm.map { add(path + ".self_attn.k_norm.weight", $0.weight) }
      for projection in Projection.allCases {
        let address = ModuleAddress(layer: index, projection: projection)
        tensors.append(
          MergedTensor(
            name: address.path + ".weight", weight: layer.weights[projection]!,
            pair: adapter.pairs[address]))
        layer.biases[projection].map { add(address.path + ".bias", $0) }
      }
    }
    add("model.norm.weight", base.norm.weight)
    tensors.append(MergedTensor(name: "score.weight", weight: Weight(adapter.head.weight.value)))
    adapter.head.bias.map { add("score.bias", $0.value) }
    return tensors
  }
}

extension Weight {
  /// Some of the rows, without copying them.
  fileprivate func slice(_ range: Range<Int>) -> Weight {
    let rowBytes = storage.byteCount / rows
    let bytes = UnsafeRawBufferPointer(
      start: storage.address + range.lowerBound * rowBytes, count: range.count * rowBytes)
    return Weight(
      rows: range.count, columns: columns, format: format,
      storage: Storage(borrowing: bytes, owner: storage, on: storage.backend))
  }
}

extension Float {
  /// The nearest bfloat16, ties to even; values beyond its range become infinite, as everywhere.
  var bfloat16: UInt16 {
    if isNaN { return 0x7FC0 }
    let bits = bitPattern
    return UInt16((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
  }
}
