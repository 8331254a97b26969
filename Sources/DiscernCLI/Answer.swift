import Discern
import Formats

/// A classifier's, a regressor's or a tagger's answer to one text.
enum Answer {
  case label(Prediction, text: String)
  case labels(LabelsPrediction, text: String)
  case values([Double], text: String)
  case tags(TaggedText, text: String)

  /// The words of a tagged text.
  var words: [TaggedText.Word] {
    if case .tags(let tagged, _) = self { tagged.words } else { [] }
  }
}

/// How answers are written.
struct AnswerFormat {
  let labels: [String]
  /// Only so many of the most probable labels.
  let top: Int?
  /// Whether logits are written.
  let logits: Bool
  /// Whether the tags spell spans.
  let hasSpans: Bool
  /// What the answers have to keep.
  var promise = AnswerPromise.none

  init(_ classifier: Classifier, top: Int?, logits: Bool) {
    labels = classifier.labels.names
    self.top = top
    self.logits = logits
    hasSpans = classifier.labels.spellsSpans
  }

  /// The answer that logits spell.
  func answer(
    _ classifier: Classifier, _ example: Example, _ encoded: EncodedExample, _ logits: [[Float]]
  ) -> Answer {
    let text = example.input.text
    switch classifier.adapter.recipe.task {
    case .sequence: return .label(classifier.prediction(logits[0]), text: text)
    case .multiLabel: return .labels(classifier.labelsPrediction(logits[0]), text: text)
    case .regression: return .values(logits[0].map(Double.init), text: text)
    case .tokens: return .tags(classifier.tagged(example, encoded, logits), text: text)
    }
  }

  // MARK: JSON

  /// The answer as members of an object.
  func json(_ answer: Answer) -> JSONObject {
    switch answer {
    case .label(let prediction, let text):
      let isWithheld = promise.withholds(prediction.label, prediction.probability)
      var object: JSONObject = [
        "text": JSON(text), "label": isWithheld ? .null : JSON(prediction.label),
        "probability": .number(prediction.probability),
        "probabilities": .object(probabilities(prediction.probabilities, prediction.logits)),
      ]
      switch promise {
      case .none, .intervals: break
      case .precision: object["abstained"] = .bool(isWithheld)
      case .coverage(let coverage, _):
        object["coverage"] = .number(coverage)
        object["set"] = .array(set(prediction).map { JSON(labels[$0]) })
      }
      if logits { object["logits"] = .object(members(prediction.logits.map(Double.init))) }
      return object
    case .labels(let prediction, let text):
      var object: JSONObject = [
        "text": JSON(text), "labels": .array(given(prediction).map { JSON(labels[$0]) }),
        "probabilities": .object(probabilities(prediction.probabilities, prediction.logits)),
      ]
      if case .precision = promise { object["abstained"] = .array(withheld(prediction).map { JSON(labels[$0]) }) }
      if logits { object["logits"] = .object(members(prediction.logits.map(Double.init))) }
      return object
    case .values(let values, let text):
      var object: JSONObject = ["text": JSON(text), "values": .object(members(values))]
      if case .intervals(let coverage, _) = promise {
        object["coverage"] = .number(coverage)
        var intervals = JSONObject()
        for (label, ends) in zip(labels, ends(values)) {
          intervals.append(JSONString(label), ends.map { [.number($0.lower), .number($0.upper)] } ?? .null)
        }
        object["intervals"] = .object(intervals)
      }
      return object
    case .tags(let tagged, let text):
      var object: JSONObject = [
        "text": JSON(text), "entities": .array(given(tagged.entities).map(json)),
      ]
      if case .precision = promise, hasSpans {
        let withheld = tagged.entities.filter { promise.withholds($0.label, $0.probability) }
        object["abstained"] = .array(withheld.map(json))
      }
      if logits || !hasSpans { object["words"] = .array(tagged.words.map(json)) }
      return object
    }
  }

  /// The labels that apply and may be given, and those that apply and may not.
  private func given(_ prediction: LabelsPrediction) -> [Int] { applying(prediction, isWithheld: false) }
  private func withheld(_ prediction: LabelsPrediction) -> [Int] { applying(prediction, isWithheld: true) }

  private func applying(_ prediction: LabelsPrediction, isWithheld: Bool) -> [Int] {
    let applying = Set(prediction.labels)
    return labels.indices.filter {
      applying.contains(labels[$0]) && promise.withholds(labels[$0], prediction.probabilities[$0]) == isWithheld
    }
  }

  /// Where the interval of each number begins and ends; nil where it has no ends.
  private func ends(_ values: [Double]) -> [(lower: Double, upper: Double)?] {
    guard case .intervals(let coverage, let intervals) = promise, let widths = intervals.halfWidths(coverage: coverage)
    else { return values.map { _ in nil } }
    return zip(values, widths).map { ($0 - $1, $0 + $1) }
  }

  /// The entities that may be given.
  func given(_ entities: [TaggedText.Entity]) -> [TaggedText.Entity] {
    entities.filter { !promise.withholds($0.label, $0.probability) }
  }

