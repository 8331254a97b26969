import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// Long texts in windows: every token has one owner, every gold entity counts, and the bits are the same in any company.
@Suite struct WindowTests {
  let base: BaseModel
  let tokenizer: Tokenizer

  init() throws { (base, tokenizer) = try tinyModel() }

  private func classifier(_ labels: [String], _ change: (inout Recipe) -> Void) throws -> Classifier {
    var recipe = Recipe()
    (recipe.rank, recipe.maxLength, recipe.overflow) = (2, 12, .window)
    change(&recipe)
    let adapter = try Adapter(recipe, labels: labels, for: base.configuration, on: base.backend)
    return try Classifier(base, adapter, tokenizer: tokenizer)
  }

  private let words = "Anna went to the big park with her dog and then they all ran home to see the sun".split(
    separator: " "
  ).map(String.init)

  @Test(arguments: [(1, 4, 2), (4, 4, 2), (5, 4, 2), (23, 7, 3), (23, 7, 7), (100, 8, 1), (9, 8, 8)])
  func everyTokenHasOneOwner(count: Int, room: Int, stride: Int) {
    let windows = TextWindows(count: count, room: room, stride: stride)
    #expect(windows.ranges.first!.lowerBound == 0 && windows.ranges.last!.upperBound == count)
    for (window, next) in zip(windows.ranges, windows.ranges.dropFirst()) {
      #expect(next.lowerBound > window.lowerBound && next.lowerBound <= window.upperBound)
    }
    for token in 0..<count {
      let owner = windows.owner(of: token)
      #expect(windows.ranges[owner].contains(token))
      // No other window shows more on the shorter side; an end of the text is no edge.
      func context(_ index: Int) -> Int {
        let range = windows.ranges[index]
        guard range.contains(token) else { return -1 }
        return min(
          range.lowerBound == 0 ? .max : token - range.lowerBound,
          range.upperBound == count ? .max : range.upperBound - 1 - token)
      }
      #expect(context(owner) == windows.ranges.indices.map(context).max())
    }
  }

  @Test func noWordIsLost() throws {
    let tags = words.indices.map { $0 % 5 == 0 ? "B-X" : "O" }
    let data = Dataset(name: "w", examples: [Example(input: .words(words), label: .tags(tags))])
    let windowed = try classifier(["O", "B-X", "I-X"]) { $0.task = .tokens }
    let (encoded, report) = try windowed.encoder.encode(data)
    #expect(encoded[0].words.map(Int.init) == Array(words.indices) && encoded[0].windows.count > 2)
    #expect(encoded[0].windows.allSatisfy { $0 <= 12 } && encoded[0].windows.reduce(0, +) == encoded[0].tokens.count)
    #expect(report.lostWords == 0 && report.lostEntities == 0 && report.windowedTexts == 1 && report.cutTexts == 0)
    // The row of each word holds its first token, as in the text that is not cut.
    let whole = try classifier(["O", "B-X", "I-X"]) { ($0.task, $0.maxLength) = (.tokens, 512) }
    let one = try whole.encoder.encode(data).examples[0]
    #expect(encoded[0].rows.map { encoded[0].tokens[Int($0)] } == one.rows.map { one.tokens[Int($0)] })
    #expect(Set(encoded[0].rows).count == words.count && encoded[0].chains == [words.count])
  }

  @Test func everyGoldEntityCounts() throws {
    let tags = words.indices.map { $0 % 5 == 0 ? "B-X" : "O" }
    let data = Dataset(name: "w", examples: [Example(input: .words(words), label: .tags(tags))])
    for overflow in [Overflow.truncate, .window] {
      let classifier = try classifier(["O", "B-X", "I-X"]) { ($0.task, $0.overflow) = (.tokens, overflow) }
      guard case .tokens(let scores) = try classifier.evaluate(data).metrics else {
        Issue.record("no spans")
        continue
      }
      #expect(scores.strict.overall.gold == 4 && scores.conlleval.overall.gold == 4 && scores.tokens == words.count)
    }
  }

  @Test(arguments: Pooling.allCases) func textsPoolTheirWindows(pooling: Pooling) throws {
    let text = words.joined(separator: " ")
    let windowed = try classifier(["a", "b", "c"]) { $0.pooling = pooling }
    let data = Dataset(
      name: "t", examples: [text, "short", text + " " + text].map { Example(input: .text($0)) })
    let (encoded, logits, report) = try windowed.checkedLogits(data)
    #expect(report.windowedTexts == 2 && encoded[1].windows.isEmpty)
    // Each window read by itself, and the mean of their logits.
    var first = 0
    let each = encoded[0].windows.map { count in
      defer { first += count }
      let row: Int32 = pooling == .first ? 0 : Int32(count - 1)
      return EncodedExample(tokens: Array(encoded[0].tokens[first..<first + count]), rows: [row], labels: [])
    }
    let alone = windowed.logits(each).map { $0[0] }
    let mean = alone[0].indices.map { label in alone.reduce(0) { $0 + Double($1[label]) } / Double(alone.count) }
    #expect(zip(logits[0][0], mean).allSatisfy { abs(Double($0) - $1) < 1e-6 })
    for (index, example) in data.examples.enumerated() {
      #expect(try windowed.checkedLogits(Dataset(name: "one", examples: [example])).logits[0] == logits[index])
    }
  }

  @Test func pairsKeepTheShorterText() throws {
    let long = words.joined(separator: " ")
    let windowed = try classifier(["a", "b"]) { $0.maxLength = 20 }
    let inputs: [Example.Input] = [.pair("Sun.", long), .pair(long, "Sun."), .pair(long, long)]
    let data = Dataset(name: "p", examples: inputs.map { Example(input: $0) })
    let (encoded, _, report) = try windowed.checkedLogits(data)
    #expect(report.windowedTexts == 3 && encoded.map(\.isCut) == [false, false, true])
    let sun = tokenizer.encode("Sun.", addSpecialTokens: false).ids
    var first = 0
    for count in encoded[0].windows {
      #expect(count <= 20 && Array(encoded[0].tokens[first + 1..<first + 1 + sun.count]) == sun)
      first += count
    }
  }

  @Test func trainingOnWindowsIsTheMeanOfThem() throws {
    // Gradients of a text in two windows: those of the loss of the mean logits, against float64.
    let reference = ReferenceBackend()
    let error = GradientCheck.error([(5, 3)], on: reference) { inputs in
      let (pooled, pull) = Ops.pool(inputs[0], .mean, Packing(lengths: [2, 1, 2]))
      return (pooled, { [pull($0)] })
    }
    #expect(error < GradientTests.tolerance)
  }

  @Test func windowsThatWouldLeaveGapsAreRefused() {
    #expect(throws: DiscernError.self) { try classifier(["a", "b"]) { $0.stride = 12 } }
    #expect(throws: DiscernError.self) { try classifier(["a", "b"]) { $0.maxLength = 1 } }
    #expect(throws: Never.self) { try classifier(["a", "b"]) { $0.stride = 11 } }
  }
}
