import Formats
import Foundation
import Testing

/// `discern compare`, as people run it.
@Suite struct CompareTests {
  /// A classifier that has hardly learnt anything.
  private static let weak: String = {
    let out = "\(Runs.folder)/weak"
    let result = try? Command.run(
      ["train", "--model", Runs.model, "--data", Runs.sequenceData, "--dev", Runs.sequenceData, "--out", out]
        + Runs.options + ["--learning-rate", "1e-7", "--seed", "8"])
    precondition(result?.code == 0, "training weak: \(result?.errors ?? "no process")")
    return out
  }()

  @Test func saysWhatDiffersAndWhetherItIsReal() throws {
    let result = try Command.run(["compare", Self.weak, Runs.classifier])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("learning_rate  1e-07"), "\(result.output)")
    #expect(result.output.contains("seed"))
    #expect(result.output.contains("The same: task"))
    #expect(result.output.contains("on 12 examples"))
    #expect(result.output.contains("McNemar p"))
    let verdict = try #require(result.lines.last)
    #expect(verdict.contains("chance") || verdict.contains("no difference"), "\(verdict)")
  }

  @Test func numbersAgreeWithTheTwoEvaluations() throws {
    let compared = try Command.run(
      ["compare", Self.weak, Runs.classifier, "--data", Runs.sequenceData, "--json", "--resamples", "500"]
    ).json()
    let accuracies = try [Self.weak, Runs.classifier].map { run in
      try Command.run(["evaluate", run, "--data", Runs.sequenceData, "--json"]).json()["accuracy"]?.double
    }
    #expect(compared["scores"]?.array?.map(\.double) == accuracies)
    let only = (compared["only_right"]?.array ?? []).compactMap(\.int)
    try #require(only.count == 2)
    let difference = try #require(compared["difference"]?.double)
    #expect(abs(difference - Double(only[1] - only[0]) / 12) < 1e-12)
    // McNemar's probability by counting all outcomes.
    let count = only[0] + only[1]
    let hits = (0..<1 << count).count { min($0.nonzeroBitCount, count - $0.nonzeroBitCount) <= min(only[0], only[1]) }
    let p = try #require(compared["p"]?.double)
    #expect(abs(p - Double(hits) / Double(1 << count)) < 1e-12)
    #expect(compared["real"]?.bool == (p < 0.05))
    let interval = (compared["interval"]?.array ?? []).compactMap(\.double)
    try #require(interval.count == 2)
    #expect(interval[0] <= difference && difference <= interval[1])
  }

  @Test func taggersAreComparedByRandomisation() throws {
    let result = try Command.run(["compare", Runs.tagger, Runs.tagger, "--data", Runs.tokenData, "--json"])
    #expect(result.code == 0, "\(result.errors)")
    let json = try result.json()
    #expect(json["metric"]?.string == "f1")
    #expect(json["test"]?.string == "approximate randomisation")
    #expect(json["p"]?.double == 1)
    #expect(json["verdict"]?.string?.contains("no difference can be seen") == true)
  }

  @Test func withoutCommonDevDataItAsksForSome() throws {
    let out = "\(Runs.folder)/other-dev"
    let dev = Runs.file("other-dev.jsonl", "{\"text\": \"A boat.\", \"label\": \"sea\"}\n")
    let trained = try Command.run(
      ["train", "--model", Runs.model, "--data", Runs.sequenceData, "--dev", dev, "--out", out] + Runs.options)
    #expect(trained.code == 0)
    let result = try Command.run(["compare", out, Runs.classifier])
    #expect(result.code == 0)
    #expect(result.errors.contains("--data"))
    #expect(result.output.contains("dev data"))
    #expect(try Command.run(["compare", Runs.tagger, Runs.classifier, "--data", Runs.tokenData]).code == 78)
  }

  /// Two runs of one split have a dev part in common, which is dealt out again.
  @Test func partsOfASplitAreFoundAgain() throws {
    let runs = try [1, 2].map { number in
      let out = "\(Runs.folder)/compared-split-\(number)"
      let trained = try Command.run(
        ["train", "--model", Runs.model, "--data", SplitTests.data, "--split", "70/15/15", "--out", out, "--quiet"]
          + Runs.options + ["--learning-rate", "1e-\(number + 2)"])
      #expect(trained.code == 0, "\(trained.errors)")
      return out
    }
    let dev = try JSON(contentsOf: runs[0] + "/split.json", limit: 1 << 20)["rows"]?["dev"]?.array?.count
    let result = try Command.run(["compare"] + runs + ["--json"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(try result.json()["examples"]?.int == dev && dev != nil, "\(result.errors)")
    // The data are no longer those of the runs.
    let changed = Runs.file("compared.jsonl", try String(contentsOfFile: SplitTests.data, encoding: .utf8))
    for run in runs {
      let manifest = URL(filePath: run + "/run.json")
      let text = try String(contentsOf: manifest, encoding: .utf8)
      try Data(text.replacing(SplitTests.data, with: changed).utf8).write(to: manifest)
    }
    _ = Runs.file("compared.jsonl", try String(contentsOfFile: Runs.sequenceData, encoding: .utf8))
    let refused = try Command.run(["compare"] + runs)
    #expect(refused.code == 65 && refused.errors.contains("other examples"), "\(refused.errors)")
  }

  /// Data with a column for each label are read by the labels' names, as `evaluate` reads them.
  @Test func labelsMayBeColumns() throws {
    let rows = Runs.texts.map { "\"\($0.text)\",\($0.label == "sea" ? 1 : 0),\($0.label == "sea" ? 0 : 1)\n" }
    let data = Runs.file("compared.csv", "text,sea,hills\n" + rows.joined())
    let run = "\(Runs.folder)/compared-columns"
    let trained = try Command.run(
      ["train", "--task", "multi-label", "--label-column", "sea", "--label-column", "hills", "--model", Runs.model]
        + ["--data", data, "--dev", data, "--out", run, "--quiet"] + Runs.options)
    #expect(trained.code == 0, "\(trained.errors)")
    for options in [[], ["--data", data]] {
      let result = try Command.run(["compare", run, run, "--json"] + options)
      #expect(result.code == 0, "\(result.errors)")
      #expect(try result.json()["examples"]?.int == 12, "\(result.errors)")
    }
  }
}
