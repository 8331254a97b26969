import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// Pairs of texts: the ids of Hugging Face's library, what stands in for a template, and the columns that hold them.
@Suite struct PairTests {
  private let path = Paths.fixture("stories260K")

  @Test func idsAndCutsAsHuggingFace() throws {
    let tokenizer = try openCheckpoint(path).tokenizer()
    let cases = TasksFixture.cases("pairs")
    #expect(cases.count == 28)
    for entry in cases {
      let pair = tokenizer.encodePair(entry["first"]!.string!, entry["second"]!.string!)
      #expect(pair.joined(limit: entry["limit"]!.int!).map(Int.init) == entry["ids"]!.ints, "\(entry)")
    }
  }

  @Test func whatStandsInForATemplate() throws {
    let name = path + "/tokenizer.json"
    var object = try #require(try JSON(contentsOf: name, limit: 1 << 24).object)
    func tokenizer(_ processor: JSON?) throws -> Tokenizer {
      object["post_processor"] = processor
      return try Tokenizer(json: .object(object), name: name)
    }
    let special: JSON = ["<s>": ["id": "<s>", "ids": [1], "tokens": ["<s>"]]]
    let single: JSON = [["SpecialToken": ["id": "<s>", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]]]
    // Nothing between the texts: the tokens of the single template come around both.
    let bare: JSON = [["Sequence": ["id": "A", "type_id": 0]], ["Sequence": ["id": "B", "type_id": 1]]]
    for pair in [bare, nil] {
      var template: JSONObject = ["type": "TemplateProcessing", "single": single, "special_tokens": special]
      template["pair"] = pair
      let found = try tokenizer(.object(template)).encodePair("a", "b").joined(limit: 99)
      #expect(found.first == 1 && found.count { $0 == 1 } == 2)
    }
    // No template at all: the token for the end of a text stands between, so that a|bc differs from ab|c.
    let plain = try tokenizer(nil)
    let ids = plain.encodePair("a", "b", separator: 2).joined(limit: 99)
    #expect(ids.count { $0 == 2 } == 1 && ids.first != 2 && ids.last != 2)
    #expect(ids == plain.encode("a").ids + [2] + plain.encode("b").ids)
  }

  @Test(
    arguments: [
      ("jsonl", "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": \"x\"}\n"),
      ("jsonl", "{\"text\": \"a\", \"text_pair\": \"b\", \"label\": \"x\"}\n"),
      ("csv", "sentence1,sentence2,label\na,b,x\n"), ("tsv", "label\tquestion2\tquestion1\nx\tb\ta\n"),
    ] as [(String, String)])
  func usualNames(suffix: String, text: String) throws {
    let data = try dataset(text, suffix, .sequence)
    #expect(data.examples[0].input == .pair("a", "b") && data.examples[0].label == .classLabel("x"))
    #expect(data.facts.pairs == 1)
  }

  @Test func namedColumns() throws {
    var columns = DatasetColumns()
    (columns.text, columns.pair) = ("q", "answer")
    let row = "{\"q\": \"a\", \"answer\": \"b\", \"text\": \"c\", \"label\": \"x\"}\n"
    #expect(try dataset(row, "jsonl", .sequence, columns: columns).examples[0].input == .pair("a", "b"))
    columns.pair = "reply"
    let error = fault { _ = try dataset(row, "jsonl", .sequence, columns: columns) }
    #expect(error?.expected == "the second text in \"reply\"")
    // A text column beside half a pair is no pair.
    let single = "{\"text\": \"a\", \"sentence2\": \"b\", \"label\": \"x\"}\n"
    #expect(try dataset(single, "jsonl", .sequence).examples[0].input == .text("a"))
  }

  @Test func aPairHasTheSameLogitsInAnyCompany() throws {
    let checkpoint = try openCheckpoint(path)
    let base = try BaseModel(checkpoint, on: CPUBackend())
    var recipe = Recipe()
    recipe.rank = 2
    recipe.maxLength = 16
    let adapter = try Adapter(recipe, labels: ["a", "b"], for: base.configuration, on: base.backend)
    let classifier = try Classifier(base, adapter, tokenizer: try checkpoint.tokenizer())
    let inputs: [Example.Input] = [
      .pair("The dog", "ran."), .pair("The", "dog ran."), .text("The dog ran."), .pair("", ""),
      .pair(String(repeating: "a long text ", count: 9), "b"),
    ]
    let all = Dataset(name: "all", examples: inputs.map { Example(input: $0) })
    let (encoded, logits, report) = try classifier.checkedLogits(all)
    #expect(report.cutTexts == 1 && encoded[4].tokens.count == 16)
    #expect(Set(encoded.prefix(3).map(\.tokens)).count == 3)
    for (index, input) in inputs.enumerated() {
      let alone = try classifier.checkedLogits(Dataset(name: "one", examples: [Example(input: input)]))
      #expect(alone.logits[0] == logits[index])
    }
  }
}
