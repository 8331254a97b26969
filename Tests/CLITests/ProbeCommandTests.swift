import Formats
import Foundation
import Testing

/// `discern probe` and `discern audit` as people run them.
@Suite struct ProbeCommandTests {
  private func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }

  @Test func tablePlotAndNextStep() throws {
    let plot = "\(Runs.folder)/layers.svg"
    let result = try Command.run(["probe", Runs.model, "--data", Runs.sequenceData, "--plot", plot])
    #expect(result.code == 0)
    #expect(result.output.contains("causal mean") && result.output.contains("unmasked hidden-max"))
    #expect(result.output.contains("next:     discern train --model \(Runs.model)"))
    #expect(result.output.contains("by heads fitted without it"))
    #expect(!result.output.contains("\u{1B}"))
    #expect(try text(plot).hasPrefix("<svg"))
  }

  @Test func theSavedHeadStartsATraining() throws {
    let head = "\(Runs.folder)/head.json"
    let probed = try Command.run([
      "probe", Runs.model, "--data", Runs.sequenceData, "--dev", Runs.sequenceData, "--attention", "causal", "--save",
      head, "--json", "--quiet",
    ])
    #expect(probed.code == 0 && probed.errors.isEmpty)
    let proposal = try #require(try probed.json()["proposal"])
    let options = try #require(try probed.json()["options"]?.string).split(separator: " ").map(String.init)
    #expect(options.prefix(2) == ["--attention", "causal"])
    let out = "\(Runs.folder)/warm"
    let arguments = [
      "train", "--model", Runs.model, "--data", Runs.sequenceData, "--dev", Runs.sequenceData, "--warm-start", head,
      "--out", out, "--learning-rate", "0", "--epochs", "1", "--json",
    ]
    let trained = try Command.run(arguments + options)
    #expect(trained.code == 0)
    #expect(try trained.json()["metrics"]?["accuracy"]?.double == proposal["score"]?.double)
    let refused = try Command.run(arguments + options + ["--overwrite", "--pooling", "max"])
    #expect(refused.code == 78)
    #expect(refused.errors.contains("warm_start: found a head for other states"))
  }

  @Test func taggersAreProbedWordByWord() throws {
    let result = try Command.run(["probe", Runs.model, "--task", "tokens", "--data", Runs.tokenData])
    #expect(result.code == 0)
    #expect(result.output.contains("strict F1"))
  }

  @Test func wrongUsageIsToldAsTyped() throws {
    let data = ["--data", Runs.sequenceData]
    let task = try Command.run(["probe", Runs.model, "--task", "word"] + data)
    #expect(task.code == 64 && task.errors.contains("--task: found"))
    let length = try Command.run(["audit", "--model", Runs.model, "--max-length", "x"] + data)
    #expect(length.code == 64 && length.errors.contains("--max-length: found"))
    let pattern = try Command.run(["probe", Runs.model, "--attention", "both"] + data)
    #expect(pattern.code == 64 && pattern.errors.contains("--attention: found \"both\""))
    let folder = try Command.run(["probe", Runs.model, "--plot", "/nowhere/at/all.svg"] + data)
    #expect(folder.code == 73)
    let layers = try Command.run(["audit", "--model", Runs.model, "--layers", "9"] + data)
    #expect(layers.code == 78 && layers.errors.contains("the model has 5 layers"))
    let empty = try Command.run(["audit", "--model", Runs.model, "--data", Runs.file("none.jsonl", "")])
    #expect(empty.code == 65)
  }

  @Test func auditListsDoubtsInEveryForm() throws {
    let (csv, html) = ("\(Runs.folder)/doubts.csv", "\(Runs.folder)/doubts.html")
    let result = try Command.run([
      "audit", "--model", Runs.model, "--data", Runs.sequenceData, "--csv", csv, "--html", html, "--top", "3",
    ])
    #expect(result.code == 0)
    #expect(result.output.contains("probably mislabelled, of 12 rows"))
    #expect(result.lines.count == 7)
    #expect(try text(csv).split(separator: "\n").count == 13)
    #expect(try text(html).contains("Labels in doubt"))
    let json = try Command.run(["audit", "--model", Runs.model, "--data", Runs.sequenceData, "--json"]).json()
    #expect(json["issues"]?.array?.count == 12)
    let spans = try Command.run([
      "audit", "--model", Runs.model, "--task", "tokens", "--data", Runs.tokenData, "--json",
    ])
    #expect(try spans.json()["task"]?.string == "tokens")
  }
}
