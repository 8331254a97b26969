/// The steps around the model: normalizer, pre-tokenizer, post-processor, decoder.
extension TokenizerJSON {
  /// The members of a "Sequence" one after another, or the field itself.
  private func steps(_ field: TokenizerField?, _ key: String) throws -> [TokenizerField] {
    guard let field else { return [] }
    guard try field.type() == "Sequence" else { return [field] }
    try field.allow(["type", key])
    let list = try field.required(key)
    try check(list.value.array?.count ?? 0, field)
    let result = try list.array().flatMap { try steps($0, key) }
    try check(result.count, field)
    return result
  }

  private func check(_ count: Int, _ field: TokenizerField) throws {
    guard count <= Self.stepLimit else {
      throw FormatError(field.place, found: "\(count) steps", expected: "at most \(Self.stepLimit)")
    }
  }

  func normalizer(_ field: TokenizerField?) throws -> Normalizer {
    var result = Normalizer.none
    for step in try steps(field, "normalizers") {
      switch (try step.type(), result) {
      case ("NFC", .none):
        try step.allow(["type"])
        result = .nfc
      case ("Prepend", .none):
        try step.allow(["type", "prepend"])
        let prefix = try step.required("prepend")
        if try prefix.string() != "▁" { throw prefix.unsupported("\"▁\"") }
        result = .marks(prefix: true, spaces: false)
      case ("Replace", .none), ("Replace", .marks(_, spaces: false)):
        try replaceSpaces(step)
        if case .marks = result {
          result = .marks(prefix: true, spaces: true)
        } else {
          result = .marks(prefix: false, spaces: true)
        }
      default:
        throw step.unsupported("NFC, or Prepend \"▁\" and Replace \" \" by \"▁\"")
      }
    }
    return result
  }

  private func replaceSpaces(_ step: TokenizerField) throws {
    let (pattern, content) = try replacement(step)
    if pattern != " " || content != "▁" {
      throw step.unsupported("the replacement of \" \" by \"▁\"")
    }
  }

  private func replacement(_ step: TokenizerField) throws -> (pattern: String, content: String) {
    try step.allow(["type", "pattern", "content"])
    let pattern = try step.required("pattern")
    guard let text = pattern["String"] else { throw pattern.unsupported("a \"String\" pattern") }
    return (try text.string(), try step.required("content").string())
  }

  func preTokenizer(_ field: TokenizerField?) throws -> PreTokenizer {
    let steps = try steps(field, "pretokenizers")
    if steps.isEmpty { return .whole(cutsAtMarks: false) }
    if steps.count == 1, try steps[0].type() == "Metaspace" { return try metaspace(steps[0]) }
    var result: [SplitStep] = []
    for (index, step) in steps.enumerated() {
      switch try step.type() {
      case "Digits":
        try step.allow(["type", "individual_digits"])
        let alone = try step.flag("individual_digits", default: false)
        result.append(.pattern(alone ? .digits : .digitRuns))
      case "Split": result.append(.pattern(try split(step)))
      case "ByteLevel":
        try step.allow(["type", "add_prefix_space", "trim_offsets", "use_regex"])
        if index + 1 < steps.count { throw steps[index + 1].unsupported("nothing after ByteLevel") }
        if try step.flag("add_prefix_space", default: true) { result.append(.addSpace) }
        if try step.flag("use_regex", default: true) { result.append(.pattern(.gpt2)) }
      default: throw step.unsupported("Split, Digits, ByteLevel, or Metaspace alone")
      }
    }
    if try steps.last!.type() != "ByteLevel" {
      throw steps.last!.unsupported("ByteLevel as the last step")
    }
    return .steps(result)
  }

  private func split(_ step: TokenizerField) throws -> SplitPattern {
    try step.allow(["type", "pattern", "behavior", "invert"])
    let field = try step.required("pattern")
    guard let regex = try field["Regex"]?.string(), let pattern = SplitPattern(regex: regex) else {
      throw TokenizerField(value: field["Regex"]?.value ?? field.value, place: field.place)
        .unsupported("the pattern of GPT-2, Llama 3 or Qwen 2")
    }
    // The patterns match all text, so that keeping the matches is the same as removing what is between them.
    let behavior = try step.required("behavior").string()
    switch (behavior, try step.flag("invert", default: false)) {
    case ("Isolated", false), ("Removed", true): return pattern
    default: throw try step.required("behavior").unsupported("\"Isolated\", not inverted")
    }
  }

  private func metaspace(_ step: TokenizerField) throws -> PreTokenizer {
    try step.allow([
      "type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep",
    ])
    return .metaspace(
      prefix: try metaspacePrefix(step), split: try step.flag("split", default: true))
  }

  private func metaspacePrefix(_ step: TokenizerField) throws -> MetaspacePrefix {
    let mark = try step.required("replacement")
    if try mark.string() != "▁" { throw mark.unsupported("\"▁\"") }
    guard let scheme = step["prepend_scheme"] else {
      return try step.flag("add_prefix_space", default: true) ? .always : .never
    }
    guard let prefix = MetaspacePrefix(rawValue: try scheme.string()) else {
      throw scheme.unsupported("\"always\", \"first\" or \"never\"")
    }
    return prefix
  }

