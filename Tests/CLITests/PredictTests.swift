import Formats
import Foundation
import Testing

/// Answers in every form, and that they depend on nothing but the text.
@Suite struct PredictTests {
  private static let lines = Runs.texts.map { $0.text + "\n" }.joined()

  @Test func linesHaveLabelProbabilityAndText() throws {
    let result = try Command.run(["predict", Runs.classifier, "A boat.", "Two\tgoats\n"])
    #expect(result.code == 0)
    #expect(result.errors.isEmpty)
    let fields = result.lines.map { $0.split(separator: "\t").map(String.init) }
    #expect(fields.map(\.count) == [3, 3])
    #expect(fields.map { $0[2] } == ["A boat.", "Two goats "])
    #expect(["sea", "hills"].contains(fields[0][0]))
    #expect((0.5...1).contains(Double(fields[0][1]) ?? 0))
  }

  @Test func logitsAreTheSameAloneInAFileAndInAnyOrder() throws {
    let together = try Command.run(
      ["predict", Runs.classifier, "-", "--logits"], input: Self.lines)
    let reversed = try Command.run(
      ["predict", Runs.classifier, "-", "--logits", "--threads", "1"],
      input: Runs.texts.reversed().map { $0.text + "\n" }.joined())
    #expect(together.lines.count == Runs.texts.count)
    #expect(together.lines == reversed.lines.reversed())
    for index in [0, 5, 11] {
      let alone = try Command.run(
        ["predict", Runs.classifier, Runs.texts[index].text, "--logits"])
      #expect(alone.lines == [together.lines[index]])
    }
    let fromFile = try Command.run(
      ["predict", Runs.classifier, "--data", Runs.sequenceData, "--logits"])
    let logits = try fromFile.jsonLines().map { $0["logits"] }
    #expect(try logits == together.jsonLines().map { $0["logits"] })
  }

  @Test func tagsAreTheSameAloneAndTogether() throws {
    let texts = ["Anna went to Rome.", "Tom!", "", "Über Zoë"]
    let together = try Command.run(
      ["predict", Runs.tagger, "-", "--logits"], input: texts.map { $0 + "\n" }.joined())
    #expect(together.code == 0)
    for (text, line) in zip(texts, together.lines) {
      #expect(try Command.run(["predict", Runs.tagger, text, "--logits"]).lines == [line])
    }
  }

  @Test func offsetsCountUnicodeScalars() throws {
    let text = "👩‍🚀 Zoë, e\u{301}l naïve"
    let result = try Command.run(["predict", Runs.tagger, text, "--logits"])
    let words = try #require(try result.json()["words"]?.array)
    let scalars = Array(text.unicodeScalars)
    #expect(words.count > 3)
    for word in words {
      let start = try #require(word["start"]?.int)
      let end = try #require(word["end"]?.int)
      var slice = String.UnicodeScalarView()
      slice.append(contentsOf: scalars[start..<end])
      #expect(Array(String(slice).utf8) == Array((word["text"]?.string ?? "").utf8))
    }
  }

  @Test func topAndProbabilities() throws {
    let all = try Command.run(["predict", Runs.classifier, "A boat.", "--json"]).json()
    let probabilities = try #require(all["probabilities"]?.object)
    #expect(probabilities.keys == ["hills", "sea"])
    #expect(abs(probabilities.members.reduce(0) { $0 + ($1.value.double ?? 0) } - 1) < 1e-9)
    let top = try Command.run(["predict", Runs.classifier, "A boat.", "--json", "--top", "1"])
    #expect(try top.json()["probabilities"]?.object?.keys == [all["label"]?.string ?? ""])
    let plain = try Command.run(["predict", Runs.classifier, "A boat.", "--top", "2"])
    #expect(plain.lines[0].split(separator: "\t").count == 5)
  }

  @Test func objectsComeBackWithTheirMembers() throws {
    let input = """
      {"id": 7, "text": "A boat.", "label": "gold"}

      {"id": 8, "text": "A goat.", "nested": {"a": [1]}}

      """
    let answers = try Command.run(["predict", Runs.classifier, "-"], input: input).jsonLines()
    #expect(answers.map { $0["id"]?.int } == [7, 8])
    #expect(answers[0]["input_label"]?.string == "gold")
    #expect(answers[1]["nested"] == ["a": [1]])
    let alone = try Command.run(["predict", Runs.classifier, "A goat.", "--json"]).json()
    #expect(answers[1]["probabilities"] == alone["probabilities"])
  }

