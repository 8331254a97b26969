import CKernels

extension CPUBackend {
  public func attention(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, into y: Tensor,
    logsum: Tensor
  ) {
    shareAttention(shape, packing) { attention, sequence, head, scratch in
      dk_attention_part(
        attention, sequence, head, q.floats, k.floats, v.floats, y.floats, logsum.floats, scratch)
    }
  }

  public func attentionBackward(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, y: Tensor,
    logsum: Tensor, dy: Tensor, intoQ dq: Tensor, intoK dk: Tensor, intoV dv: Tensor
  ) {
    shareAttention(shape, packing) { attention, sequence, head, scratch in
      dk_attention_backward_part(
        attention, sequence, head, q.floats, k.floats, v.floats, y.floats, logsum.floats, dy.floats, dq.floats,
        dk.floats, dv.floats, scratch)
    }
  }

  /// Runs `body` for every sequence and every head of keys and values, shared out among the team.
  private func shareAttention(
    _ shape: AttentionShape, _ packing: Packing,
    _ body: @escaping @Sendable (UnsafePointer<dk_attention_t>, Int64, Int64, UnsafeMutableRawPointer) -> Void
  ) {
    let team = Parallel.team
    let parts = packing.count * shape.keyValueHeads
    if team == 1 {
      withAttention(shape, packing) { attention, scratch in
        for part in 0..<parts {
          body(attention, Int64(part / shape.keyValueHeads), Int64(part % shape.keyValueHeads), scratch)
        }
      }
    } else {
      Parallel.forEach(parts, threads: team) { part, _ in
        self.withAttention(shape, packing) { attention, scratch in
          body(attention, Int64(part / shape.keyValueHeads), Int64(part % shape.keyValueHeads), scratch)
        }
      }
    }
  }

  private func withAttention(
    _ shape: AttentionShape, _ packing: Packing,
    _ body: (UnsafePointer<dk_attention_t>, UnsafeMutableRawPointer) -> Void
  ) {
    shape.withKernel(packing) { attention in
      withScratch(dk_attention_scratch(attention, Int64(packing.longest))) { body(attention, $0) }
    }
  }
}

extension AttentionShape {
  /// Bytes that either direction needs for its own use.
  func scratchBytes(_ packing: Packing) -> Int {
    withKernel(packing) { dk_attention_scratch($0, Int64(packing.longest)) }
  }

  fileprivate func withKernel<Result>(
    _ packing: Packing, _ body: (UnsafePointer<dk_attention_t>) -> Result
  ) -> Result {
    packing.starts.withUnsafeBufferPointer { starts in
      var attention = dk_attention_t(
        heads: Int64(heads), key_value_heads: Int64(keyValueHeads), head_size: Int64(headSize),
        scale: 1 / Float(headSize).squareRoot(), causal: causal ? 1 : 0, window: Int64(window ?? 0),
        starts: starts.baseAddress, sequence_count: Int64(packing.count))
      return body(&attention)
    }
  }
}
