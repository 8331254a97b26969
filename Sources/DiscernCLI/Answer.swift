import Discern
import Formats

/// A classifier's or a tagger's answer to one text.
enum Answer {
  case label(Prediction, text: String)
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
    let text =
      switch example.input {
      case .text(let text): text
      case .words(let words): words.joined(separator: " ")
      }
    return classifier.adapter.recipe.task == .tokens
      ? .tags(classifier.tagged(example, encoded, logits), text: text)
      : .label(classifier.prediction(logits[0]), text: text)
  }

  // MARK: JSON

  /// The answer as members of an object.
  func json(_ answer: Answer) -> JSONObject {
    switch answer {
    case .label(let prediction, let text):
      var object: JSONObject = [
        "text": JSON(text), "label": JSON(prediction.label),
        "probability": .number(prediction.probability),
        "probabilities": .object(probabilities(prediction)),
      ]
      if logits { object["logits"] = .object(members(prediction.logits.map(Double.init))) }
      return object
    case .tags(let tagged, let text):
      var object: JSONObject = [
        "text": JSON(text), "entities": .array(tagged.entities.map(json)),
      ]
      if logits || !hasSpans { object["words"] = .array(tagged.words.map(json)) }
      return object
    }
  }

  private func probabilities(_ prediction: Prediction) -> JSONObject {
    guard let top else { return members(prediction.probabilities) }
    var object = JSONObject()
    for index in ranking(prediction).prefix(top) {
      object.append(JSONString(labels[index]), .number(prediction.probabilities[index]))
    }
    return object
  }

  private func members(_ values: [Double]) -> JSONObject {
    var object = JSONObject()
    for (label, value) in zip(labels, values) { object.append(JSONString(label), .number(value)) }
    return object
  }

  private func ranking(_ prediction: Prediction) -> [Int] {
    labels.indices.sorted { (-prediction.logits[$0], $0) < (-prediction.logits[$1], $1) }
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
      "end": .integer(word.characters.upperBound), "tag": word.tag.isEmpty ? .null : JSON(word.tag),
      "probability": .number(word.probability),
    ]
    if logits {
      object["logits"] =
        word.logits.isEmpty ? .null : .object(members(word.logits.map(Double.init)))
    }
    return .object(object)
  }

  // MARK: Lines

  /// The answer as lines of tab-separated fields.
  func lines(_ answer: Answer) -> String {
    switch answer {
    case .label(let prediction, let text):
      let shown = ranking(prediction).prefix(top ?? 1)
      let fields = shown.flatMap { [labels[$0], prediction.probabilities[$0].fixed(4)] }
      return row(fields + [text])
    case .tags(let tagged, _):
      let rows =
        hasSpans
        ? tagged.entities.map {
          fields($0.characters, $0.label, $0.text, $0.probability)
        } : tagged.words.map { fields($0.characters, $0.tag, $0.text, $0.probability) }
      return rows.map(row).joined() + "\n"
    }
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
