import Formats
import TestSupport
import Testing

@testable import Discern

@Suite struct DataSplitTests {
  func classes(_ counts: [(String, Int)]) -> Dataset {
    Dataset(
      name: "data",
      examples: counts.flatMap { label, count in
        (0..<count).map { Example(input: .text("\(label) number \($0)"), label: .classLabel(label), line: $0 + 1) }
      })
  }

  func counts(_ data: Dataset, _ rows: [Int]) -> [String: Int] {
    var counts: [String: Int] = [:]
    for row in rows {
      if case .classLabel(let name) = data.examples[row].label { counts[name, default: 0] += 1 }
    }
    return counts
  }

  @Test func everyLabelIsSplitInTheShares() throws {
    let data = classes([("a", 1000), ("b", 200), ("c", 40), ("d", 20)])
    let split = try DataSplit(data, shares: [90, 5, 5], seed: 1)
    #expect(split.parts.flatMap { $0 }.sorted() == Array(0..<1260))
    #expect(counts(data, split.parts[0]) == ["a": 900, "b": 180, "c": 36, "d": 18])
    #expect(counts(data, split.parts[1]) == ["a": 50, "b": 10, "c": 2, "d": 1])
    #expect(counts(data, split.parts[2]) == ["a": 50, "b": 10, "c": 2, "d": 1])
  }

  /// Skewed numbers: without strata a part of ten texts may have none of the large ones.
  @Test func numbersAreSplitInTheSharesOfTheirTenths() throws {
    let values = (0..<100).map { (number: Int) -> [Double] in
      let (cube, mixed) = (number * number * number, number * 37 % 100)
      return [Double(cube), Double(mixed)]
    }
    func dataset(_ targets: Int) -> Dataset {
      let examples = values.indices.map { row in
        Example(input: .text("text \(row)"), label: .values(Array(values[row].prefix(targets))), line: row + 1)
      }
      return Dataset(name: "data", examples: examples)
    }
    let data = dataset(1)
    for seed in 0..<5 {
      let split = try DataSplit(data, shares: [80, 10, 10], seed: UInt64(seed))
      for (part, rows) in split.parts.enumerated() {
        let tenths = rows.map { $0 / 10 }
        for tenth in 0..<10 { #expect(tenths.count { $0 == tenth } == (part == 0 ? 8 : 1)) }
      }
    }
    #expect(try DataSplit(data, shares: [1, 1], seed: 1) != DataSplit(data, shares: [1, 1], seed: 2))
    // Two targets: each in its own tenths, as far as both can be had.
    let halves = try DataSplit(dataset(2), shares: [1, 1], seed: 3).parts
    for target in 0..<2 {
      let order = values.indices.sorted { values[$0][target] < values[$1][target] }
      for tenth in 0..<10 {
        let own = Set(order[10 * tenth..<10 * tenth + 10])
        #expect((3...7).contains(halves[0].count { own.contains($0) }), "target \(target), tenth \(tenth)")
      }
    }
  }

  @Test func equalNumbersAreOneStratum() {
    let strata = QuantileStrata((0..<100).map { Example(input: .text("\($0)"), label: .values([$0 < 80 ? 0 : 1])) })
    #expect(strata.labels(of: [0]) == ["0:0"] && strata.labels(of: [1]) == ["0:1"])
    #expect(QuantileStrata([]).labels(of: []).isEmpty)
  }

  @Test func rareLabelsStayInTheLargestPart() throws {
    let data = classes([("a", 100), ("b", 2), ("c", 1)])
    let split = try DataSplit(data, shares: [8, 1, 1], seed: 5)
    #expect(counts(data, split.parts[0])["b"] == 2 && counts(data, split.parts[0])["c"] == 1)
  }

  @Test func theSeedDecides() throws {
    let data = classes([("a", 300), ("b", 100)])
    let first = try DataSplit(data, shares: [1, 1], seed: 1)
    #expect(try DataSplit(data, shares: [1, 1], seed: 1) == first)
    #expect(try DataSplit(data, shares: [0.5, 0.5], seed: 1) == first)
    #expect(try DataSplit(data, shares: [1, 1], seed: 2) != first)
  }

  @Test func equalTextsStayTogether() throws {
    var examples: [Example] = []
    for index in 0..<200 {
      for copy in 0..<(1 + index % 4) {
        let text = copy == 1 ? "TEXT  number \(index)" : "text number \(index)"
        examples.append(Example(input: .text(text), label: .classLabel(index % 3 == 0 ? "a" : "b")))
      }
    }
    let data = Dataset(name: "data", examples: examples)
    for seed in 0..<5 {
      let split = try DataSplit(data, shares: [3, 1, 1], seed: UInt64(seed))
      var parts: [UInt64: Set<Int>] = [:]
      for (part, rows) in split.parts.enumerated() {
        for row in rows { parts[ComparableText(examples[row].input.text).hash, default: []].insert(part) }
      }
      #expect(parts.count == 200 && parts.values.allSatisfy { $0.count == 1 })
      for (share, rows) in zip([0.6, 0.2, 0.2], split.parts) {
        #expect(abs(Double(rows.count) - share * 500) <= 4)
      }
    }
  }

  @Test func sentencesAreSplitByTheirEntities() throws {
    // 400 sentences: 40 with X, 20 with Y, 10 of these with both, the others without any.
    let data = Dataset(
      name: "data",
      examples: (0..<400).map { index in
        let tags = [index < 40 ? "B-X" : "O", (30..<50).contains(index) ? "B-Y" : "O", "O"]
        return Example(input: .words(["word", "\(index)", "."]), label: .tags(tags))
      })
    let split = try DataSplit(data, shares: [1, 1, 1, 1, 1], seed: 3)
    for rows in split.parts {
      // What has both X and Y is dealt out once for two types: that is where a row more or less comes from.
      #expect(abs(rows.count - 80) <= 1)
      #expect(abs(rows.count { $0 < 40 } - 8) <= 1 && abs(rows.count { (30..<50).contains($0) } - 4) <= 1)
    }
  }

  @Test func tooFewRows() {
    #expect(throws: DiscernError.self) { _ = try DataSplit(classes([("a", 2)]), shares: [1, 1, 1], seed: 1) }
  }

  @Test func recordAndFiles() throws {
    let folder = try TemporaryFolder()
    let data = classes([("a", 20), ("b", 20)])
    let record = try SplitRecord(data, names: ["train", "dev"], shares: [3, 1], seed: 9)
    #expect(record["train"]?.labels == data.labels && record["dev"]?.facts.rows == 10)
    try record.write(to: folder.path)
    let train = try Dataset.read("\(folder.path)/train.jsonl", task: .sequence)
    #expect(train.examples.map(\.input) == record["train"]?.examples.map(\.input))
    #expect(train.examples.map(\.label) == record["train"]?.examples.map(\.label))
    #expect(record.json["rows"]?["dev"]?.array?.count == 10)
    #expect(throws: DiscernError.self) { try record.write(to: folder.path) }
    try record.write(to: folder.path, overwrite: true)
  }
}
