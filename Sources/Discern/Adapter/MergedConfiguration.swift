import Compute
import Formats

/// `config.json` of a merged model as transformers 4 and 5 read it, and notes on what it cannot say.
struct MergedConfiguration {
  let classifier: Classifier
  let format: Merge.Format

  private var model: ModelConfiguration { classifier.configuration }
  private var recipe: Recipe { classifier.adapter.recipe }
  private var stock: StockClasses { StockClasses(model: model, recipe: recipe, tokenizer: classifier.tokenizer) }

  init(_ classifier: Classifier, format: Merge.Format) {
    self.classifier = classifier
    self.format = format
  }

  /// The file's content. Throws where the model's rotary scaling has no name in transformers.
  func json() throws -> JSON {
    var object = sizes
    try addRope(to: &object)
    addWindows(to: &object)
    addHead(to: &object)
    return .object(object)
  }

  private var sizes: JSONObject {
    let prefix =
      switch model.family {
      case .llama: "Llama"
      case .mistral: "Mistral"
      case .qwen2: "Qwen2"
      case .qwen3: "Qwen3"
      }
    let kind = recipe.task.tagsWords ? "TokenClassification" : "SequenceClassification"
    let type = format == .f32 ? "float32" : "bfloat16"
    var object: JSONObject = [
      "architectures": [JSON("\(prefix)For\(kind)")], "model_type": JSON(model.family.rawValue),
      "dtype": JSON(type), "torch_dtype": JSON(type),
      "hidden_size": .integer(model.width), "intermediate_size": .integer(model.hiddenWidth),
      "num_hidden_layers": .integer(model.layers), "num_attention_heads": .integer(model.heads),
      "num_key_value_heads": .integer(model.keyValueHeads), "head_dim": .integer(model.headSize),
      "vocab_size": .integer(model.vocabularySize),
      "max_position_embeddings": .integer(model.maximumPositions),
      "rms_norm_eps": .number(model.normEpsilon), "hidden_act": "silu", "attention_dropout": 0.0,
      "attention_bias": .bool(model.attentionBias), "tie_word_embeddings": false,
      "bos_token_id": model.beginToken.map(JSON.integer) ?? .null,
      "eos_token_id": model.endTokens.first.map(JSON.integer) ?? .null,
      "pad_token_id": .integer(stock.padding),
    ]
    if model.family == .llama { object["mlp_bias"] = false }
    return object
  }

  private func addHead(to object: inout JSONObject) {
    let labels = classifier.labels.names
    var names = JSONObject()
    var ids = JSONObject()
    for (index, label) in labels.enumerated() {
      names.append(JSONString(String(index)), JSON(label))
      ids.append(JSONString(label), .integer(index))
    }
    object["id2label"] = .object(names)
    object["label2id"] = .object(ids)
    if recipe.task.tagsWords {
      object["classifier_dropout"] = .number(recipe.headDropout)
    } else {
      object["problem_type"] = recipe.task.problemType.map { JSON($0) }
    }
    if stock.isUnmasked { object["is_causal"] = false }
    object["use_cache"] = false
  }

  // MARK: Rotation and windows

  private func addRope(to object: inout JSONObject) throws {
    var scaling = JSONObject()
    switch model.ropeScaling {
    case .none: scaling["rope_type"] = "default"
    case .linear(let factor):
      scaling["rope_type"] = "linear"
      scaling["factor"] = .number(factor)
    case .llama3: add(model.ropeScaling, to: &scaling)
    case .divisors(let divisors):
      guard let named = model.namedScaling(divisors) else {
        throw DiscernError(
          .configuration,
          "\(classifier.base.place): found rotary divisors that are not Llama 3's; expected a scaling that "
            + "transformers has a name for. Merge into the original model with --model and --other-base.")
      }
      add(named, to: &scaling)
    }
    object["rope_theta"] = .number(model.ropeTheta)
    object["rope_scaling"] = model.ropeScaling == .none ? .null : .object(scaling)
    scaling["rope_theta"] = .number(model.ropeTheta)
    object["rope_parameters"] = .object(scaling)
  }

  private func add(_ scaling: RopeScaling, to object: inout JSONObject) {
    guard case .llama3(let factor, let low, let high, let length) = scaling else { return }
    object["rope_type"] = "llama3"
    object["factor"] = .number(factor)
    object["low_freq_factor"] = .number(low)
    object["high_freq_factor"] = .number(high)
    object["original_max_position_embeddings"] = .integer(length)
  }

  private func addWindows(to object: inout JSONObject) {
    let window = model.slidingWindow.map(JSON.integer) ?? .null
    switch model.family {
    case .llama: return
    case .mistral: object["sliding_window"] = window
    case .qwen2, .qwen3:
      let first = model.windows.firstIndex { $0 != nil }
      object["use_sliding_window"] = .bool(first != nil)
      object["sliding_window"] = window
      object["max_window_layers"] = .integer(first ?? model.layers)
      object["layer_types"] = .array(
        model.windows.map { $0 == nil ? "full_attention" : "sliding_attention" })
    }
  }

  // MARK: Notes

  /// What the stock classes cannot express, and what to do.
  var notes: [String] {
    let rounding = "Weights are rounded to bfloat16: logits differ from this adapter's in the third digit."
    return stock.notes + (format == .bf16 ? [rounding] : [])
  }
}

extension ModelConfiguration {
  /// Llama 3's scaling with the values of its releases, where it gives these divisors (which GGUF files hold instead).
  func namedScaling(_ divisors: [Float]) -> RopeScaling? {
    var plain = self
    plain.ropeScaling = .none
    let frequencies = plain.inverseFrequencies
    let factor = Double(divisors.max() ?? 1)
    let scaling = RopeScaling.llama3(
      factor: factor, lowFrequency: 1, highFrequency: 4, originalLength: 8192)
    var named = self
    named.ropeScaling = scaling
    let isSame = zip(zip(frequencies, named.inverseFrequencies), divisors).allSatisfy {
      abs($0.0 / $0.1 - $1) <= 1e-4 * $1
    }
    return isSame ? scaling : nil
  }
}
