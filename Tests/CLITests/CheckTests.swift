import Formats
import Foundation
import TestSupport
import Testing

@Suite struct CheckCommandTests {
  static let clean = Runs.file(
    "clean.jsonl",
    [
      "The boat sailed over the waves.", "Fish swim in deep water.", "A goat climbed the rocks.",
      "Snow lay on high peaks.",
    ].enumerated().map { "{\"text\": \"\($1)\", \"label\": \"\($0 < 2 ? "sea" : "hills")\"}\n" }.joined())

  @Test func soundDataEndWithZero() throws {
    let result = try Command.run(["check", Self.clean, "--rare", "0"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.hasPrefix("train    \(Self.clean): 4 texts, 2 labels\n"))
    #expect(result.output.hasSuffix("Nothing found.\n") && result.errors.isEmpty)
  }

  @Test func leaksAreErrors() throws {
    let result = try Command.run(["check", Self.clean, "--rare", "0", "--test", Self.clean])
    #expect(result.code == 65)
    #expect(result.errors.contains("the same file") || result.output.contains("test: 4 texts of test (100.0 %)"))
  }

  @Test func warningsOnlyWhereStrict() throws {
    #expect(try Command.run(["check", Self.clean]).code == 0)
    let strict = try Command.run(["check", Self.clean, "--strict"])
    #expect(strict.code == 65 && strict.output.contains("warning  train: 2 labels with fewer than 10 examples"))
  }

  @Test func jsonAndTokens() throws {
    let result = try Command.run(
      ["check", Self.clean, "--model", Runs.model, "--max-length", "12", "--json", "--rare", "0"])
    let json = try result.json()
    #expect(result.code == 0 && json["length_unit"]?.string == "tokens")
    let codes = json["findings"]?.array?.compactMap { $0["code"]?.string }
    #expect(codes == ["cut-texts"])
    #expect(json["parts"]?["train"]?["labels"]?["sea"]?.int == 2)
  }

  @Test func windowsCutNothing() throws {
    let arguments = ["check", Runs.tokenData, "--task", "tokens", "--model", Runs.model, "--max-length", "6", "--json"]
    let cut = try Command.run(arguments).json()
    let codes = { (json: JSON) in (json["findings"]?.array ?? []).compactMap { $0["code"]?.string } }
    #expect(codes(cut).contains("cut-texts"))
    let limited = { (json: JSON) in json["cuts"]?.array?.first { $0["limit"] == 6 } }
    #expect(limited(cut)?["entities"]?.int ?? 0 > 0)
    let read = try Command.run(arguments + ["--overflow", "window"]).json()
    #expect(!codes(read).contains("cut-texts") && codes(read).contains("windows"))
    #expect(limited(read)?["entities"] == 0 && limited(read)?["texts"] == limited(cut)?["texts"])
    let text = try Command.run(Array(arguments.dropLast()) + ["--overflow", "window"])
    #expect(text.output.contains("texts in windows") && text.output.contains("nothing is cut"))
    #expect(try Command.run(["check", Runs.tokenData, "--overflow", "window"]).code == 64)
  }

  @Test func standardInput() throws {
    let text = try String(contentsOfFile: Self.clean, encoding: .utf8)
    let result = try Command.run(["check", "-", "--format", "jsonl", "--rare", "0"], input: text)
    #expect(result.code == 0 && result.output.contains("stdin: 4 texts"))
  }

  @Test func wrongUses() throws {
    #expect(try Command.run(["check"]).code == 64)
    #expect(try Command.run(["check", Self.clean, "--max-length", "8"]).code == 64)
    #expect(try Command.run(["check", Self.clean, "--similarity", "3"]).code == 64)
    #expect(try Command.run(["check", "/nowhere.jsonl"]).code == 66)
    #expect(try Command.run(["check", Runs.file("none.jsonl", "")]).code == 65)
  }
}
