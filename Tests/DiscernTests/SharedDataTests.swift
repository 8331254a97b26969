import Discern
import Glibc
import Testing

/// The folder with public data sets, where there is one.
private let folder: String? = {
  let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  let candidates = [getenv("DISCERN_SHARED").map { String(cString: $0) }, "/\(root)/../shared"]
  return candidates.compactMap { $0 }.map { $0 + "/data" }.first { access($0, R_OK) == 0 }
}()

@Suite(.enabled(if: folder != nil, "no shared data")) struct SharedDataTests {
  @Test(arguments: [
    ("bc5cdr/train.conll", 4560, 118170, ["Chemical": 5203, "Disease": 4182]),
    ("bc5cdr/dev.conll", 4581, 117453, ["Chemical": 5347, "Disease": 4246]),
    ("bc5cdr/test.conll", 4797, 124750, ["Chemical": 5385, "Disease": 4424]),
  ])
  func entities(file: String, sentences: Int, tokens: Int, spans: [String: Int]) throws {
    let data = try Dataset.read(folder! + "/" + file, task: .tokens)
    #expect(data.facts.rows == sentences && data.facts.tokens == tokens)
    #expect(data.facts.scheme == .iob2 && data.facts.tagFaultCount == 0)
    #expect(data.facts.convertedTags == 0)
    #expect(
      data.labels.names == ["O", "B-Chemical", "I-Chemical", "B-Disease", "I-Disease"])
    var counts: [String: Int] = [:]
    for example in data.examples {
      for span in Span.strict(tags(example)) { counts[span.label, default: 0] += 1 }
    }
    #expect(counts == spans)
  }

  @Test func slots() throws {
    let train = try Dataset.read(folder! + "/snips-slots/train.conll", task: .tokens)
    let test = try Dataset.read(folder! + "/snips-slots/test.conll", task: .tokens)
    #expect(train.labels.count == 2 * 39 + 1)
    #expect(train.facts.scheme == .iob2)
    try train.labels.checkKnown(in: test)
  }

  @Test(arguments: [("banking77", 77), ("snips-intent", 7)])
  func classes(name: String, count: Int) throws {
    let train = try Dataset.read(folder! + "/\(name)/train.jsonl", task: .sequence)
    let test = try Dataset.read(folder! + "/\(name)/test.jsonl", task: .sequence)
    #expect(train.labels.count == count)
    #expect(train.labels == test.labels)
    #expect(train.facts.labelCounts.reduce(0) { $0 + $1.count } == train.facts.rows)
  }
}
