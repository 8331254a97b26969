import Compute
import Formats

/// Turns examples into token ids, and says what did not fit.
public struct ExampleEncoder: Sendable {
  let tokenizer: Tokenizer
  let recipe: Recipe
  let labels: LabelSet
  /// How long texts are cut into windows; nil where they are not.
  private let windows: WindowEncoder?
  /// Stands between the texts of a pair where the tokenizer puts nothing there: the model's end of a text.
  private let separator: Int32?
  /// Stands for a text without tokens, and fills `paper_padding`.
  let filler: Int32

  /// What was cut, over all texts of a data set.
  public struct Report: Equatable, Sendable {
    /// Texts.
    public var texts = 0
    /// Tokens fed to the model.
    public var tokens = 0
    /// Longest text in tokens before cutting.
    public var longest = 0
    /// Longest text in tokens as the model reads it.
    public var longestRead = 0
    /// Lengths of the texts in tokens before cutting, in the order of the data.
    public var lengths: [Int] = []
    /// Texts that were cut at `max_length`.
    public var cutTexts = 0
    /// Texts that were read in several windows.
    public var windowedTexts = 0
    /// Words that lost their place: behind the cut, or without any token.
    public var lostWords = 0
    /// Gold entities with at least one lost word.
    public var lostEntities = 0
    /// Gold entities.
    public var entities = 0

    /// Nothing yet.
    public init() {}
  }

  init(_ tokenizer: Tokenizer, recipe: Recipe, labels: LabelSet, model: ModelConfiguration) throws {
    guard tokenizer.vocabularySize <= model.vocabularySize else {
      throw DiscernError(
        .configuration,
        "tokenizer: it has \(tokenizer.vocabularySize) ids, the model's embedding \(model.vocabularySize) rows; "
          + "the tokenizer belongs to another model")
    }
    self.tokenizer = tokenizer
    self.recipe = recipe
    self.labels = labels
    separator = (model.endTokens.first ?? model.beginToken).map(Int32.init)
    windows = try recipe.overflow == .window ? WindowEncoder(recipe, template: tokenizer.singleTemplate) : nil
    let candidates = [model.paddingToken.map(Int32.init), tokenizer.padToken, tokenizer.bosToken, tokenizer.eosToken]
    filler = candidates.compactMap { $0 }.first { $0 >= 0 && $0 < model.vocabularySize } ?? 0
  }

  /// Encodes all examples of a data set.
  ///
  /// Throws where a text is too long and the recipe says `overflow: error`, and a `CancellationError` where `shouldStop`
  /// answers true before the end.
  public func encode(
    _ dataset: Dataset, shouldStop: () -> Bool = { false }
  ) throws -> (examples: [EncodedExample], report: Report) {
    var report = Report()
    let encoded = try dataset.examples.map { example in
      if shouldStop() { throw CancellationError() }
      let (result, length) = encode(example)
      if result.isCut && recipe.overflow == .error {
        throw FormatError(
          dataset.place(example.line, in: example), found: "a text of \(length) tokens",
          expected: "at most max_length \(recipe.maxLength)",
          remedy: "Raise max_length, split the text, or set overflow to truncate.")
      }
      report.add(result, example, length: length)
      return result
    }
    return (encoded, report)
  }

  /// Encodes one example; also returns its length in tokens before cutting.
  public func encode(_ example: Example) -> (example: EncodedExample, length: Int) {
    switch recipe.task {
    case .sequence, .multiLabel, .regression: return encodeText(example)
    case .tokens: return encodeWords(example)
    }
  }

  private func encodeText(_ example: Example) -> (example: EncodedExample, length: Int) {
    var (result, length) = textTokens(example.input)
    // The row that answers for each sequence.
    var first: Int32 = 0
    result.rows = result.sequences.map { count in
      defer { first += Int32(count) }
      return recipe.pooling == .first ? first : first + Int32(count) - 1
    }
    setAnswer(of: &result, example.label)
    pad(&result)
    return (result, length)
  }

  private func setAnswer(of encoded: inout EncodedExample, _ label: Example.Label) {
    switch label {
    case .none, .tags: break
    case .classLabel(let name): encoded.labels = [Int32(labels.index(of: name) ?? -1)]
    case .labels(let names):
      encoded.targets = [Float](repeating: 0, count: labels.count)
      for name in names { labels.index(of: name).map { encoded.targets[$0] = 1 } }
    case .values(let values): encoded.targets = values.map { Float($0) }
    }
  }

  private func textTokens(_ input: Example.Input) -> (example: EncodedExample, length: Int) {
    if case .pair(let first, let second) = input {
      return pairTokens(tokenizer.encodePair(first, second, separator: separator))
    }
    let tokens = tokenizer.encode(input.text).tokens
    if let windows, tokens.count > recipe.maxLength {
      let (ids, lengths, _) = windows.encode(tokens.filter { !$0.isSpecial }.map(\.id))
      return (EncodedExample(tokens: ids, rows: [], labels: [], windows: lengths), tokens.count)
    }
    let (ids, length, _) = fitted(tokens)
    return (EncodedExample(tokens: ids, rows: [], labels: [], isCut: length > recipe.maxLength), length)
  }

