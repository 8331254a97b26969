import Formats
import TestSupport
import Testing

@testable import Discern

/// Several labels and numbers, as lists and in columns of their own.
@Suite struct LabelColumnTests {
  private func columns(_ labels: String...) -> DatasetColumns {
    var columns = DatasetColumns()
    columns.labels = labels
    return columns
  }

  private func labels(_ data: Dataset) -> [[String]] {
    data.examples.map { if case .labels(let names) = $0.label { names } else { ["?"] } }
  }

  @Test func lists() throws {
    let data = try dataset(
      "{\"text\": \"1\", \"labels\": [\"b\", \"a\"]}\n{\"text\": \"2\", \"labels\": []}\n"
        + "{\"text\": \"3\", \"labels\": null}\n{\"text\": \"4\", \"labels\": [3]}\n", "jsonl", .multiLabel)
    #expect(labels(data) == [["b", "a"], [], [], ["3"]])
    #expect(data.labels.names == ["3", "a", "b"])
    #expect(data.facts.withoutLabel == 2 && data.facts.labelCounts.map(\.count) == [1, 1, 1])
    let table = try dataset(
      "text,labels\n1,a; b\n2,\n3,\"[\"\"x;y\"\", \"\"a\"\"]\"\n", "csv", .multiLabel)
    #expect(labels(table) == [["a", "b"], [], ["x;y", "a"]])
  }

  @Test func oneHotColumns() throws {
    let table = try dataset(
      "text,toxic,rude,threat\n1,1,0,0\n2,0,0,0\n3,True,1.0,false\n", "csv", .multiLabel,
      columns: columns("toxic", "rude", "threat"))
    #expect(labels(table) == [["toxic"], [], ["toxic", "rude"]])
    // The order of the columns, and also labels that never apply.
    #expect(table.labels.names == ["toxic", "rude", "threat"])
    let rows = try dataset(
      "{\"text\": \"1\", \"a\": true, \"b\": 0}\n{\"text\": \"2\", \"a\": 0.0, \"b\": 1}\n", "jsonl", .multiLabel,
      columns: columns("a", "b"))
    #expect(labels(rows) == [["a"], ["b"]])
    // Labels known from training are looked for where no column is named.
    var known = DatasetColumns()
    known.known = ["rude", "toxic"]
    let again = try dataset("text,toxic,rude\n1,1,0\n", "csv", .multiLabel, columns: known)
    #expect(labels(again) == [["toxic"]] && again.labels.names == ["rude", "toxic"])
  }

  @Test func numbers() throws {
    let one = try dataset("{\"text\": \"1\", \"label\": 2.5}\n{\"text\": \"2\", \"label\": -1}\n", "jsonl", .regression)
    #expect(one.examples.map(\.label) == [.values([2.5]), .values([-1])])
    #expect(one.labels.names == ["label"] && one.facts.isNumeric && one.facts.labelCounts.isEmpty)
    let two = try dataset("text,x,y\na,1, 2e-3\n", "csv", .regression, columns: columns("x", "y"))
    #expect(two.examples[0].label == .values([1, 0.002]) && two.labels.names == ["x", "y"])
    #expect(fault { try LabelSet(["y", "x"]).checkKnown(in: two) }?.found == "the targets x, y")
    #expect(fault { try LabelSet(["x"]).checkKnown(in: two) }?.found == "2 numbers")
    #expect(fault { try LabelSet(["score"]).checkKnown(in: one) } == nil)
  }

  @Test(
    arguments: [
      ("{\"text\": \"a\", \"labels\": [\"x\", \"x\"]}", .multiLabel, [], "the label \"x\" twice"),
      ("{\"text\": \"a\", \"labels\": [\"\"]}", .multiLabel, [], "an empty label"),
      ("{\"text\": \"a\", \"labels\": 1}", .multiLabel, [], "the number 1 as \"labels\""),
      ("{\"text\": \"a\", \"label\": []}", .multiLabel, [], "no \"labels\" among the columns \"text\", \"label\""),
      ("{\"text\": \"a\", \"x\": 2, \"y\": 0}", .multiLabel, ["x", "y"], "the number 2 as \"x\""),
      ("{\"text\": \"a\", \"x\": 1}", .multiLabel, ["x", "y"], "no \"y\" among the columns \"text\", \"x\""),
      ("{\"text\": \"a\", \"label\": \"good\"}", .regression, [], "\"good\" as \"label\""),
      ("{\"text\": \"a\", \"label\": null}", .regression, [], "null as \"label\""),
      ("{\"text\": \"a\", \"label\": 1e39}", .regression, [], "the number 1e+39 as \"label\""),
    ] as [(String, Dataset.Task, [String], String)])
  func faults(row: String, task: Dataset.Task, names: [String], found: String) {
    var columns = DatasetColumns()
    columns.labels = names
    let error = fault { _ = try dataset("\n" + row, "jsonl", task, columns: columns) }
    #expect(error?.place == "file:2")
    #expect(error?.found == found)
  }

  @Test func aColumnNamedTwice() {
    let error = fault { _ = try dataset("text,a\nx,1\n", "csv", .multiLabel, columns: columns("a", "a")) }
    #expect(error?.found == "the label column \"a\" named twice")
  }

  @Test func aColumnOfParquetNamedTwice() {
    let path = "\(Paths.root)/Tests/FormatsTests/Fixtures/parquet/snappy-v1.parquet"
    let found = fault { _ = try Dataset.read(path, task: .multiLabel, columns: columns("maybe", "maybe")) }?.found
    #expect(found == "the label column \"maybe\" named twice")
  }

  /// One of them has an encoding that would be refused.
  @Test func columnsOfParquetThatAreNotAskedForAreNotRead() throws {
    let path = "\(Paths.root)/Tests/FormatsTests/Fixtures/parquet/refused-delta_binary_packed.parquet"
    #expect(try Dataset.read(path, task: .sequence, labelled: false).examples.count == 2)
    #expect(try Dataset.read(path, task: .regression).examples.count == 2)
    #expect(throws: FormatError.self) { try Dataset.read(path, task: .regression, columns: columns("n")) }
  }

  @Test func trainingNeedsALabel() {
    #expect(fault { try LabelSet([]).checkTrainable(for: .multiLabel, place: "f") }?.found == "no labels")
    #expect(fault { try LabelSet(["a"]).checkTrainable(for: .multiLabel, place: "f") } == nil)
  }
}
