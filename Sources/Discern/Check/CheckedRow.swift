import Formats

/// What a check keeps of a row: no text.
struct CheckedRow: Sendable {
  var file: Int32
  var line: Int32
  /// Hash of the text as it is compared.
  var text: UInt64
  /// Hash of the label, or of all tags; 0 without one.
  var label: UInt64
  var isEmpty: Bool
  var faults: TextFaults
  var wasComposed: Bool
  var hasOnlyASCII: Bool
  /// Length in tokens of the model, or in words.
  var length: Int32
  /// For each entity, how long a limit must be for it to be kept whole.
  var entityNeeds: [Int32] = []
  /// The types of the entities.
  var entityTypes: [String] = []
  /// Entities that begin or end with a word of punctuation.
  var edgeEntities = 0
  /// How many tags break the rules of each scheme, in the order of `TagScheme.allCases`.
  var schemeFaults: [Int32] = []

  /// Where the row stands, for people.
  func place(in files: [String]) -> String { "\(files[Int(file)]):\(line)" }
}

/// Looks at rows one by one, on any thread.
struct RowChecker: Sendable {
  let tokenizer: Tokenizer?
  let prefixSpace: Bool
  let task: Dataset.Task

  /// What a slice of rows gave: the rows, and their signatures end to end.
  struct Slice: Sendable {
    var rows: [CheckedRow] = []
    var signatures: [UInt8] = []
  }

  /// Looks at some rows.
  func check(_ examples: ArraySlice<Example>) -> Slice {
    var slice = Slice()
    slice.rows.reserveCapacity(examples.count)
    slice.signatures.reserveCapacity(examples.count * MinHash.places)
    var hasher = MinHash()
    for example in examples {
      let text = example.input.text
      let comparable = ComparableText(text)
      var row = CheckedRow(
        file: Int32(example.file), line: Int32(truncatingIfNeeded: example.line), text: comparable.hash,
        label: example.labelHash, isEmpty: comparable.scalars.isEmpty, faults: TextFaults(of: text),
        wasComposed: comparable.wasComposed, hasOnlyASCII: comparable.hasOnlyASCII, length: 0)
      measure(example, text, comparable, &row)
      checkTags(example, &row)
      hasher.append(comparable, to: &slice.signatures)
      slice.rows.append(row)
    }
    return slice
  }

  private func measure(
    _ example: Example, _ text: String, _ comparable: ComparableText, _ row: inout CheckedRow
  ) {
    let words = example.checkedWords(task)
    let spans = Span.lenient(example.tags)
    row.entityTypes = spans.map(\.label)
    guard let tokenizer else {
      row.length = Int32(words?.count ?? comparable.wordCount)
      row.entityNeeds = spans.map { Int32($0.end) }
      return
    }
    guard let words else {
      row.length = Int32(tokenizer.length(of: example.input))
      return
    }
    let encoding = tokenizer.encode(words: words, prefixSpace: prefixSpace)
    row.length = Int32(encoding.tokens.count)
    guard !spans.isEmpty else { return }
    // A word is kept where its first token is; a closing special token takes a place as well.
    let closing: Int32 = encoding.tokens.last?.isSpecial == true ? 1 : 0
    var firstTokens = [Int32](repeating: Int32.max - 1, count: words.count)
    for (position, word) in encoding.words.enumerated().reversed() where word >= 0 {
      firstTokens[Int(word)] = Int32(position)
    }
    row.entityNeeds = spans.map { span in
      min(firstTokens[span.start..<span.end].max() ?? 0, Int32.max - 2) + 1 + closing
    }
  }

  private func checkTags(_ example: Example, _ row: inout CheckedRow) {
    guard case .tags(let tags) = example.label else { return }
    row.entityTypes += example.missedSpans
    let parsed = tags.map { Tag($0) }
    row.schemeFaults = TagScheme.allCases.map { Int32($0.faults(in: parsed)) }
    guard let words = example.checkedWords(task), words.count == tags.count else { return }
    row.edgeEntities = Span.lenient(tags).count { span in
      words[span.start].isPunctuation || words[span.end - 1].isPunctuation
    }
  }
}

extension Example {
  /// The words that are tagged; nil where the text is read as a whole.
  fileprivate func checkedWords(_ task: Dataset.Task) -> [String]? {
    switch input {
    case .words(let words): words
    case .text(let text) where task == .tokens: WordSplitter.words(in: text).map { String(text[$0]) }
    case .text, .pair: nil
    }
  }

  /// A hash of what is to be learnt from the row; 0 where there is nothing.
  fileprivate var labelHash: UInt64 {
    var hash = StableHash(seed: 1)
    switch label {
    case .none: return 0
    case .classLabel(let name): hash.add(name)
    case .labels(let names): for name in names.sorted(by: { JSONString($0) < JSONString($1) }) { hash.add(name) }
    case .values(let values): for value in values { hash.add(value.bitPattern) }
    case .tags(let tags): for tag in tags { hash.add(tag) }
    }
    return hash.value
  }
}

extension Tokenizer {
  /// Length in tokens of a text or a pair.
  fileprivate func length(of input: Example.Input) -> Int {
    if case .pair(let first, let second) = input { return encodePair(first, second).length }
    return encode(input.text).tokens.count
  }
}

extension String {
  /// Whether there is nothing but punctuation and white space, and some of it.
  fileprivate var isPunctuation: Bool {
    !isEmpty && unicodeScalars.allSatisfy { Self.punctuation.contains($0.properties.generalCategory) }
  }

  private static let punctuation: Set<Unicode.GeneralCategory> = [
    .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
    .finalPunctuation, .otherPunctuation, .spaceSeparator, .control,
  ]
}