  /// Tokens of both texts in the tokenizer's pair template; where they are too long together, the longer one is cut
  /// first, so that something of both is always read.
  private func pairTokens(_ pair: PairEncoding) -> (example: EncodedExample, length: Int) {
    let isLong = pair.length > recipe.maxLength
    if let windows, isLong {
      let (ids, lengths, isCut) = windows.encode(pair)
      return (EncodedExample(tokens: ids, rows: [], labels: [], isCut: isCut, windows: lengths), pair.length)
    }
    let ids = pair.joined(limit: recipe.maxLength)
    let own = ids.isEmpty ? [filler] : ids
    return (EncodedExample(tokens: own, rows: [], labels: [], isCut: isLong), max(pair.length, 1))
  }

  private func encodeWords(_ example: Example) -> (example: EncodedExample, length: Int) {
    let words: [String] =
      switch example.input {
      case .text, .pair:
        // Tagging knows no pairs: one would be two sentences with a tab between.
        WordSplitter.words(in: example.input.text).map { String(example.input.text[$0]) }
      case .words(let words): words
      }
    let encoding = tokenizer.encode(words: words, prefixSpace: recipe.prefixSpace)
    var (result, length, owners) = wordTokens(encoding)
    result.wordCount = words.count
    var previous: Int32 = -1
    for (word, row) in zip(encoding.words, owners) where word >= 0 && word != previous {
      result.rows.append(row)
      result.words.append(word)
      previous = word
    }
    if case .tags(let tags) = example.label {
      result.labels = result.words.map { Int32(labels.index(of: tags[Int($0)]) ?? -1) }
    }
    pad(&result)
    return (result, length)
  }

  /// The tokens of words, and for each that is left of those before where it stands; -1 for the template's in windows.
  private func wordTokens(_ encoding: Encoding) -> (example: EncodedExample, length: Int, rows: [Int32]) {
    let count = encoding.tokens.count
    if let windows, count > recipe.maxLength {
      let isText = encoding.words.map { $0 >= 0 }
      let text = zip(encoding.tokens, isText).filter(\.1).map(\.0.id)
      let (ids, lengths, owners) = windows.encode(text)
      var next = owners.makeIterator()
      let rows = isText.map { $0 ? next.next()! : -1 }
      return (EncodedExample(tokens: ids, rows: [], labels: [], windows: lengths), count, rows)
    }
    let (ids, length, own) = fitted(encoding.tokens)
    let example = EncodedExample(tokens: ids, rows: [], labels: [], isCut: length > recipe.maxLength)
    return (example, length, (0..<Int32(own)).map { $0 })
  }

  /// Ids cut to the longest length (a closing special token stays), at least one; the length before; and how many of
  /// the ids stand where the tokens stood.
  private func fitted(_ tokens: [Token]) -> (ids: [Int32], length: Int, own: Int) {
    var ids = tokens.map(\.id)
    if ids.isEmpty { ids = [filler] }
    let length = ids.count
    if length > recipe.maxLength {
      ids.removeLast(length - recipe.maxLength)
      if let last = tokens.last, last.isSpecial {
        ids[ids.count - 1] = last.id
        return (ids, length, ids.count - 1)
      }
    }
    return (ids, length, ids.count)
  }

  private func pad(_ example: inout EncodedExample) {
    let missing = recipe.paperPadding - example.tokens.count
    if missing > 0 { example.tokens += [Int32](repeating: filler, count: missing) }
  }
}

extension ExampleEncoder.Report {
  fileprivate mutating func add(_ encoded: EncodedExample, _ example: Example, length: Int) {
    texts += 1
    tokens += encoded.tokens.count
    longest = max(longest, length)
    longestRead = max(longestRead, encoded.sequences.max() ?? 0)
    if !encoded.windows.isEmpty { windowedTexts += 1 }
    lengths.append(length)
    if encoded.isCut { cutTexts += 1 }
    lostWords += encoded.wordCount - encoded.words.count
    guard case .tags(let tags) = example.label else { return }
    let kept = Set(encoded.words)
    let spans = Span.strict(tags)
    entities += spans.count + example.missedSpans.count
    lostEntities += example.missedSpans.count
    lostEntities += spans.count { span in
      (span.start..<span.end).contains { !kept.contains(Int32($0)) }
    }
  }

  /// One line for people, or `nil` where nothing was cut or lost.
  public var warning: String? {
    guard cutTexts > 0 || lostWords > 0 else { return nil }
    var text = "\(cutTexts) of \(texts) texts cut (longest: \(longest) tokens)"
    if lostWords > 0 { text += ", \(lostWords) words lost" }
    if entities > 0 { text += ", \(lostEntities) of \(entities) gold entities lost" }
    return text
  }

  /// One line for people where a text is longer than any that the model was made for, else `nil`.
  public func warning(beyond positions: Int) -> String? {
    guard longestRead > positions else { return nil }
    return "the longest text has \(longestRead) tokens, but the model was made for \(positions) at most; "
      + "answers to such texts may be worse, a lower max_length cuts them"
  }

  /// The same facts for machines.
  public var json: JSON {
    [
      "texts": .integer(texts), "tokens": .integer(tokens), "longest": .integer(longest),
      "cut_texts": .integer(cutTexts),
      "windowed_texts": .integer(windowedTexts), "lost_words": .integer(lostWords),
      "entities": .integer(entities), "lost_entities": .integer(lostEntities),
    ]
  }
}
