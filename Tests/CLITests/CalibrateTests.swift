import Formats
import Foundation
import Testing

/// Calibration as people use it: by training, by hand, kept in the adapter, folded on merge.
@Suite struct CalibrateTests {
  /// A run with a calibration fitted on its dev data.
  private static let run: String = {
    let out = "\(Runs.folder)/calibrated"
    let result = try? Command.run(
      [
        "train", "--model", Runs.model, "--out", out, "--data", Runs.sequenceData, "--dev", Runs.sequenceData,
        "--calibration", "temperature", "--quiet",
      ] + Runs.options)
    precondition(result?.code == 0, "training: \(result?.errors ?? "no process")")
    return out
  }()

  private func copy(_ name: String, of run: String) throws -> String {
    let path = "\(Runs.folder)/\(name)"
    try FileManager.default.copyItem(atPath: run, toPath: path)
    return path
  }

  private func calibration(_ run: String) throws -> JSON? {
    try JSON(contentsOf: run + "/discern.json", limit: 1 << 24)["calibration"]
  }

  @Test func trainingCalibratesAndLeavesTheWeights() throws {
    let name = "/adapter_model.safetensors"
    let own = try Data(contentsOf: URL(filePath: Self.run + name))
    #expect(try own == Data(contentsOf: URL(filePath: Runs.classifier + name)))
    let calibration = try #require(try calibration(Self.run))
    #expect(calibration["method"] == "temperature" && calibration["fitted"] == 12)
    #expect(calibration["conformal"]?["count"] == 6)
    // Twelve texts are too few for `auto`.
    #expect(try self.calibration(Runs.classifier) == nil)
  }

  @Test func probabilitiesChangeAndLabelsStay() throws {
    let temperature = try #require(try calibration(Self.run)?["temperature"]?.double)
    let texts = Runs.texts.map(\.text)
    let mine = try Command.run(["predict", Self.run, "--logits"] + texts).jsonLines()
    let raw = try Command.run(["predict", Self.run, "--logits", "--uncalibrated"] + texts).jsonLines()
    #expect(raw == (try Command.run(["predict", Runs.classifier, "--logits"] + texts).jsonLines()))
    for (mine, raw) in zip(mine, raw) {
      #expect(mine["label"] == raw["label"])
      for label in ["sea", "hills"] {
        let scaled = try #require(raw["logits"]?[label]?.double) / temperature
        #expect(abs(try #require(mine["logits"]?[label]?.double) - scaled) < 1e-4 * (1 + abs(scaled)))
      }
    }
  }

