import Formats
import Glibc

/// The answer to one text.
public struct Prediction: Sendable {
  /// The most probable label.
  public let label: String
  /// Its probability (softmax).
  public let probability: Double
  /// Logits in the order of the labels.
  public let logits: [Float]
  /// Probabilities in the order of the labels.
  public let probabilities: [Double]
}

/// The labels that apply to one text.
public struct LabelsPrediction: Sendable {
  /// The labels whose probability reaches the threshold, in the order of the label set.
  public let labels: [String]
  /// Logits in the order of the labels.
  public let logits: [Float]
  /// Probabilities in the order of the labels, each by itself (sigmoid).
  public let probabilities: [Double]
}

/// The answer to one text of a tagger.
public struct TaggedText: Sendable {
  /// A word, where it stands, and its tag.
  public struct Word: Sendable {
    /// The word.
    public let text: String
    /// Offsets in Unicode scalars (Python's characters) of the text; of the words joined by spaces where words came.
    public let characters: Range<Int>
    /// The predicted tag; for a word behind the cut `O`, or empty where the tags spell no spans.
    public let tag: String
    /// Probability of the tag; 0 for a word behind the cut.
    public let probability: Double
    /// Logits in the order of the labels; empty for a word behind the cut.
    public let logits: [Float]
  }

  /// An entity: consecutive words of one type.
  public struct Entity: Sendable {
    /// Its type.
    public let label: String
    /// Words that it covers.
    public let words: Range<Int>
    /// Offsets in Unicode scalars of the text.
    public let characters: Range<Int>
    /// Its text.
    public let text: String
    /// The smallest probability of its words' tags.
    public let probability: Double
  }

  /// All words.
  public let words: [Word]
  /// The entities that the tags spell.
  public let entities: [Entity]
}

extension Classifier {
  /// Labels of texts; in the order given.
  ///
  /// Throws where the classifier is a tagger, and where a text is too long and the recipe says `overflow: error`.
  public func predict(_ texts: [String]) throws -> [Prediction] {
    try predict(Dataset(name: "text", examples: texts.map { Example(input: .text($0)) }))
  }

  /// Labels of a data set's texts.
  public func predict(_ dataset: Dataset) throws -> [Prediction] {
    try check(.sequence)
    return try checkedLogits(dataset).logits.map { prediction($0[0]) }
  }

  /// The labels that apply to a data set's texts.
  public func predictLabels(_ dataset: Dataset) throws -> [LabelsPrediction] {
    try check(.multiLabel)
    return try checkedLogits(dataset).logits.map { labelsPrediction($0[0]) }
  }

  /// The numbers of a data set's texts, in the order of the targets.
  public func predictValues(_ dataset: Dataset) throws -> [[Float]] {
    try check(.regression)
    return try checkedLogits(dataset).logits.map { $0[0] }
  }

  private func check(_ task: Dataset.Task) throws {
    guard adapter.recipe.task != task else { return }
    let right =
      switch adapter.recipe.task {
      case .sequence: "predict(_:)"
      case .multiLabel: "predictLabels(_:)"
      case .regression: "predictValues(_:)"
      case .tokens: "tag(_:)"
      }
    throw DiscernError(
      .configuration, "this adapter's task is \(adapter.recipe.task.rawValue), not \(task.rawValue): use \(right)")
  }

  /// Tags of texts (split into words by `WordSplitter`) or of sentences given as words.
  public func tag(_ dataset: Dataset) throws -> [TaggedText] {
    try check(.tokens)
    let (encoded, logits, _) = try checkedLogits(dataset)
    return zip(dataset.examples, zip(encoded, logits)).map { example, answer in
      tagged(example, answer.0, answer.1)
    }
  }

  /// Tags of texts.
  public func tag(_ texts: [String]) throws -> [TaggedText] {
    try tag(Dataset(name: "text", examples: texts.map { Example(input: .text($0)) }))
  }

