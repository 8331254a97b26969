import Formats

/// How much the answers of each label count in the loss.
public enum ClassWeights: Equatable, Sendable, CustomStringConvertible {
  /// All alike.
  case none
  /// Rare labels count more, so that all count alike in sum.
  case balanced
  /// By name, in the order given; 1 for the others.
  case given([(label: String, weight: Double)])

  /// Reads `none`, `balanced`, `a=2,b=0.5`, or a JSON object such as `{"a": 2, "b": 0.5}`.
  public init(_ text: String) throws {
    switch text {
    case "none": self = .none
    case "balanced": self = .balanced
    case _ where text.utf8.first == UInt8(ascii: "{"):
      guard let members = try? JSON(parsing: text, name: "class_weights").object?.members else {
        throw Self.fault(text)
      }
      self = .given(try members.map { ($0.key.text, try Self.weight($0.value.double, text)) })
    default:
      self = .given(
        try text.split(separator: ",").map { entry in
          guard let sign = entry.lastIndex(of: "="), sign > entry.startIndex else { throw Self.fault(text) }
          let number = Double(entry[entry.index(after: sign)...].trimmingSpaces)
          return (entry[..<sign].trimmingSpaces, try Self.weight(number, text))
        })
    }
    if case .given(let weights) = self {
      guard !weights.isEmpty, Set(weights.map { JSONString($0.label) }).count == weights.count else {
        throw Self.fault(text)
      }
    }
  }

  private static func weight(_ number: Double?, _ text: String) throws -> Double {
    guard let number, (0...1e6).contains(number) else { throw fault(text) }
    return number
  }

  private static func fault(_ text: String) -> DiscernError {
    DiscernError(
      .configuration,
      "class_weights: found \"\(text)\"; expected none, balanced, or a weight from 0 to 1000000 for each label, as in "
        + "a=2,b=0.5 or {\"a\": 2, \"b\": 0.5}")
  }

  /// The text that `init(_:)` reads.
  public var description: String {
    switch self {
    case .none: return "none"
    case .balanced: return "balanced"
    case .given(let weights):
      var object = JSONObject()
      for (label, weight) in weights { object.append(JSONString(label), .number(weight)) }
      return JSON.object(object).serialized()
    }
  }

  public static func == (a: ClassWeights, b: ClassWeights) -> Bool { a.description == b.description }
}

extension ClassWeights {
  /// A weight for each label; empty where all are alike.
  ///
  /// `balanced` is n / (k · nₗ) for classes, with n answers of which nₗ have the label and k labels that occur, as
  /// scikit-learn has it; for labels that apply or not it is the number of texts without the label for each text with
  /// it. A label that does not occur has weight 1. Throws where a label is named that there is not.
  func values(_ labels: LabelSet, _ examples: [EncodedExample], _ kind: Loss.Kind) throws -> [Float] {
    switch self {
    case .none: return []
    case .given(let weights):
      var values = [Float](repeating: 1, count: labels.count)
      for (label, weight) in weights {
        guard let index = labels.index(of: label) else {
          let names = labels.names.prefix(20).joined(separator: ", ")
          throw DiscernError(
            .configuration, "class_weights: found the label \"\(label)\"; the training data has \(names)")
        }
        values[index] = Float(weight)
      }
      return values
    case .balanced:
      var counts = [Int](repeating: 0, count: labels.count)
      for example in examples {
        for label in example.labels where label >= 0 { counts[Int(label)] += 1 }
        for (index, target) in example.targets.enumerated() where target == 1 { counts[index] += 1 }
      }
      let all = kind == .binary ? examples.count : counts.reduce(0, +)
      let present = counts.count { $0 > 0 }
      return counts.map { count in
        if count == 0 { return 1 }
        return Float(kind == .binary ? Double(all - count) / Double(count) : Double(all) / Double(present * count))
      }
    }
  }
}