  @Test func mergeFoldsTheTemperature() throws {
    let merged = "\(Runs.folder)/calibrated-merged"
    let result = try Command.run(["merge", Self.run, "--out", merged])
    #expect(result.code == 0 && result.errors.contains("the calibration (temperature"))
    let temperature = try #require(try calibration(Self.run)?["temperature"]?.double)
    let head = try Safetensors(merged + "/model.safetensors").tensor("score.weight")
    let own = try Safetensors(Self.run + "/adapter_model.safetensors").tensor("base_model.model.score.weight")
    let folded = head.bytes.bindMemory(to: Float.self)
    let trained = own.bytes.bindMemory(to: Float.self)
    #expect(folded.count == trained.count && folded.count > 100)
    for (a, b) in zip(folded, trained) { #expect(a == Float(1 / temperature * Double(b))) }
  }

  @Test func byHandWithFactorsForEachLabelAndAway() throws {
    let run = try copy("by-hand", of: Runs.classifier)
    let result = try Command.run(["calibrate", run, "--data", Runs.sequenceData, "--method", "vector", "--seed", "3"])
    #expect(result.code == 0)
    #expect(result.output.hasPrefix("a factor for each label"))
    #expect(result.errors.contains("12 texts can show a precision of 0.923 at most"))
    #expect(try calibration(run)?["scales"]?.array?.count == 2)
    let json = try Command.run(["calibrate", run, "--data", Runs.sequenceData, "--json", "--quiet"]).json()
    #expect(json["method"] == "temperature")
    #expect(try calibration(run) == json)
    #expect(try Command.run(["calibrate", run, "--remove"]).code == 0)
    #expect(try calibration(run) == nil)
    let before = try JSON(contentsOf: Runs.classifier + "/discern.json", limit: 1 << 24)
    #expect(try JSON(contentsOf: run + "/discern.json", limit: 1 << 24) == before)
  }

  @Test func uncertainAnswersAreWithheld() throws {
    let all = try Command.run(["predict", Self.run, "A boat.", "--min-precision", "0.99"])
    #expect(all.code == 0)
    #expect(all.output.hasPrefix("abstain\t0."))
    #expect(all.errors.contains("such answers are always withheld"))
    #expect(all.errors.contains("1 answer withheld"))
    let json = try Command.run(["predict", Self.run, "A boat.", "--min-precision", "0.99", "--json"]).json()
    #expect(json["label"] == JSON.null && json["abstained"] == true)
    #expect(json["probability"]?.double != nil)
    let kept = try Command.run(["predict", Self.run, "A boat.", "--min-precision", "0.01", "--json"]).json()
    let plain = try Command.run(["predict", Self.run, "A boat.", "--json"]).json()
    if kept["abstained"] == false { #expect(kept["label"] == plain["label"]) }
  }

  @Test func setsHoldMoreLabelsForMoreCoverage() throws {
    func sets(_ coverage: String) throws -> [Int] {
      let lines = try Command.run(
        ["predict", Self.run, "--data", Runs.sequenceData, "--json", "--coverage", coverage]
      ).jsonLines()
      return lines.compactMap { $0["set"]?.array?.count }
    }
    let (small, large) = (try sets("0.3"), try sets("0.8"))
    #expect(small.count == 12 && large.count == 12)
    #expect(zip(small, large).allSatisfy { $0 <= $1 && $0 >= 1 })
    let everything = try Command.run(["predict", Self.run, "A boat.", "--coverage", "0.99"])
    #expect(everything.errors.contains("every set holds all labels"))
    #expect(everything.output.split(separator: "\t")[0].contains(" | "))
  }

  @Test func taggersWithholdSpans() throws {
    let run = try copy("tagger-calibrated", of: Runs.tagger)
    #expect(try Command.run(["calibrate", run, "--data", Runs.tokenData, "--method", "vector"]).code == 0)
    #expect(try calibration(run)?["biases"]?.array?.count == 5)
    #expect(try calibration(run)?["thresholds"]?["classes"] == ["PERSON", "PLACE"])
    let result = try Command.run(["predict", run, "Anna went to Rome.", "--min-precision", "0.999", "--json"])
    let json = try result.json()
    #expect(json["entities"] == [] && json["abstained"]?.array != nil)
    #expect(try Command.run(["predict", run, "Anna", "--coverage", "0.9"]).code == 64)
  }

  private func trained(_ name: String, _ arguments: [String]) throws -> String {
    let out = "\(Runs.folder)/\(name)"
    let result = try Command.run(["train", "--model", Runs.model, "--out", out, "--quiet"] + Runs.options + arguments)
    #expect(result.code == 0, "\(result.errors)")
    return out
  }

  @Test func labelsOfSeveralAreWithheldOneByOne() throws {
    let data = TaskTests.labelData
    let run = try trained(
      "calibrated-labels",
      [
        "--task", "multi-label", "--data", data, "--dev", data, "--calibration", "vector", "--epochs", "20",
        "--learning-rate", "5e-3",
      ])
    #expect(try calibration(run)?["scales"]?.array?.count == 3)
    let text = Runs.texts[0].text
    let plain = try Command.run(["predict", run, text, "--json"]).json()
    let none = try Command.run(["predict", run, text, "--json", "--min-precision", "0.999"]).json()
    #expect(none["labels"] == [] && none["abstained"] == plain["labels"] && plain["labels"] != [])
    let line = try Command.run(["predict", run, text, "--min-precision", "0.999"])
    #expect(line.output == "abstain\t\t\(text)\n" && line.errors.contains("withheld"))
    let some = try Command.run(["predict", run, text, "--json", "--min-precision", "0.1"]).json()
    let both = (some["labels"]?.array ?? []) + (some["abstained"]?.array ?? [])
    #expect(Set(both.compactMap(\.string)) == Set(plain["labels"]!.array!.compactMap(\.string)))
    let sets = try Command.run(["predict", run, text, "--coverage", "0.9"])
    #expect(sets.code == 64 && sets.errors.contains("any number of labels"))
    let merged = try Command.run(["merge", run, "--out", run + "-merged"])
    #expect(merged.code == 0 && merged.errors.contains("the calibration (a factor for each label"))
    let html = try String(contentsOf: URL(filePath: run + "/report.html"), encoding: .utf8)
    for part in ["By label", "Labels that apply by probability", "exact match by length", "Wrong answers by coverage"] {
      #expect(html.contains(part), "\(part)")
    }
  }

  @Test func numbersComeWithIntervals() throws {
    let data = TaskTests.numberData
    let columns = ["--text-column", "first", "--label-column", "score", "--label-column", "age"]
    let run = try trained(
      "calibrated-numbers", ["--task", "regression", "--data", data, "--dev", data, "--epochs", "4"] + columns)
    #expect(try calibration(run) == nil)  // twelve texts are too few for `auto`
    let result = try Command.run(["calibrate", run, "--data", data] + columns)
    #expect(result.code == 0 && result.output.hasPrefix("intervals, fitted on 12 texts"))
    let plain = try Command.run(["predict", run, "A boat.", "--json"]).json()
    let wide = try Command.run(["predict", run, "A boat.", "--json", "--coverage", "0.9"]).json()
    #expect(plain["values"] == wide["values"] && wide["coverage"] == 0.9)
    let score = try #require(wide["values"]?["score"]?.double)
    let ends = (wide["intervals"]?["score"]?.array ?? []).compactMap(\.double)
    #expect(ends.count == 2 && abs((ends[0] + ends[1]) / 2 - score) < 1e-9 && ends[0] < ends[1])
    let line = try Command.run(["predict", run, "A boat.", "--coverage", "0.9"]).output
    #expect(line.split(separator: "\t").count == 7)
    let few = try Command.run(["predict", run, "A boat.", "--coverage", "0.99", "--json"])
    #expect(try few.json()["intervals"]?["age"] == JSON.null && few.errors.contains("intervals have no ends"))
    #expect(try Command.run(["predict", run, "A boat.", "--min-precision", "0.9"]).code == 64)
    let wrong = try Command.run(["calibrate", run, "--data", data, "--method", "temperature"] + columns)
    #expect(wrong.code == 64 && wrong.errors.contains("--method can be interval"))
    #expect(try Command.run(["report", run, "--data", data] + columns).code == 0)
    let html = try String(contentsOf: URL(filePath: run + "/report.html"), encoding: .utf8)
    for part in ["score: predicted", "--coverage 0.9", "mean squared error by length", "Furthest off"] {
      #expect(html.contains(part), "\(part)")
    }
    #expect(try String(contentsOf: URL(filePath: run + "/README.md"), encoding: .utf8).contains("Errors of 12 texts"))
  }

  @Test func fieldsTakeATemperature() throws {
    let data = Runs.tokenData
    let run = try trained(
      "calibrated-field",
      ["--task", "tokens", "--head", "crf", "--data", data, "--dev", data, "--calibration", "temperature"])
    let temperature = try #require(try calibration(run)?["temperature"]?.double)
    #expect(temperature > 0 && temperature != 1)
    func words(_ options: [String]) throws -> [JSON] {
      try Command.run(["predict", run, "Anna went to Rome.", "--logits"] + options).json()["words"]?.array ?? []
    }
    let (mine, raw) = (try words([]), try words(["--uncalibrated"]))
    #expect(mine.map { $0["tag"] } == raw.map { $0["tag"] })
    #expect(mine.map { $0["probability"] } != raw.map { $0["probability"] })
    #expect(try Command.run(["calibrate", run, "--data", data, "--method", "vector"]).code == 64)
    let refused = try Command.run(
      [
        "train", "--model", Runs.model, "--out", run + "-vector", "--task", "tokens", "--head", "crf", "--data", data,
        "--calibration", "vector",
      ])
    #expect(refused.code == 78 && refused.errors.contains("one temperature"))
  }

  @Test func faultsAreNamed() throws {
    #expect(try Command.run(["calibrate", Runs.classifier]).code == 64)
    #expect(try Command.run(["calibrate", Runs.classifier, "--data", "a", "--remove"]).code == 64)
    let absent = try Command.run(["predict", Runs.classifier, "A boat.", "--coverage", "0.9"])
    #expect(absent.code == 78 && absent.errors.contains("discern calibrate"))
    #expect(try Command.run(["predict", Self.run, "A", "--coverage", "1.5"]).code == 64)
    #expect(try Command.run(["predict", Self.run, "A", "--coverage", "0.5", "--min-precision", "0.5"]).code == 64)
    #expect(try Command.run(["predict", Self.run, "A", "--coverage", "0.5", "--top", "2"]).code == 64)
    let typo = try Command.run(["calibrate", Runs.classifier, "--data", Runs.sequenceData, "--method", "temp"])
    #expect(typo.code == 64)
    let empty = Runs.file("empty-dev.jsonl", "")
    #expect(try Command.run(["calibrate", Runs.classifier, "--data", empty]).code == 65)
    let out = "\(Runs.folder)/calibrate-no-dev"
    let unused = try Command.run(
      ["train", "--model", Runs.model, "--data", Runs.sequenceData, "--out", out, "--calibration", "none"]
        + Runs.options)
    #expect(unused.errors.contains("--calibration: without --dev this has no effect"))
  }
}
