import Formats
import Foundation
import Testing

/// What is told beside the results, and plain tags through the whole command.
@Suite struct NoticeTests {
  private func train(_ name: String, _ arguments: [String]) throws -> Command.Result {
    try Command.run(
      ["train", "--model", Runs.model, "--out", "\(Runs.folder)/\(name)", "--quiet"] + Runs.options + arguments)
  }

  @Test(arguments: ["jsonl", "conll"]) func emptyDataIsNothingToPredict(suffix: String) throws {
    let run = suffix == "conll" ? Runs.tagger : Runs.classifier
    let result = try Command.run(["predict", run, "--data", Runs.file("nothing.\(suffix)", "\n\n")])
    #expect(result.code == 65)
    #expect(result.errors.contains("no rows"))
  }

  @Test func emptyTableIsNothingToPredict() throws {
    let result = try Command.run(["predict", Runs.classifier, "--data", Runs.file("nothing.csv", "text\n")])
    #expect(result.code == 65)
  }

  @Test func skippedLinesAreCounted() throws {
    let lines = Runs.file("skips.jsonl", "{\"text\": \"a\"}\n\n\n{\"text\": \"b\"}\n")
    let blank = try Command.run(["predict", Runs.classifier, "--data", lines])
    #expect(blank.code == 0)
    #expect(blank.errors.contains("2 blank lines skipped"))
    let sentences = Runs.file("skips.conll", "-DOCSTART-\tO\n\n# a comment\nAnna\tB-PERSON\n\n")
    for arguments in [["predict", Runs.tagger, "--data", sentences], ["evaluate", Runs.tagger, "--data", sentences]] {
      let result = try Command.run(arguments)
      #expect(result.code == 0)
      #expect(result.errors.contains("1 comment line skipped"))
      #expect(result.errors.contains("1 -DOCSTART- line skipped"))
    }
  }

  @Test func settingsAreNamedAsTyped() throws {
    let result = try train("never", ["--data", Runs.sequenceData, "--learning-rate", "much"])
    #expect(result.code == 64)
    #expect(result.errors.contains("--learning-rate: found \"much\""))
  }

  @Test func optionsThatNeedDevAreNamed() throws {
    let result = try train(
      "no-dev-options", ["--data", Runs.sequenceData, "--patience", "2", "--evaluate-every", "3"])
    #expect(result.code == 0)
    #expect(result.errors.contains("--evaluate-every, --patience: without --dev"))
  }

  @Test func textsBeyondTheModelAreTold() throws {
    let text = String(repeating: "a b c d ", count: 150)
    let data = Runs.file(
      "beyond.jsonl", "{\"text\": \"\(text)\", \"label\": \"x\"}\n{\"text\": \"b\", \"label\": \"y\"}\n")
    let trained = try train("beyond", ["--data", data, "--max-length", "700", "--epochs", "1"])
    #expect(trained.errors.contains("was made for 512"))
    let out = "\(Runs.folder)/beyond"
    for arguments in [["predict", out, text], ["evaluate", out, "--data", data]] {
      #expect(try Command.run(arguments).errors.contains("was made for 512"))
    }
  }

  @Test func plainTagsHaveScoresOfClasses() throws {
    let data = Runs.file("parts.conll", "Anna\tNOUN\nsleeps\tVERB\n\nTom\tNOUN\neats\tVERB\n\n")
    let trained = try train("parts", ["--task", "tokens", "--data", data, "--dev", data, "--metric", "f1_macro"])
    #expect(trained.code == 0)
    let out = "\(Runs.folder)/parts"
    let facts = try JSON(contentsOf: out + "/discern.json", limit: 1 << 20)
    let log = try String(contentsOfFile: out + "/metrics.jsonl", encoding: .utf8).split(separator: "\n")
    let last = try JSON(parsing: Array(try #require(log.last { $0.contains("eval_loss") }).utf8), name: "log")
    let evaluated = try Command.run(["evaluate", out, "--data", data, "--json"]).json()
    for metrics in [facts["metrics"], last["metrics"], evaluated] {
      #expect(metrics?["per_class"]?["NOUN"]?["support"] == 2)
      #expect(metrics?["confusion"]?["labels"] == ["NOUN", "VERB"])
      #expect(metrics?["conlleval"] == nil)
    }
    let text = try Command.run(["evaluate", out, "--data", data])
    #expect(text.output.contains("gold \\ predicted"))
    let cut = try Command.run(["predict", out, "--data", Runs.file("cut.txt", "a\nb\n\n"), "--logits"])
    #expect(cut.code == 0)
  }
}
