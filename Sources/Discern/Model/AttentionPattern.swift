import Formats

/// Which layers see both ways: a property of the adapter, saved with it.
public enum AttentionPattern: Equatable, Sendable, CustomStringConvertible {
  /// Every layer is causal (LS-LLaMA).
  case causal
  /// Layers from this index on are unmasked; 0: all (LS-unLLaMA).
  case unmasked(from: Int)
  /// Exactly these layers are unmasked.
  case layers(Set<Int>)

  /// Reads `causal`, `unmasked`, `unmasked:16` or `layers:0,4,8-15`.
  public init(_ text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    switch (parts[0], parts.count > 1 ? parts[1] : nil) {
    case ("causal", nil): self = .causal
    case ("unmasked", nil): self = .unmasked(from: 0)
    case ("unmasked", let start?):
      guard let start = Int(start), start >= 0 else { throw AttentionPattern.fault(text) }
      self = .unmasked(from: start)
    case ("layers", let list?): self = .layers(try AttentionPattern.indices(list, in: text))
    default: throw AttentionPattern.fault(text)
    }
  }

  private static func indices(_ list: Substring, in text: String) throws -> Set<Int> {
    guard text.utf8.count <= Recipe.valueLimit else {
      throw DiscernError(
        .configuration,
        "attention: found \(text.utf8.count) bytes; expected a value of at most \(Recipe.valueLimit) bytes")
    }
    var layers: Set<Int> = []
    for item in list.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = item.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2,
        0 <= first, first <= last, last < highestLayers
      else { throw fault(text) }
      layers.formUnion(first...last)
    }
    return layers
  }

  /// More layers than any model has; a range of more would only be slow.
  private static let highestLayers = 4096

  private static func fault(_ text: String) -> DiscernError {
    DiscernError(
      .configuration,
      "attention: found \(quoted(text)); expected causal, unmasked, unmasked:16 (from layer 16 on) or "
        + "layers:0,4,8-15")
  }

  /// Whether a layer sees both ways.
  public func unmasks(_ layer: Int) -> Bool {
    switch self {
    case .causal: false
    case .unmasked(let start): layer >= start
    case .layers(let layers): layers.contains(layer)
    }
  }

  /// Throws where a layer is named that the model does not have.
  public func validate(layers count: Int) throws {
    let highest: Int? =
      switch self {
      case .causal: nil
      case .unmasked(let start): start
      case .layers(let layers): layers.max()
      }
    if let highest, highest >= count {
      throw DiscernError(
        .configuration,
        "attention: \(self) names layer \(highest); the model has \(count) (0 to \(count - 1))")
    }
  }

  /// The text that `init(_:)` reads.
  public var description: String {
    switch self {
    case .causal: "causal"
    case .unmasked(from: 0): "unmasked"
    case .unmasked(let start): "unmasked:\(start)"
    case .layers(let layers): "layers:" + Self.list(layers)
    }
  }

  /// The numbers in order, three or more in a row as a range.
  private static func list(_ layers: Set<Int>) -> String {
    var ranges: [ClosedRange<Int>] = []
    for layer in layers.sorted() {
      if let last = ranges.last, last.upperBound + 1 == layer {
        ranges[ranges.count - 1] = last.lowerBound...layer
      } else {
        ranges.append(layer...layer)
      }
    }
    return ranges.map { range in
      range.count > 2
        ? "\(range.lowerBound)-\(range.upperBound)" : range.map(String.init).joined(separator: ",")
    }.joined(separator: ",")
  }
}
