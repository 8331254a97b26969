import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// Evaluation and prediction on a real little model: words without an answer, plain tags, and data or weights at fault.
@Suite struct EvaluationTests {
  let base: BaseModel
  let tokenizer: Tokenizer

  init() throws { (base, tokenizer) = try tinyModel() }

  private func classifier(
    _ labels: [String], _ task: Dataset.Task, head: Float = 0, maxLength: Int = 512, tokenizer other: Tokenizer? = nil
  ) throws -> Classifier {
    var recipe = Recipe()
    recipe.task = task
    recipe.rank = 1
    recipe.maxLength = maxLength
    let adapter = try Adapter(recipe, labels: labels, for: base.configuration, on: base.backend)
    // Zero weights: the first label wins.
    let weight = adapter.head.weight.value
    base.backend.write(weight.values.map { _ in head }, into: weight)
    return try Classifier(base, adapter, tokenizer: other ?? tokenizer)
  }

  /// The tokenizer with `</s>` behind every text.
  private func closingTokenizer() throws -> Tokenizer {
    let name = Paths.fixture("stories260K") + "/tokenizer.json"
    var object = try #require(try JSON(contentsOf: name, limit: 1 << 24).object)
    func special(_ token: JSON) -> JSON { ["SpecialToken": ["id": token, "type_id": 0]] }
    let template: JSON = [special("<s>"), ["Sequence": ["id": "A", "type_id": 0]], special("</s>")]
    object["post_processor"] = [
      "type": "TemplateProcessing", "single": template, "pair": template,
      "special_tokens": [
        "<s>": ["id": "<s>", "ids": [1], "tokens": ["<s>"]], "</s>": ["id": "</s>", "ids": [2], "tokens": ["</s>"]],
      ],
    ]
    return try Tokenizer(json: .object(object), name: name)
  }

  private func tagged(_ words: [String], _ tags: [String]) -> Dataset {
    Dataset(name: "words", examples: [Example(input: .words(words), label: .tags(tags), line: 4)], scheme: .plain)
  }

  @Test func theClosingTokenAnswersForNoWord() throws {
    let words = ["a", "b", "c", "d"]
    let classifier = try classifier(["N", "V"], .tokens, maxLength: 4, tokenizer: closingTokenizer())
    let (encoded, report) = try classifier.encoder.encode(tagged(words, ["N", "N", "N", "N"]))
    #expect(encoded[0].tokens.last == 2)
    #expect(!encoded[0].rows.contains(3))
    #expect(report.lostWords == words.count - encoded[0].words.count)
  }

  @Test func aWordWithoutAnAnswerIsNeverRight() throws {
    let dataset = tagged(["a", "b", "c", "d"], ["N", "N", "N", "N"])
    let classifier = try classifier(["N", "V"], .tokens, maxLength: 2)
    #expect(try classifier.tag(dataset)[0].words.map(\.tag) == ["N", "", "", ""])
    let evaluation = try classifier.evaluate(dataset)
    #expect(evaluation.value(of: "accuracy") == 0.25)
    #expect(evaluation.json["per_class"]?["N"]?["recall"] == 0.25)
    #expect(evaluation.json["per_class"]?["N"]?["precision"] == 1.0)
    let spans = try self.classifier(["B-X", "O", "I-X"], .tokens, maxLength: 2)
    #expect(try spans.tag(dataset)[0].words.map(\.tag) == ["B-X", "O", "O", "O"])
  }

  @Test func plainTagsAreScoredAsClasses() throws {
    let dataset = tagged(["a", "b", "c"], ["N", "V", "N"])
    let evaluation = try classifier(["N", "V"], .tokens).evaluate(dataset)
    #expect(abs(evaluation.value(of: "f1_macro") - 0.4) < 1e-12)
    #expect(abs(evaluation.value(of: "f1") - 2.0 / 3) < 1e-12)
    #expect(evaluation.value(of: "auto") == evaluation.value(of: "accuracy"))
    #expect(evaluation.json["confusion"]?["counts"] == [[2, 0], [1, 0]])
    #expect(evaluation.json["conlleval"] == nil)
    // Spans decide by what they could be, not by what the data has.
    let outside = try classifier(["O", "B-X", "I-X"], .tokens).evaluate(tagged(["a"], ["O"]))
    #expect(outside.json["conlleval"] != nil)
  }