  /// Label Studio exports one array whose rows have their text in `data`.
  @Test func arraysOfLabelStudioAreRead() throws {
    let rows = ["Anna went to Rome.", "Tom went."].map { text in
      "{\n  \"id\": 1,\n  \"data\": {\"text\": \"\(text)\"},\n  \"annotations\": []\n}"
    }
    let data = Runs.file("studio.json", "[\n\(rows.joined(separator: ",\n"))\n]\n")
    let answers = try Command.run(["predict", Runs.tagger, "--data", data]).jsonLines()
    #expect(answers.map { $0["text"] } == ["Anna went to Rome.", "Tom went."])
    #expect(answers.allSatisfy { $0["id"] == 1 && $0["entities"] != nil })
    let plain = try Command.run(["predict", Runs.tagger, "Anna went to Rome.", "Tom went.", "--json"]).jsonLines()
    #expect(answers.map { $0["entities"] } == plain.map { $0["entities"] })
    let input = try Command.run(
      ["predict", Runs.classifier, "-", "--format", "jsonl"], input: "[{\"text\": \"a\"}, {\"text\": \"b\"}]")
    #expect(try input.jsonLines().count == 2)
  }

  @Test func textsAloneAreNoPairs() throws {
    let pairs = Runs.file(
      "pairs.jsonl",
      Runs.texts.map { "{\"premise\": \"\($0.text)\", \"hypothesis\": \"x\", \"label\": \"\($0.label)\"}\n" }
        .joined())
    let out = "\(Runs.folder)/pair-run"
    let trained = try Command.run(
      ["train", "--model", Runs.model, "--data", pairs, "--out", out, "--quiet"] + Runs.options)
    #expect(trained.code == 0)
    let alone = try Command.run(["predict", out, "A boat."])
    #expect(alone.code == 0 && alone.errors.contains("1 text without a second one"), "\(alone.errors)")
    #expect(try !Command.run(["predict", out, "--data", pairs]).errors.contains("second one"))
    #expect(try Command.run(["evaluate", out, "--data", Runs.sequenceData]).errors.contains("12 texts without"))
    #expect(try Command.run(["predict", Runs.classifier, "--data", pairs]).errors.contains("12 texts with a second"))
    #expect(try !Command.run(["predict", Runs.classifier, "A boat."]).errors.contains("second"))
  }

  @Test func wordsOfObjectsAreKept() throws {
    let input = "{\"tokens\": [\"New York\", \"is\", \"big\"]}\n"
    let answer = try Command.run(["predict", Runs.tagger, "-", "--logits"], input: input).json()
    #expect(answer["words"]?.array?.map { $0["text"]?.string } == ["New York", "is", "big"])
    #expect(answer["text"]?.string == "New York is big")
  }

  @Test func slowInputIsAnsweredAtOnce() throws {
    let result = try Command.shell(
      """
      coproc "$discern" predict '\(Runs.classifier)' - 2>/dev/null
      echo 'A boat.' >&"${COPROC[1]}"
      read -r -t 20 line <&"${COPROC[0]}" && echo "$line"
      kill $COPROC_PID
      """)
    #expect(result.output.hasSuffix("\tA boat.\n"))
  }

  @Test func coloursFollowTheEnvironment() throws {
    let arguments = ["predict", Runs.tagger, "Anna went to Rome."]
    let forced = try Command.run(arguments, environment: ["CLICOLOR_FORCE": "1"])
    #expect(forced.output.contains("Anna"))
    let plain = try Command.run(
      arguments, environment: ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"])
    #expect(!plain.output.contains("\u{1B}"))
    let wrong = try Command.run(["predict"], environment: ["CLICOLOR_FORCE": "1"])
    #expect(wrong.errors.hasPrefix("\u{1B}[1;31mdiscern: error:"))
  }

  @Test func inspectKnowsModelAdapterAndData() throws {
    func inspect(_ arguments: String...) throws -> JSON {
      let text = try Command.run(["inspect"] + arguments)
      #expect(text.code == 0)
      #expect(text.lines.count < 30)
      return try Command.run(["inspect", "--json"] + arguments).json()
    }
    let model = try inspect(Runs.model)
    #expect(model["kind"]?.string == "model")
    #expect(model["parameters"]?.int == 260_032)
    #expect(model["tokenizer"]?["adds"] == ["<s>"])
    let adapter = try inspect(Runs.tagger)
    #expect(adapter["task"]?.string == "tokens")
    #expect(adapter["labels"] == ["O", "B-PERSON", "I-PERSON", "B-PLACE", "I-PLACE"])
    let data = try inspect(Runs.sequenceData, "--model", Runs.model)
    #expect(data["rows"]?.int == 12)
    #expect(data["labels"] == ["hills": 6, "sea": 6])
    #expect(data["lengths"]?["cuts"]?.array?.isEmpty == false)
    let sentences = try inspect(Runs.tokenData)
    #expect(sentences["entities"] == ["PERSON": 6, "PLACE": 6])
    let bare = Runs.file("bare.jsonl", "{\"text\": \"a\"}\n")
    #expect(try inspect(bare)["labels"] == [:])
  }
}
