import Formats
import Foundation
import Testing

/// Whole ways through the command: train, evaluate, merge.
@Suite struct TrainTests {
  private func read(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }

  private func train(_ name: String, _ arguments: [String] = [], data: String = Runs.sequenceData)
    throws -> (out: String, result: Command.Result)
  {
    let out = "\(Runs.folder)/\(name)"
    let result = try Command.run(
      ["train", "--model", Runs.model, "--data", data, "--out", out] + Runs.options + arguments)
    return (out, result)
  }

  @Test func runFolderHoldsAdapterRecipeAndLog() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Runs.classifier).sorted()
    #expect(
      names == [
        "README.md", "adapter_config.json", "adapter_model.safetensors", "discern.json",
        "events.out.tfevents.discern", "metrics.jsonl", "recipe.yaml", "report.html", "run.json",
      ])
    let facts = try JSON(contentsOf: Runs.classifier + "/discern.json", limit: 1 << 20)
    #expect(facts["labels"] == ["hills", "sea"])
    #expect(facts["training"]?["seed"]?.string == "7")
    #expect(facts["data"]?["train"]?["labels"]?["sea"]?.int == 6)
    #expect(facts["metrics"]?["accuracy"]?.double != nil)
    let log = try String(decoding: read(Runs.classifier + "/metrics.jsonl"), as: UTF8.self)
    let lines = try log.split(separator: "\n").map {
      try JSON(parsing: Array($0.utf8), name: "log")
    }
    #expect(lines.count { $0["eval_accuracy"] != nil } == 2)
    #expect(lines.count { $0["learning_rate"] != nil } == 6)
  }

  @Test func sameSeedSameBytesWithAnyThreads() throws {
    let (out, result) = try train("again", ["--dev", Runs.sequenceData, "--threads", "1"])
    #expect(result.code == 0)
    let name = "/adapter_model.safetensors"
    #expect(try read(out + name) == read(Runs.classifier + name))
  }

  @Test func savedRecipeMakesTheSameAdapter() throws {
    let out = "\(Runs.folder)/from-recipe"
    let result = try Command.run([
      "train", "--model", Runs.model, "--data", Runs.sequenceData, "--dev", Runs.sequenceData,
      "--out", out, "--recipe", Runs.classifier + "/recipe.yaml",
    ])
    #expect(result.code == 0)
    let name = "/adapter_model.safetensors"
    #expect(try read(out + name) == read(Runs.classifier + name))
  }

  @Test func optionsComeBeforeFileBeforePreset() throws {
    let recipe = Runs.file("recipe.yaml", "preset: paper\nattention: unmasked\nrank: 3\nalpha: 5\n")
    let (out, result) = try train("order", ["--recipe", recipe, "--alpha", "6"])
    #expect(result.code == 0)
    let saved = try String(decoding: read(out + "/recipe.yaml"), as: UTF8.self)
    // The options of all runs here name a rank of 4, which beats the file's.
    for line in ["rank: 4", "alpha: 6.0", "attention: unmasked", "targets: q,v", "max_length: 64"] {
      #expect(saved.contains("\n\(line)\n"), "\(line)")
    }
  }

  @Test func progressGoesToTheErrorsAndQuietSilencesIt() throws {
    let (_, loud) = try train("loud", ["--dev", Runs.sequenceData])
    #expect(loud.errors.contains("trainable"))
    #expect(loud.errors.contains("best so far"))
    #expect(!loud.errors.contains("\u{1B}"))
    #expect(loud.output.contains("accuracy"))
    let (_, quiet) = try train("quiet", ["--dev", Runs.sequenceData, "--quiet"])
    #expect(quiet.errors.isEmpty)
  }

  @Test func cutTextsAreAlwaysTold() throws {
    let (_, result) = try train(
      "cut", ["--max-length", "4", "--quiet", "--dev", Runs.sequenceData])
    #expect(result.code == 0)
    #expect(result.errors.contains("12 of 12 texts cut"))
  }

  @Test func theFirstLayersAloneAreAModel() throws {
    let (out, result) = try train("cut-model", ["--layers", "2", "--attention", "unmasked:1"])
    #expect(result.code == 0)
    #expect(result.errors.contains("the first 2 of 5 layers"))
    let inspected = try Command.run(["inspect", out])
    #expect(inspected.output.contains("the first 2 of 5 run"))
    let merged = "\(Runs.folder)/cut-merged"
    #expect(try Command.run(["merge", out, "--out", merged]).code == 0)
    #expect(try JSON(contentsOf: merged + "/config.json", limit: 1 << 20)["num_hidden_layers"]?.int == 2)
    let (_, refused) = try train("too-deep", ["--layers", "6"])
    #expect(refused.code == 78)
    #expect(refused.errors.contains("layers: found 6; the model has 5 layers"))
  }

  @Test func withoutDevTheLastAdapterIsKept() throws {
    let (out, result) = try train("no-dev", ["--json"])
    #expect(result.code == 0)
    #expect(result.errors.contains("no --dev"))
    #expect(try result.json()["metrics"] == .null)
    #expect(try Command.run(["predict", out, "A boat."]).code == 0)
  }

  @Test func overwriteReplacesARun() throws {
    let (out, first) = try train("twice")
    #expect(first.code == 0)
    let before = try read(out + "/adapter_model.safetensors")
    let (_, refused) = try train("twice")
    #expect(refused.code == 73)
    #expect(refused.errors.contains("--overwrite"))
    let (_, second) = try train("twice", ["--overwrite", "--seed", "8"])
    #expect(second.code == 0)
    #expect(try read(out + "/adapter_model.safetensors") != before)
    #expect(!FileManager.default.fileExists(atPath: out + ".replaced"))
  }

  @Test(.disabled(if: Command.isSanitized, "a sanitizer is no good under ulimit"))
  func aFailedReplacementLeavesTheOldRun() throws {
    let (out, first) = try train("kept")
    #expect(first.code == 0)
    let before = try read(out + "/adapter_model.safetensors")
    let failed = try Command.shell(
      """
      trap '' XFSZ; ulimit -f 16
      exec "$discern" train --model '\(Runs.model)' --data '\(Runs.sequenceData)' --out '\(out)' \
        --epochs 1 --overwrite
      """)
    #expect(failed.code == 74)
    #expect(try read(out + "/adapter_model.safetensors") == before)
    #expect(!FileManager.default.fileExists(atPath: out + ".replaced"))
  }

  @Test func interruptedTrainingKeepsTheBestAndSaysSo() throws {
    let out = "\(Runs.folder)/interrupted"
    let result = try Command.shell(
      """
      "$discern" train --model '\(Runs.model)' --data '\(Runs.sequenceData)' \
        --dev '\(Runs.sequenceData)' --out '\(out)' --epochs 100000 --quiet & process=$!
      for i in {1..300}; do [ -e '\(out)/discern.json' ] && break; sleep 0.1; done
      kill -INT $process; wait $process
      """)
    #expect(result.code == 130)
    #expect(result.errors.contains("has the best adapter so far"))
    #expect(try Command.run(["predict", out, "A boat."]).code == 0)
  }

  @Test func evaluationInANewProcessGivesTheSameMetrics() throws {
    let out = "\(Runs.folder)/metrics"
    let trained = try Command.run(
      [
        "train", "--model", Runs.model, "--data", Runs.sequenceData, "--dev", Runs.sequenceData,
        "--out", out, "--json",
      ] + Runs.options)
    let evaluated = try Command.run(["evaluate", out, "--data", Runs.sequenceData, "--json"])
    let metrics = try #require(try trained.json()["metrics"]?.object)
    let again = try evaluated.json()
    #expect(metrics.count > 10)
    for member in metrics.members { #expect(again[member.key.text] == member.value, "\(member.key)") }
  }

  @Test func evaluatePrintsTables() throws {
    let labels = try Command.run(["evaluate", Runs.classifier, "--data", Runs.sequenceData])
    #expect(labels.output.contains("macro average"))
    #expect(labels.output.contains("gold \\ predicted"))
    #expect(labels.output.contains("95 % intervals (1000 bootstrap resamples of the texts)"))
    #expect(labels.output.contains("calibration error"))
    let tags = try Command.run(["evaluate", Runs.tagger, "--data", Runs.tokenData])
    #expect(tags.output.contains("errors of spans: boundary "))
    #expect(tags.output.hasPrefix("processed "))
    #expect(tags.output.contains("strictly (IOB2)"))
  }

  @Test func predictionsOfEvaluateHoldGoldAndAnswer() throws {
    let path = "\(Runs.folder)/answers.jsonl"
    let result = try Command.run([
      "evaluate", Runs.tagger, "--data", Runs.tokenData, "--predictions", path,
    ])
    #expect(result.code == 0)
    let lines = try String(decoding: read(path), as: UTF8.self).split(separator: "\n")
    let first = try JSON(parsing: Array(lines[0].utf8), name: path)
    #expect(lines.count == 6)
    #expect(first["gold"] == ["B-PERSON", "O", "O", "B-PLACE", "O"])
    #expect(first["tags"]?.array?.count == 5)
  }
}