  func postProcessor(_ field: TokenizerField, _ parts: inout TokenizerParts) throws {
    var hasTemplate = false
    for step in try steps(field, "processors") {
      switch try step.type() {
      case "ByteLevel":
        try step.allow(["type", "add_prefix_space", "trim_offsets", "use_regex"])
        if !parts.isByteLevel { throw step.unsupported("no ByteLevel after characters") }
        if try step.flag("trim_offsets", default: true) {
          parts.postProcessor.trimsSpaces = true
          parts.postProcessor.keepsFirstSpace = try step.flag("add_prefix_space", default: true)
        }
      case "TemplateProcessing" where !hasTemplate:
        hasTemplate = true
        try template(step, &parts)
      default: throw step.unsupported("ByteLevel and one TemplateProcessing")
      }
    }
  }

  /// The most tokens that a template puts around a text.
  private static let templateLimit = 64
  /// The most steps of a normalizer, a pre-tokenizer, a post-processor or a decoder.
  private static let stepLimit = 64

  private func template(_ step: TokenizerField, _ parts: inout TokenizerParts) throws {
    try step.allow(["type", "single", "pair", "special_tokens"])
    var sawText = false
    for piece in try pieces(step.required("single")) {
      if let sequence = piece["Sequence"] {
        if sawText { throw sequence.unsupported("the text once") }
        sawText = true
      } else if let token = piece["SpecialToken"] {
        let ids = try specialIDs(
          token, step, parts, behind: parts.postProcessor.prefix.count + parts.postProcessor.suffix.count)
        if sawText {
          parts.postProcessor.suffix += ids
        } else {
          parts.postProcessor.prefix += ids
        }
      } else {
        throw piece.unsupported("Sequence or SpecialToken")
      }
    }
    if !sawText { throw try step.required("single").unexpected("a template with the text") }
    parts.postProcessor.pair = try pairTemplate(step, parts)
  }

  /// The pieces of a template; those without tokens of their own would be free.
  private func pieces(_ field: TokenizerField) throws -> [TokenizerField] {
    let count = field.value.array?.count ?? 0
    guard count <= 2 * Self.templateLimit else {
      throw FormatError(
        field.place, found: "\(count) pieces of a template", expected: "at most \(2 * Self.templateLimit)")
    }
    return try field.array()
  }

  private func checkCount(_ count: Int, _ step: TokenizerField) throws {
    guard count <= Self.templateLimit else {
      throw FormatError(
        step.place, found: "\(count) tokens around the text", expected: "at most \(Self.templateLimit)")
    }
  }

  /// The ids that stand for a token, of which `count` come before.
  private func specialIDs(
    _ token: TokenizerField, _ step: TokenizerField, _ parts: TokenizerParts, behind count: Int
  ) throws -> [Int32] {
    let name = try token.required("id").string()
    let ids = try step.required("special_tokens").required(name).required("ids")
    // Counted before they are looked at: each is looked for among all added tokens.
    try checkCount(count + (ids.value.array?.count ?? 0), step)
    return try ids.array().map { field in
      let id = Int32(try field.id())
      let isKnown = parts.added.contains { $0.id == id } || parts.vocabulary.contains(Int(id))
      if !isKnown { throw field.unexpected("the id of a token") }
      return id
    }
  }

  /// The template for pairs, where it has the first text before the second, each once.
  private func pairTemplate(_ step: TokenizerField, _ parts: TokenizerParts) throws -> PairTemplate? {
    guard let pieces = try step["pair"].map(pieces) else { return nil }
    var template = PairTemplate()
    var texts: [String] = []
    for piece in pieces {
      if let sequence = piece["Sequence"] {
        texts.append(try sequence.required("id").string())
      } else if let token = piece["SpecialToken"] {
        let ids = try specialIDs(token, step, parts, behind: template.count)
        switch texts.count {
        case 0: template.prefix += ids
        case 1: template.middle += ids
        default: template.suffix += ids
        }
      }
    }
    return texts == ["A", "B"] ? template : nil
  }

  func decoder(_ field: TokenizerField?) throws -> Decoder {
    let steps = try steps(field, "decoders")
    if steps.isEmpty { return Decoder(steps: [], joinsWithSpaces: true) }
    return Decoder(steps: try steps.map(decoderStep))
  }

  private func decoderStep(_ step: TokenizerField) throws -> Decoder.Step {
    switch try step.type() {
    case "ByteLevel": return .byteLevel
    case "ByteFallback": return .byteFallback
    case "Fuse": return .fuse
    case "Replace":
      let (pattern, content) = try replacement(step)
      // A few steps that double the text would make gigabytes of it.
      guard content.utf8.count <= max(pattern.utf8.count, 1) else {
        throw try step.required("content").unsupported("a text no longer than what it replaces")
      }
      return .replace(Array(pattern.utf8), with: Array(content.utf8))
    case "Strip":
      try step.allow(["type", "content", "start", "stop"])
      let content = Array(try step.required("content").string().utf8)
      if content.isEmpty { throw try step.required("content").unexpected("one character") }
      let start = try step["start"]?.id() ?? 0
      return .strip(content, start: start, end: try step["stop"]?.id() ?? 0)
    case "Metaspace": return .metaspace(dropsFirst: try metaspacePrefix(step) != .never)
    default:
      throw step.unsupported("ByteLevel, Replace, ByteFallback, Fuse, Strip or Metaspace")
    }
  }
}