  /// How many answers of a text are withheld: its label, its entities, or tags of its words.
  func withheldCount(_ answer: Answer) -> Int {
    switch answer {
    case .label(let prediction, _): promise.withholds(prediction.label, prediction.probability) ? 1 : 0
    case .labels(let prediction, _): withheld(prediction).count
    case .values: 0
    case .tags(let tagged, _):
      hasSpans
        ? tagged.entities.count - given(tagged.entities).count
        : tagged.words.count { !$0.tag.isEmpty && promise.withholds($0.tag, $0.probability) }
    }
  }

  /// The labels of the set that keeps the coverage.
  private func set(_ prediction: Prediction) -> [Int] {
    guard case .coverage(let coverage, let scores) = promise else { return [] }
    return scores.set(prediction.logits, coverage: coverage)
  }

  private func probabilities(_ probabilities: [Double], _ logits: [Float]) -> JSONObject {
    guard let top else { return members(probabilities) }
    var object = JSONObject()
    for index in ranking(logits).prefix(top) {
      object.append(JSONString(labels[index]), .number(probabilities[index]))
    }
    return object
  }

  /// A number for each label.
  func members(_ values: [Double]) -> JSONObject {
    var object = JSONObject()
    for (label, value) in zip(labels, values) { object.append(JSONString(label), .number(value)) }
    return object
  }

  private func ranking(_ logits: [Float]) -> [Int] {
    labels.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
  }

  private func json(_ entity: TaggedText.Entity) -> JSON {
    [
      "start": .integer(entity.characters.lowerBound),
      "end": .integer(entity.characters.upperBound),
      "label": JSON(entity.label), "text": JSON(entity.text),
      "probability": .number(entity.probability),
    ]
  }

  private func json(_ word: TaggedText.Word) -> JSON {
    var object: JSONObject = [
      "text": JSON(word.text), "start": .integer(word.characters.lowerBound),
      "end": .integer(word.characters.upperBound),
      "tag": word.tag.isEmpty || isWithheld(word) ? .null : JSON(word.tag),
      "probability": .number(word.probability),
    ]
    if logits {
      object["logits"] =
        word.logits.isEmpty ? .null : .object(members(word.logits.map(Double.init)))
    }
    return .object(object)
  }

  private func isWithheld(_ word: TaggedText.Word) -> Bool {
    !hasSpans && promise.withholds(word.tag, word.probability)
  }

  // MARK: Lines

  /// The answer as lines of tab-separated fields.
  func lines(_ answer: Answer) -> String {
    switch answer {
    case .label(let prediction, let text):
      if case .coverage = promise {
        let set = set(prediction)
        let sum = set.reduce(0) { $0 + prediction.probabilities[$1] }
        return row([set.map { labels[$0] }.joined(separator: " | "), sum.fixed(4), text])
      }
      if promise.withholds(prediction.label, prediction.probability) {
        return row([AnswerPromise.abstention, prediction.probability.fixed(4), text])
      }
      return row(ranked(prediction.probabilities, prediction.logits, top ?? 1) + [text])
    case .labels(let prediction, let text):
      if let top { return row(ranked(prediction.probabilities, prediction.logits, top) + [text]) }
      let given = given(prediction)
      if given.isEmpty, !withheld(prediction).isEmpty { return row([AnswerPromise.abstention, "", text]) }
      let probabilities = given.map { prediction.probabilities[$0].fixed(4) }
      return row([given.map { labels[$0] }.joined(separator: ";"), probabilities.joined(separator: ";"), text])
    case .values(let values, let text):
      guard case .intervals = promise else { return row(values.map { $0.fixed(6) } + [text]) }
      let fields = zip(values, ends(values)).flatMap { value, ends in
        [value.fixed(6), ends?.lower.fixed(6) ?? "-inf", ends?.upper.fixed(6) ?? "inf"]
      }
      return row(fields + [text])
    case .tags(let tagged, _):
      let rows =
        hasSpans
        ? given(tagged.entities).map {
          fields($0.characters, $0.label, $0.text, $0.probability)
        }
        : tagged.words.map {
          fields($0.characters, isWithheld($0) ? AnswerPromise.abstention : $0.tag, $0.text, $0.probability)
        }
      return rows.map(row).joined() + "\n"
    }
  }

  /// The most probable labels, each with its probability.
  private func ranked(_ probabilities: [Double], _ logits: [Float], _ count: Int) -> [String] {
    ranking(logits).prefix(count).flatMap { [labels[$0], probabilities[$0].fixed(4)] }
  }

  private func fields(_ range: Range<Int>, _ label: String, _ text: String, _ probability: Double)
    -> [String]
  {
    ["\(range.lowerBound)", "\(range.upperBound)", label, text, probability.fixed(4)]
  }

  private func row(_ fields: [String]) -> String {
    fields.map(\.onOneLine).joined(separator: "\t") + "\n"
  }
}