  /// The answer that the logits of a text spell.
  public func prediction(_ logits: [Float]) -> Prediction {
    let probabilities = softmax(logits)
    let best = Classifier.best(logits)
    return Prediction(
      label: labels.names[best], probability: probabilities[best], logits: logits,
      probabilities: probabilities)
  }

  /// The labels that the logits of a text spell.
  public func labelsPrediction(_ logits: [Float]) -> LabelsPrediction {
    LabelsPrediction(
      labels: zip(labels.names, applies(logits)).filter(\.1).map(\.0), logits: logits,
      probabilities: logits.map(sigmoid))
  }

  /// For each label whether it applies.
  func applies(_ logits: [Float]) -> [Bool] {
    logits.map { sigmoid($0) >= adapter.recipe.threshold }
  }

  /// Index of the largest logit, the first of equals.
  static func best(_ logits: [Float]) -> Int {
    logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }
  }

  /// The answer that the logits of a text's kept words spell.
  public func tagged(_ example: Example, _ encoded: EncodedExample, _ logits: [[Float]]) -> TaggedText {
    let (text, ranges) = Classifier.wordRanges(example.input)
    let scalars = Array(text.unicodeScalars)
    let tags = tags(encoded, logits)
    var rows = [[Float]](repeating: [], count: encoded.wordCount)
    var chances = [Double](repeating: 0, count: encoded.wordCount)
    let answers = zip(bestTags(encoded, logits), tagProbabilities(encoded, logits))
    for (word, (row, answer)) in zip(encoded.words, zip(logits, answers)) {
      rows[Int(word)] = row
      chances[Int(word)] = answer.1[answer.0]
    }
    func slice(_ range: Range<Int>) -> String {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars[range])
      return String(view)
    }
    let words = ranges.indices.map { index in
      TaggedText.Word(
        text: slice(ranges[index]), characters: ranges[index], tag: tags[index],
        probability: chances[index], logits: rows[index])
    }
    let entities = Span.lenient(tags).map { span in
      let characters = words[span.start].characters.lowerBound..<words[span.end - 1].characters.upperBound
      return TaggedText.Entity(
        label: span.label, words: span.start..<span.end, characters: characters,
        text: slice(characters),
        probability: words[span.start..<span.end].map(\.probability).min() ?? 0)
    }
    return TaggedText(words: words, entities: entities)
  }

  /// The text of an input and its words as ranges of Unicode scalars.
  private static func wordRanges(_ input: Example.Input) -> (text: String, ranges: [Range<Int>]) {
    switch input {
    case .text(let text):
      let view = text.unicodeScalars
      var position = 0
      var last = view.startIndex
      func offset(_ index: String.Index) -> Int {
        position += view.distance(from: last, to: index)
        last = index
        return position
      }
      let ranges = WordSplitter.words(in: text).map { offset($0.lowerBound)..<offset($0.upperBound) }
      return (text, ranges)
    case .pair: return wordRanges(.text(input.text))
    case .words(let words):
      var start = 0
      let ranges = words.map { word in
        let end = start + word.unicodeScalars.count
        defer { start = end + 1 }
        return start..<end
      }
      return (words.joined(separator: " "), ranges)
    }
  }
}

func softmax(_ logits: [Float]) -> [Double] {
  let largest = Double(logits.max() ?? 0)
  let powers = logits.map { exp(Double($0) - largest) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}

func logSoftmax(_ logits: [Float], at index: Int) -> Double {
  let largest = Double(logits.max() ?? 0)
  let sum = logits.reduce(0) { $0 + exp(Double($1) - largest) }
  return Double(logits[index]) - largest - log(sum)
}

func sigmoid(_ logit: Float) -> Double { sigmoid(Double(logit)) }

func sigmoid(_ z: Double) -> Double { z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z)) }

func logSigmoid(_ logit: Float) -> Double { logSigmoid(Double(logit)) }

func logSigmoid(_ z: Double) -> Double { z >= 0 ? -log1p(exp(-z)) : z - log1p(exp(z)) }
