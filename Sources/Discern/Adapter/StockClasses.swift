import Formats

/// What an adapter needs of transformers' stock classes, and what they cannot do.
struct StockClasses {
  let model: ModelConfiguration
  let recipe: Recipe
  let tokenizer: Tokenizer?

  /// Whether every layer sees both ways.
  var isUnmasked: Bool { (0..<model.layers).allSatisfy(recipe.attention.unmasks) }

  /// The pad: transformers answers from the last token that is no pad, so that it must be none that ends texts.
  var padding: Int {
    let closing = tokenizer?.encode("a").tokens.last { $0.isSpecial }?.id
    let candidates = [model.paddingToken, tokenizer?.padToken.map(Int.init)] + model.endTokens + [0]
    return candidates.compactMap { $0 }.first { Int32($0) != closing && $0 < model.vocabularySize } ?? 0
  }

  /// What the classes cannot express, and what to do; a sentence or two each.
  var notes: [String] {
    var notes: [String] = []
    if let hint = poolingHint {
      notes.append(
        "Transformers' sequence classifiers answer from the last token, this adapter's pooling is "
          + "\(recipe.pooling.rawValue): their logits will differ. " + hint)
    }
    let unmasked = (0..<model.layers).filter(recipe.attention.unmasks)
    if isUnmasked {
      notes.append(
        "The model sees both ways (is_causal: false): transformers 5 and later read that from the configuration; "
          + "earlier versions ignore it and mask causally.")
    } else if !unmasked.isEmpty {
      notes.append(
        "\(unmasked.count) of \(model.layers) layers see both ways, which the configuration cannot say: transformers "
          + "will mask all of them causally. Set `layer.self_attn.is_causal` and the mask by layer in Python, or use "
          + "`discern predict`.")
    }
    if recipe.task == .multiLabel && recipe.threshold != 0.5 {
      notes.append("A label applies from the probability \(recipe.threshold) on, which the configuration cannot say.")
    }
    if recipe.head == .crf {
      notes.append(
        "The scores of neighbouring tags (\(AdapterFolder.transitionsFile)) have no place in the stock classes: in "
          + "Python each word is decided by its own logits.")
    }
    if recipe.overflow == .window {
      notes.append(
        "Texts beyond \(recipe.maxLength) tokens are read in windows that overlap; the stock classes read one sequence."
      )
    }
    if recipe.paperPadding > 0 {
      notes.append(
        "paper_padding \(recipe.paperPadding) fills texts with pads that count as text: in Python, pad to that length "
          + "and pass an attention_mask of ones.")
    }
    return notes
  }

  /// How to pool in Python; nil where the classes do it themselves.
  var poolingHint: String? {
    guard !recipe.task.tagsWords else { return nil }
    let hidden = "hidden = model.model(**inputs).last_hidden_state"
    switch recipe.pooling {
    case .last: return nil
    case .first: return "In Python: \(hidden); logits = model.score(hidden[:, 0])."
    case .mean:
      return "In Python, for one text: \(hidden); logits = model.score(hidden.mean(1)); "
        + "in a batch, average over the tokens that are no padding."
    case .max:
      return "In Python, for one text: \(hidden); logits = model.score(hidden).amax(1); "
        + "in a batch, over the tokens that are no padding."
    case .hiddenMax:
      return "In Python, for one text: \(hidden); logits = model.score(hidden.amax(1)); "
        + "in a batch, over the tokens that are no padding."
    }
  }
}
