import Formats
import Foundation
import Testing

/// Tags that look like those of spans but stand for themselves, as `--scheme plain` says.
@Suite struct PlainTagTests {
  static let data = Runs.file(
    "plain.conll",
    ["Anna", "Tom", "Mia", "Eve"].flatMap { name in
      ["Rome", "Paris", "Oslo"].map { "\(name)\tI-PER\nsaw\tO\n\($0)\tI-LOC\n\n" }
    }.joined())

  @Test func theSchemeIsKeptWithTheAdapter() throws {
    let run = "\(Runs.folder)/plain"
    let trained = try Command.run(
      [
        "train", "--model", Runs.model, "--task", "tokens", "--scheme", "plain", "--data", Self.data, "--dev",
        Self.data, "--epochs", "8", "--rank", "4", "--seed", "7", "--calibration", "temperature", "--json", "--out",
        run,
      ])
    #expect(trained.code == 0, "\(trained.errors)")
    let metrics = try trained.json()["metrics"]
    let accuracy = try #require(metrics?["accuracy"]?.double)
    #expect(metrics?["strict"] == nil && metrics?["per_class"]?["I-PER"]?["support"]?.int == 12)
    // Data for it are read in the same way without a word.
    func evaluated() throws -> Double? {
      let result = try Command.run(["evaluate", run, "--data", Self.data, "--json"])
      #expect(result.code == 0, "\(result.errors)")
      return try result.json()["accuracy"]?.double
    }
    #expect(try evaluated() == accuracy)
    let calibrated = try Command.run(["calibrate", run, "--data", Self.data])
    #expect(calibrated.code == 0, "\(calibrated.errors)")
    // Adapters of before named the scheme beside their data alone.
    var facts = try #require(try JSON(contentsOf: run + "/discern.json", limit: 1 << 20).object)
    #expect(facts["scheme"]?.string == "plain")
    facts["scheme"] = nil as JSON?
    try Data(JSON.object(facts).serialized().utf8).write(to: URL(filePath: run + "/discern.json"))
    #expect(try evaluated() == accuracy)
  }

  @Test func lettersAloneAreClasses() throws {
    let rows = ["B", "I", "E", "S"].map { "word\($0)\t\($0)\nother\tB\n\n" }.joined()
    let data = Runs.file("letters.conll", rows + rows)
    let run = "\(Runs.folder)/letters"
    let trained = try Command.run(
      [
        "train", "--model", Runs.model, "--task", "tokens", "--data", data, "--dev", data, "--epochs", "1", "--rank",
        "4", "--json", "--out", run,
      ])
    #expect(trained.code == 0, "\(trained.errors)")
    let metrics = try trained.json()["metrics"]
    #expect(metrics?["strict"] == nil && metrics?["per_class"]?["E"]?["support"]?.int == 2)
  }
}
