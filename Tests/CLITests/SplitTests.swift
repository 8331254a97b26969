import Formats
import Foundation
import TestSupport
import Testing

/// Data that come as a whole: --split and --folds.
@Suite struct SplitTests {
  static let data = Runs.file(
    "whole.jsonl",
    (0..<4).flatMap { copy in
      Runs.texts.map { "{\"text\": \"\($0.text) Version \(copy * 17).\", \"label\": \"\($0.label)\"}\n" }
    }.joined())

  func train(_ out: String, _ more: [String]) throws -> Command.Result {
    try Command.run(
      ["train", "--model", Runs.model, "--data", Self.data, "--out", out, "--epochs", "1", "--seed", "7"] + more)
  }

  @Test func splitIsWrittenMeasuredAndRepeatable() throws {
    let out = "\(Runs.folder)/split-run"
    let parts = "\(Runs.folder)/split-parts"
    let result = try train(out, ["--split", "70/15/15", "--split-out", parts, "--json"])
    #expect(result.code == 0, "\(result.errors)")
    let json = try result.json()
    #expect(json["metrics"]?["accuracy"]?.double != nil && json["test"]?["accuracy"]?.double != nil)
    let record = try JSON(
      parsing: Array(Data(contentsOf: URL(filePath: "\(out)/split.json"))), name: "split.json")
    let rows = ["train", "dev", "test"].map { record["rows"]?[$0]?.array ?? [] }
    #expect(rows.map(\.count).reduce(0, +) == 48 && rows.allSatisfy { $0.count >= 6 })
    #expect(Set(rows.joined().compactMap { $0.array?.last?.int }) == Set(1...48))
    // The parts that were written give the same adapter and the same numbers.
    let again = try Command.run(
      [
        "train", "--model", Runs.model, "--data", "\(parts)/train.jsonl", "--dev", "\(parts)/dev.jsonl", "--out",
        "\(out)-again", "--epochs", "1", "--seed", "7", "--json",
      ])
    #expect(try again.json()["metrics"] == json["metrics"])
    let test = try Command.run(["evaluate", out, "--data", "\(parts)/test.jsonl", "--json"])
    #expect(try test.json()["accuracy"] == json["test"]?["accuracy"])
    #expect(try train(out + "-more", ["--split", "70/15/15", "--split-out", parts]).code == 73)
  }

  @Test func foldsGiveMeanAndDeviation() throws {
    let out = "\(Runs.folder)/folds"
    let result = try train(out, ["--folds", "3", "--json"])
    #expect(result.code == 0, "\(result.errors)")
    let json = try result.json()
    let accuracy = json["metrics"]?["accuracy"]
    let values = (accuracy?["values"]?.array ?? []).compactMap(\.double)
    #expect(values.count == 3)
    #expect(abs((accuracy?["mean"]?.double ?? 0) - values.reduce(0, +) / 3) < 1e-12)
    for fold in 1...3 {
      #expect(FileManager.default.fileExists(atPath: "\(out)/fold-\(fold)/adapter_model.safetensors"))
      let page = try String(contentsOf: URL(filePath: "\(out)/fold-\(fold)/report.html"), encoding: .utf8)
      #expect(page.contains("16 texts") && page.contains("Matthews"))
    }
    let record = try JSON(
      parsing: Array(Data(contentsOf: URL(filePath: "\(out)/folds.json"))), name: "folds.json")
    #expect(record["split"]?["rows"]?.object?.members.map { $0.value.array?.count } == [16, 16, 16])
    #expect(try train(out, ["--folds", "3"]).code == 73)
    #expect(try train(out, ["--folds", "3", "--overwrite", "--quiet"]).code == 0)
  }

