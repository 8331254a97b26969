@testable import Formats

/// Small tokenizers that are part of the tests.
enum TokenizerFixture {
  static let variants = ["gpt2", "gpt2-space", "llama3", "qwen2", "smollm"]

  /// SentencePiece's kind: 512 pieces with byte fallback.
  static func stories() throws -> JSON {
    try JSON(parsing: Reference.fixture("stories260K.json"), name: "stories260K.json")
  }

  /// The byte-level kind, with what the variant puts around it.
  static func byteLevel(_ variant: String) throws -> JSON {
    var json = try JSON(parsing: Reference.fixture("byte-level.json"), name: "byte-level.json")
    let variants = try JSON(parsing: Reference.fixture("variants.json"), name: "variants.json")
    for member in variants[variant]!.object!.members {
      for inner in member.key == "model" ? member.value.object!.members : [] {
        json.set(["model", inner.key.text], inner.value)
      }
      if member.key != "model" { json.set([member.key.text], member.value) }
    }
    return json
  }

  static func tokenizer(_ variant: String) throws -> Tokenizer {
    let json = try variant == "stories260K" ? stories() : byteLevel(variant)
    return try Tokenizer(json: json, name: variant)
  }

  /// Rows of expectations for a variant.
  static func rows(_ variant: String) throws -> [JSON] {
    let file = (variant == "stories260K" ? variant : "byte-level") + ".expected.jsonl"
    return try Reference.rows(of: Reference.fixture(file), name: file)
      .filter { $0["variant"]?.string == variant }
  }
}

extension JSON {
  /// Replaces the member at a path of names; nil removes it.
  mutating func set(_ path: [String], _ value: JSON?) {
    guard case .object(var object) = self, let key = path.first else { return }
    if path.count == 1 {
      object[key] = value
    } else {
      var inner = object[key] ?? [:]
      inner.set(Array(path.dropFirst()), value)
      object[key] = inner
    }
    self = .object(object)
  }
}
