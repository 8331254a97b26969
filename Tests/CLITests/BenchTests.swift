import Formats
import Testing

/// Measuring, on a model so small that the numbers mean nothing.
@Suite struct BenchTests {
  private func bench(_ arguments: String...) throws -> Command.Result {
    try Command.run(["bench", "--model", Runs.model, "--repeats", "1"] + arguments)
  }

  @Test func numbersAreSound() throws {
    let result = try bench("--what", "infer,load", "--json", "--quiet", "--threads", "1")
    #expect(result.code == 0)
    #expect(result.errors.isEmpty)
    let report = try result.json()
    for name in ["peak_flops", "peak_flops_of_one_thread", "memory_bytes_per_second"] {
      #expect(try #require(report[name]?.double) > 1e6, "\(name)")
    }
    let cases = try #require(report["cases"]?.array)
    #expect(cases.map { $0["name"] } == ["infer-short", "infer-one"])
    #expect(cases[1]["tokens"] == 12)
    for entry in cases {
      #expect(try #require(entry["tokens_per_second"]?.double) > 0)
      #expect(try #require(entry["percent_of_peak"]?.double) > 0)
      #expect(try #require(entry["peak_memory"]?.int) > 1 << 20)
    }
    #expect(try #require(report["load"]?["seconds"]?.double) > 0)
  }

  @Test func tokenisingCountsBytes() throws {
    let file = Runs.file("prose.txt", "The cat sat.\n\nSo did é.\n")
    let report = try bench("--what", "tokenise", "--text", file, "--json", "--quiet").json()["tokenise"]
    #expect(report?["texts"] == 2 && report?["bytes"] == 22)
    #expect(try #require(report?["bytes_per_second"]?.double) > 0)
    #expect(try bench("--what", "tokenise").output.contains("MB/s on one core"))
    #expect(try bench("--what", "tokenise", "--text", "nowhere").code == 66)
    #expect(try bench("--what", "tokenise", "--text", Runs.file("blank.txt", "\n\n")).code == 65)
  }

  @Test func aFewTextsInLessMemory() throws {
    let report = try bench("--what", "train-4x64", "--recompute", "--json", "--quiet").json()
    #expect(report["cases"]?.array?.first?["tokens"] == 256)
  }

  @Test func profileNamesTheKernels() throws {
    let result = try bench("--what", "train-short-qv", "--profile")
    #expect(result.code == 0)
    #expect(result.errors.contains("train, short texts, q,v"))
    for part in ["of the peak", "frozen products, backward", "attention, backward", "outer products", "optimiser"] {
      #expect(result.output.contains(part), "\(part)")
    }
  }

  @Test func unknownNamesAreRefused() throws {
    let result = try bench("--what", "train,lunch")
    #expect(result.code == 78)
    #expect(result.errors.contains("\"lunch\"") && result.errors.contains("infer-one"))
    #expect(try Command.run(["bench", "--model", "nowhere"]).code == 66)
    #expect(try bench("--repeats", "0").code == 64)
  }
}