  @Test func classesHaveALogLoss() throws {
    let dataset = Dataset(name: "texts", examples: [Example(input: .text("a"), label: .classLabel("x"))])
    let json = try classifier(["x", "y"], .sequence).evaluate(dataset).json
    #expect(abs((json["log_loss"]?.double ?? 0) - 0.6931471806) < 1e-6)
  }

  @Test func logitsThatAreNoNumbersAreAnError() throws {
    let broken = try classifier(["x", "y"], .sequence, head: .nan)
    let dataset = Dataset(name: "texts", examples: [Example(input: .text("a"), label: .classLabel("x"), line: 7)])
    #expect(fault { _ = try broken.evaluate(dataset) }?.place == "texts:7")
    #expect(fault { _ = try broken.predict(["a"]) }?.place == "text, example 1")
    let tagger = try classifier(["O", "B-X"], .tokens, head: .infinity)
    #expect(fault { _ = try tagger.tag(["a b"]) }?.found == "logits that are not finite")
  }

  @Test func divergenceInAnEvaluationIsAnError() throws {
    var recipe = Recipe()
    recipe.rank = 1
    recipe.rate = 1e38
    recipe.warmup = 0
    recipe.epochs = 1
    let examples = ["x", "y"].map { Example(input: .text("a \($0)"), label: .classLabel($0)) }
    let dataset = Dataset(name: "texts", examples: examples)
    let trainer = Trainer(base, tokenizer: tokenizer, recipe: recipe)
    let error = #expect(throws: DiscernError.self) {
      try trainer.run(train: dataset, dev: dataset, save: { _, _, _ in Issue.record("saved") })
    }
    #expect(error?.description.hasPrefix("training diverged at step 1: the logits of texts, example 1") == true)
  }

  private static let labels: [(Dataset.Task, Example.Label)] = [
    (.sequence, .none), (.sequence, .tags(["x", "y"])), (.tokens, .none), (.tokens, .classLabel("x")),
    (.tokens, .tags(["x"])), (.tokens, .tags(["x", "y", "x"])),
  ]

  @Test(arguments: labels) func wrongLabelsAreRefused(task: Dataset.Task, label: Example.Label) throws {
    let right: Example.Label = task == .sequence ? .classLabel("x") : .tags(["x", "y"])
    let other: Example.Label = task == .sequence ? .classLabel("y") : .tags(["x", "y"])
    let good = [right, other].map { Example(input: .words(["a", "b"]), label: $0, line: 1) }
    let bad = Dataset(
      name: "data", examples: good + [Example(input: .words(["a", "b"]), label: label, line: 2)], scheme: .plain)
    let dataset = Dataset(name: "data", examples: good, scheme: .plain)
    let classifier = try classifier(["x", "y"], task)
    #expect(fault { _ = try classifier.evaluate(bad) }?.place == "data:2")
    var recipe = classifier.adapter.recipe
    recipe.epochs = 1
    let trainer = Trainer(base, tokenizer: tokenizer, recipe: recipe)
    #expect(fault { _ = try trainer.run(train: bad, dev: nil) { _, _, _ in } }?.place == "data:2")
    #expect(fault { _ = try trainer.run(train: dataset, dev: bad) { _, _, _ in } }?.place == "data:2")
  }

  @Test func lengthsBeyondTheModelAreTold() throws {
    let text = String(repeating: "a b c d ", count: 80)
    let dataset = Dataset(name: "texts", examples: [Example(input: .text(text))])
    let long = try classifier(["x", "y"], .sequence, maxLength: 1000).encoder.encode(dataset).report
    #expect(long.warning(beyond: 64)?.contains("made for 64") == true)
    #expect(long.warning(beyond: long.longest) == nil)
    let cut = try classifier(["x", "y"], .sequence, maxLength: 64).encoder.encode(dataset).report
    #expect(cut.warning(beyond: 64) == nil)
  }

  @Test func numbersTooLargeForDecimalsAreSpelt() {
    #expect(1e300.fixed(2) == "1e+300")
    #expect((-1e16).fixed(0) == "-1e+16")
    #expect(1e12.fixed(2) == "1000000000000.00")
  }
}
