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
    ("bc5cdr/test.conll", 4797, 124750, ["Chemical": 5385, "Disease": 4424])
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
    let data = try Dataset.read(folder! + "/snips-slots/test.conll", task: .tokens)
    #expect(data.labels.count == 2 * 39 + 1)
    #expect(data.facts.scheme == .iob2 && data.facts.convertedTags == 0)
  }

  @Test(arguments: [("banking77", 77), ("snips-intent", 7)])
  func classes(name: String, count: Int) throws {
    let data = try Dataset.read(folder! + "/\(name)/test.jsonl", task: .sequence)
    #expect(data.labels.count == count)
    #expect(data.facts.labelCounts.reduce(0) { $0 + $1.count } == data.facts.rows)
  }
}
