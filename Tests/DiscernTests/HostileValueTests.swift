import Formats
import Foundation
import TestSupport
import Testing

@testable import Discern

/// Numbers in files that are none, or too large to reckon with; lists that would take time or memory without bound.
@Suite struct HostileValueTests {
  private func fault(_ text: String, _ suffix: String, _ task: Dataset.Task) throws -> String {
    try withDataFile(text, extension: suffix) { path in
      let isPlain = suffix == "txt"
      return message { _ = try Dataset.read(path, format: isPlain ? .lines : nil, task: task, labelled: !isPlain) }
    }
  }

  @Test(arguments: ["x: {a: .inf}", "x: {a: .nan}", "x: {a: 1e999}", "x: {1: 2, '1': 3}", "x: {a: b}"])
  func weightsInARecipeAreNumbersOnce(yaml: String) {
    let text = message { _ = try Recipe.resolved(file: RecipeFile(yaml: yaml, name: "r.yaml")) }
    #expect(text.hasPrefix("r.yaml:1: found no value as \"x\"; expected a value"), "\(text)")
  }

  @Test(arguments: [
    [-1e308, 1e308], [.leastNonzeroMagnitude], [0, .leastNonzeroMagnitude], [1e308], [-1.7e308, -1.6e308],
    [1e300, 1e300],
  ])
  func axesHaveAFewTicks(values: [Double]) {
    for range in [nil, 0...0, 0...1e308] as [ClosedRange<Double>?] {
      let axis = Axis(values, including: range)
      #expect((2...12).contains(axis.ticks.count) && axis.low.isFinite && axis.high.isFinite)
      for value in values + axis.ticks {
        #expect((-0.01...1.01).contains(axis.share(value)) && !axis.text(value).isEmpty)
      }
    }
  }

  @Test func ranksOfManyAnswersAreRefused() {
    let scores = [Double](repeating: 0.5, count: 1000)
    #expect(OrderStatistics.canKeep(1000, of: 1 << 40) && !OrderStatistics.canKeep(1000, of: .max))
    #expect(OrderStatistics(count: 1 << 40, kept: scores).limit(coverage: 0.999) == 0.5)
  }

  /// A calibration as a file may have it, with one member replaced.
  private func calibration(_ name: String, _ value: JSON) throws -> Calibration {
    var json: JSONObject = [
      "method": "temperature", "scales": [1, 1], "before": ["log_loss": 1, "ece": 1],
      "after": ["log_loss": 1, "ece": 1],
      "thresholds": ["classes": ["a"], "counts": [1], "points": [[]], "all": []],
    ]
    json[name] = value
    return try Calibration(json: .object(json), labels: 2, name: "discern.json")
  }

  @Test func countsInACalibrationAreLimited() throws {
    #expect(message { _ = try calibration("data", "x") } == "no error")
    let thresholds: JSON = ["classes": ["a"], "counts": [.integer(.max)], "points": [[]], "all": []]
    #expect(message { _ = try calibration("thresholds", thresholds) }.contains("calibration.thresholds"))
    let scores = JSON.array(Array(repeating: 0.5, count: 1000))
    let conformal: JSON = ["count": .integer(.max), "scores": scores, "scales": [1, 1]]
    #expect(message { _ = try calibration("conformal", conformal) }.contains("calibration.conformal"))
  }

  @Test func scaledLogitsStayNumbers() throws {
    let scaling = try calibration("scales", [.number(1e308), .number(1e-308)]).scaling
    let logits = scaling.applied([3e38, -3e38])
    #expect(logits.allSatisfy(\.isFinite) && softmax(logits).allSatisfy(\.isFinite))
  }

  @Test func rowsAreLimited() throws {
    let many = String(repeating: "a ", count: 1 + (1 << 17))
    #expect(try fault(many, "txt", .tokens).contains("more than 131072 words in a row"))
    let labels = String(repeating: "a;", count: 4097)
    #expect(try fault("text,labels\nx,\(labels)\n", "csv", .multiLabel).contains("more than 4096 labels in a row"))
    let list = (0..<4097).map { "\"\($0)\"" }.joined(separator: ",")
    #expect(
      try fault("{\"text\": \"x\", \"labels\": [\(list)]}\n", "jsonl", .multiLabel)
        .contains("more than 4096 labels in a row"))
    let signs = String(repeating: "!", count: 1 + (1 << 20))
    #expect(
      try fault("{\"text\": \"\(signs)\", \"spans\": []}\n", "jsonl", .tokens)
        .contains("more than 1048576 bytes of text with spans"))
    let text = String(repeating: "ab ", count: 100_000)
    let names = (0..<65).map { "\"\($0)\"" }.joined(separator: ",")
    let span = "{\"start\": 0, \"end\": 300000, \"text\": \"\(text)\", \"labels\": [\(names)]}"
    #expect(
      try fault("{\"text\": \"\(text)\", \"spans\": [\(span)]}\n", "jsonl", .tokens)
        .contains("a span with 65 labels; expected at most 64"))
  }

  @Test func manyLabelsAreSplitInNoTime() throws {
    let labels = 1 << 16
    let examples = (0..<2 * labels).map {
      Example(input: .text($0 < labels ? "same" : "\($0)"), label: .classLabel("\($0 % labels)"))
    }
    let data = Dataset(name: "many", examples: examples)
    var split: DataSplit?
    #expect(try seconds { split = try DataSplit(data, shares: [0.5, 0.5], seed: 1) } < 4)
    #expect(split?.parts.map(\.count).reduce(0, +) == 2 * labels)
  }

  @Test func tagsAreLimited() throws {
    let tags = LabelSet((0..<1 + (1 << 14)).map { "\($0)" }, isPlain: true)
    for task in [Dataset.Task.tokens, .multiLabel] {
      #expect(message { try tags.checkTrainable(for: task, place: "x") }.contains("in the task \(task.rawValue)"))
    }
    #expect(message { try tags.checkTrainable(for: .sequence, place: "x") } == "no error")
  }

  /// An evaluation of hundreds of labels has a line of hundreds of kilobytes in the log.
  @Test func aLogMayHaveLongLines() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let confusion = JSON.array(Array(repeating: .array(Array(repeating: 0, count: 500)), count: 500))
    let line: JSON = ["step": 3, "eval_loss": 0.25, "metrics": ["confusion": confusion]]
    let entry: JSON = ["step": 2, "loss": 1.5]
    let facts: JSON = ["task": "sequence", "labels": ["a"]]
    func write(_ text: String, _ name: String) throws {
      try Data(text.utf8).write(to: URL(filePath: "\(folder.path)/\(name)"))
    }
    try write(facts.serialized(), "discern.json")
    try write(entry.serialized() + "\n" + line.serialized() + "\n", "metrics.jsonl")
    let page = try Report(folder.path, nil).html
    #expect(page.contains("Loss") && page.contains("<svg"))
  }

  /// A column that is not there may have another name.
  @Test func whatIsMissingInParquetIsNamedBesideAllColumns() {
    let path = "\(Paths.root)/Tests/FormatsTests/Fixtures/parquet/gzip-plain.parquet"
    var columns = DatasetColumns()
    columns.tags = "elsewhere"
    #expect(message { _ = try Dataset.read(path, task: .tokens, columns: columns) }.contains("\"maybe\""))
  }

  @Test func listsOfLayersAreShort() {
    let list = repeatElement("0-4095", count: 1000).joined(separator: ",")
    #expect(message { _ = try AttentionPattern("layers:\(list)") }.contains("a value of at most 4096 bytes"))
    #expect(message { _ = try AttentionPattern("layers:0-4095") } == "no error")
  }
}
