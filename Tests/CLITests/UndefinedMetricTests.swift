import Formats
import Testing

/// Metrics that are not defined on the data they are asked of: R² and correlations of one number.
@Suite struct UndefinedMetricTests {
  private static func numbers(_ name: String, _ count: Int) -> String {
    Runs.file(
      name, "text,label\n" + Runs.texts.prefix(count).enumerated().map { "\"\($1.text)\",\($0)\n" }.joined())
  }

  private func train(_ out: String, _ more: [String]) throws -> Command.Result {
    try Command.run(
      [
        "train", "--model", Runs.model, "--task", "regression", "--out", "\(Runs.folder)/\(out)", "--epochs", "2",
        "--rank", "4", "--json",
      ] + more)
  }

  @Test(arguments: ["r2", "pearson", "spearman"])
  func theFirstAdapterIsKeptAndCheckpointsAreWritten(metric: String) throws {
    let (data, dev) = (Self.numbers("six.csv", 6), Self.numbers("one.csv", 1))
    let result = try train(
      "undefined-\(metric)", ["--data", data, "--dev", dev, "--metric", metric, "--checkpoint-every", "1"])
    #expect(result.code == 0, "\(result.errors)")
    let metrics = try result.json()["metrics"]
    #expect(metrics?[metric]?.isNull == true && metrics?["mse"]?.double != nil)
  }

  @Test func foldsHaveTheMetricsThatAreDefined() throws {
    // One fold of four has two rows, the others have one.
    let result = try train("undefined-folds", ["--data", Self.numbers("five.csv", 5), "--folds", "4", "--quiet"])
    #expect(result.code == 0, "\(result.errors)")
    let metrics = try result.json()["metrics"]
    #expect(metrics?["mse"]?["values"]?.array?.compactMap(\.double).count == 4)
    let r2 = try #require(metrics?["r2"])
    let values = (r2["values"]?.array ?? []).compactMap(\.double)
    #expect(values.count == 1 && r2["mean"]?.double == values[0])
    #expect(r2["values"]?.array?.count == 4 && r2["deviation"]?.isNull == true)
  }
}
