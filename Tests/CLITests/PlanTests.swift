import Formats
import Testing

/// What a run will take, before it starts.
@Suite struct PlanTests {
  private func plan(_ arguments: String...) throws -> Command.Result {
    try Command.run(["plan", Runs.model] + arguments)
  }

  @Test(.disabled(if: Command.isSanitized, "a sanitizer has memory of its own"))
  func peakIsThatOfTheRun() throws {
    let data = ["--data", Runs.sequenceData, "--dev", Runs.sequenceData, "--epochs", "3", "--json", "--quiet"]
    let plan = try Command.run(["plan", Runs.model, "--steps", "1"] + data).json()
    let run = try Command.run(["train", "--model", Runs.model, "--out", "\(Runs.folder)/planned"] + data).json()
    let predicted = try #require(plan["memory"]?["peak"]?.double)
    let real = try #require(run["peak_memory"]?.double)
    #expect(abs(predicted / real - 1) < 0.15, "\(predicted) for \(real)")
    #expect(plan["texts"] == 12 && plan["steps_of_an_epoch"] == 1 && plan["memory"]?["fits"] == true)
    #expect(plan["tokens"]?.int == run["tokens"]?.int.map { $0 / 3 })
    #expect(try #require(plan["time"]?["epoch"]?.double) > 0)
  }

  @Test func tablesSayWhatHelps() throws {
    let result = try plan("--data", Runs.tokenData, "--task", "tokens", "--steps", "1")
    #expect(result.code == 0)
    for part in ["texts", "at the peak", "activations", "an epoch", "--recompute", "--top-layers 1"] {
      #expect(result.output.contains(part), "\(part)")
    }
    #expect(result.errors.contains("timing step 1 of 1"))
  }

  @Test func mistakesAreNamed() throws {
    #expect(try plan("--data", "nowhere").code == 66)
    #expect(try plan("--data", Runs.file("none.jsonl", "")).code == 65)
    #expect(try plan("--data", Runs.sequenceData, "--steps", "0").code == 64)
    let typo = try plan("--data", Runs.sequenceData, "--pooling", "mode")
    #expect(typo.code == 64 && typo.errors.contains("discern plan --help"))
  }
}
