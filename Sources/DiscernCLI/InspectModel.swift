import Compute
import Discern
import Formats

extension InspectReport {
  /// What a checkpoint is.
  static func model(_ path: String) throws -> InspectReport {
    let checkpoint = try openCheckpoint(path)
    var report = InspectReport(kind: "model")
    report.addSizes(checkpoint)
    // What follows may fail for models that cannot be used; what they are is told all the same.
    do {
      let base = try BaseModel(checkpoint, on: CPUBackend())
      report.addWeights(checkpoint, unused: base.unused)
      report.add("fingerprint", base.fingerprint)
      report.json["fingerprint"] = JSON(base.fingerprint)
    } catch {
      report.addWeights(checkpoint, unused: [])
      report.add("cannot be used", "\(error)")
      report.json["fault"] = JSON("\(error)")
    }
    do {
      report.add(try checkpoint.tokenizer())
    } catch {
      report.add("tokenizer", "none that can be used: \(error)")
      report.json["tokenizer_fault"] = JSON("\(error)")
    }
    return report
  }

  private mutating func addSizes(_ checkpoint: any Checkpoint) {
    let model = checkpoint.configuration
    let container = checkpoint is GGUFCheckpoint ? "GGUF file" : "folder of safetensors"
    add("model", "\(model.family.rawValue), \(container), \(checkpoint.place)")
    add(
      "sizes",
      "\(model.layers) layers, width \(model.width), feed-forward \(model.hiddenWidth), "
        + "vocabulary \(model.vocabularySize)")
    let windowed = model.windows.count { $0 != nil }
    add(
      "attention",
      "\(model.heads) heads of \(model.headSize), \(model.keyValueHeads) for keys and values"
        + (model.isCausal ? "" : ", not causal")
        + (windowed > 0 ? ", window \(model.slidingWindow ?? 0) in \(windowed) layers" : "")
        + (model.attentionBias ? ", biases" : "") + (model.queryKeyNorm ? ", norms of heads" : ""))
    add(
      "positions",
      "up to \(model.maximumPositions), rope base \(model.ropeTheta.short), \(model.ropeText)")
    if let labels = model.labels {
      add("labels", "\(labels.count): \(labels.prefix(20).joined(separator: ", "))")
    }
    json["path"] = JSON(checkpoint.place)
    json["family"] = JSON(model.family.rawValue)
    for (name, value) in [
      ("layers", model.layers), ("width", model.width), ("hidden_width", model.hiddenWidth),
      ("heads", model.heads), ("key_value_heads", model.keyValueHeads),
      ("head_size", model.headSize), ("vocabulary", model.vocabularySize),
      ("positions", model.maximumPositions),
    ] {
      json[name] = .integer(value)
    }
    json["rope_theta"] = .number(model.ropeTheta)
    json["rope_scaling"] = JSON(model.ropeText)
    json["labels"] = model.labels.map { .array($0.map { JSON($0) }) } ?? .null
  }

  private mutating func addWeights(_ checkpoint: any Checkpoint, unused: [String]) {
    let size = ModelSize(checkpoint, unused: unused)
    add(
      "parameters",
      "\(size.all.abbreviated), \((size.all - size.embedding).abbreviated) without the embedding; "
        + "\(size.bytes.abbreviated)B")
    add(
      "formats",
      size.formats.map {
        "\($0.name) \($0.values.abbreviated) in \($0.tensors) tensor\($0.tensors == 1 ? "" : "s")"
      }
      .joined(separator: ", "))
    if !unused.isEmpty {
      add(
        "not used",
        unused.prefix(4).joined(separator: ", ")
          + (unused.count > 4 ? " and \(unused.count - 4) more" : ""))
    }
    json["parameters"] = .integer(size.all)
    json["parameters_without_embedding"] = .integer(size.all - size.embedding)
    json["bytes"] = .integer(size.bytes)
    var formats = JSONObject()
    for format in size.formats {
      formats.append(
        JSONString(format.name),
        ["tensors": .integer(format.tensors), "values": .integer(format.values)])
    }
    json["formats"] = .object(formats)
    json["unused"] = .array(unused.map { JSON($0) })
  }

  private mutating func add(_ tokenizer: Tokenizer) {
    let kind = tokenizer.isByteLevel ? "byte-level BPE" : "SentencePiece's BPE"
    let special = tokenizer.encode("a").tokens.filter(\.isSpecial)
      .compactMap { tokenizer.token(of: $0.id) }
    add(
      "tokenizer",
      "\(kind), \(tokenizer.vocabularySize) ids, "
        + (special.isEmpty ? "adds nothing to a text" : "adds \(special.joined(separator: " "))"))
    json["tokenizer"] = [
      "kind": JSON(tokenizer.isByteLevel ? "byte_level" : "sentencepiece"),
      "vocabulary": .integer(tokenizer.vocabularySize), "adds": .array(special.map { JSON($0) }),
    ]
  }
}

extension ModelConfiguration {
  /// The rotary scaling in words.
  fileprivate var ropeText: String {
    switch ropeScaling {
    case .none: "no scaling"
    case .linear(let factor): "scaled by \(factor.short)"
    case .llama3(let factor, _, _, let length):
      "Llama 3's scaling by \(factor.short) beyond \(length)"
    case .divisors(let divisors): "own divisors up to \(divisors.max() ?? 1)"
    }
  }
}
