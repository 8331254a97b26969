extension ConfigurationReader {
  /// Base and scaling of the rotary embedding, in the spelling of transformers 5 (`rope_parameters`) or 4
  /// (`rope_theta` and `rope_scaling`); where both stand they must agree on the scaling.
  func rope(positions: Int) throws -> (theta: Double, scaling: RopeScaling) {
    let new = try inner("rope_parameters")
    let old = try inner("rope_scaling")
    let theta = try [new, old, self].lazy.compactMap { $0 }
      .first { $0.value("rope_theta") != nil }?.positive("rope_theta")
    let newScaling = try new.map { try scaling($0, positions: positions) }
    let oldScaling = try old.map { try scaling($0, positions: positions) }
    if let newScaling, let oldScaling, newScaling != oldScaling {
      throw FormatError(
        place, found: "rope_parameters and rope_scaling that differ", expected: "one of them")
    }
    return (theta ?? 10_000, newScaling ?? oldScaling ?? .none)
  }

  private func scaling(_ rope: ConfigurationReader, positions: Int) throws -> RopeScaling {
    let key = rope.value("rope_type") == nil ? "type" : "rope_type"
    guard try rope.positive("partial_rotary_factor", default: 1) == 1 else {
      throw rope.wrong("partial_rotary_factor", expected: "1: rotation of whole heads")
    }
    switch try rope.text(key) {
    case "default": return .none
    case "linear": return .linear(factor: try rope.factor())
    case "llama3": return try llama3(rope, positions: positions)
    case nil:
      guard rope.object.members.allSatisfy({ $0.key == "rope_theta" || $0.value.isNull }) else {
        throw FormatError(
          rope.place, found: "scaling without a rope_type", expected: "default, linear or llama3")
      }
      return .none
    default: throw rope.wrong(key, expected: "default, linear or llama3")
    }
  }

  private func factor() throws -> Double {
    let factor = try positive("factor")
    guard factor >= 1 else { throw wrong("factor", expected: "1 or more") }
    return factor
  }

  private func llama3(_ rope: ConfigurationReader, positions: Int) throws -> RopeScaling {
    let low = try rope.positive("low_freq_factor")
    let high = try rope.positive("high_freq_factor")
    guard high > low else {
      throw rope.wrong("high_freq_factor", expected: "more than low_freq_factor, \(low)")
    }
    let key = "original_max_position_embeddings"
    let lengths = ModelConfiguration.lengths
    let original = try rope.int(key, lengths, default: int(key, lengths, default: positions))
    return .llama3(
      factor: try rope.factor(), lowFrequency: low, highFrequency: high, originalLength: original)
  }
}
