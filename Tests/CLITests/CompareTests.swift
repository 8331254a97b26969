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
}