  /// Without --data, a report reads again what the run was evaluated on: a part of a split, or several files.
  @Test func reportsFindTheirData() throws {
    let out = "\(Runs.folder)/report-split"
    #expect(try train(out, ["--split", "70/30", "--quiet"]).code == 0)
    func page(_ path: String) throws -> String { try String(contentsOf: URL(filePath: path), encoding: .utf8) }
    let left = try page("\(out)/report.html")
    let result = try Command.run(["report", out])
    #expect(result.code == 0 && !result.errors.contains("no longer"), "\(result.errors)")
    #expect(try page("\(out)/report.html") == left)

    let halves = [Runs.texts.prefix(6), Runs.texts.suffix(6)].enumerated().map { index, rows in
      Runs.file(
        "half-\(index).csv", "sentence,kind\n" + rows.map { "\"\($0.text)\",\($0.label)\n" }.joined())
    }
    let several = "\(Runs.folder)/report-several"
    let columns = ["--text-column", "sentence", "--label-column", "kind"]
    let trained = try Command.run(
      ["train", "--model", Runs.model, "--out", several, "--quiet", "--data"] + halves + ["--dev"] + halves + columns
        + Runs.options)
    #expect(trained.code == 0, "\(trained.errors)")
    let again = try Command.run(["report", several])
    #expect(again.code == 0 && again.output.contains("12 texts"), "\(again.errors)")
    _ = Runs.file("half-1.csv", "sentence,kind\n\"Something else.\",sea\n")
    let changed = try Command.run(["report", several])
    #expect(changed.code == 0 && changed.errors.contains("no longer what the run was evaluated on"))
  }

  /// Several targets stand in columns of their own, under their names, and are read from there again.
  @Test func partsOfNumbersAreReadAgain() throws {
    let rows = (0..<40).map { "\"text number \($0)\",\($0),\($0 % 7)\n" }
    let data = Runs.file("targets.csv", "text,first,second\n" + rows.joined())
    let out = "\(Runs.folder)/split-targets"
    let targets = ["--task", "regression", "--label-column", "first", "--label-column", "second"]
    func train(_ out: String, _ more: [String]) throws -> Command.Result {
      try Command.run(["train", "--model", Runs.model, "--out", out, "--quiet"] + Runs.options + targets + more)
    }
    let result = try train(out, ["--data", data, "--split", "80/20", "--split-out", out + "-parts"])
    #expect(result.code == 0, "\(result.errors)")
    let again = try train(
      out + "-again", ["--data", out + "-parts/train.jsonl", "--dev", out + "-parts/dev.jsonl"])
    #expect(again.code == 0, "\(again.errors)")
    let name = "/adapter_model.safetensors"
    #expect(try Data(contentsOf: URL(filePath: out + name)) == Data(contentsOf: URL(filePath: out + "-again" + name)))
  }

  @Test(arguments: [
    (["--split", "90"], "--split"), (["--split", "a/b"], "--split"), (["--split", "50/50/0"], "--split"),
    (["--folds", "1"], "--folds"), (["--split", "9/1", "--folds", "3"], "not both"),
    (["--split-out", "x"], "give both"),
    (["--split", "9/1", "--dev", "x.jsonl"], "--dev"),
  ])
  func wrongUses(options: [String], message: String) throws {
    let result = try train("\(Runs.folder)/never-split", options)
    #expect(result.code == 64 && result.errors.contains(message), "\(result.errors)")
  }

  @Test func parquetIsReadEverywhere() throws {
    let file = "\(Paths.root)/Tests/FormatsTests/Fixtures/parquet/snappy-v1.parquet"
    let checked = try Command.run(["check", file, "--json", "--task", "tokens"])
    #expect(try checked.json()["parts"]?["train"]?["entities"]?["X"]?.int ?? 0 > 0, "\(checked.errors)")
    let inspected = try Command.run(["inspect", file, "--task", "sequence", "--json"])
    #expect(inspected.code == 65 && inspected.errors.contains("null"), "\(inspected.output)")
    let named = try Command.run(["inspect", file, "--label-column", "maybe", "--task", "sequence"])
    #expect(named.code == 65)
  }
}
