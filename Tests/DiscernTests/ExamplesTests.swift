import Compute
import Formats
import Testing

@testable import Discern

/// What is kept of examples is what was put in, whatever it was and wherever it stands.
@Suite struct ExamplesTests {
  /// Examples of every kind of input and label, with texts that are hard to keep.
  static func examples(_ count: Int, seed: UInt64) -> [Example] {
    var random = Random(seed: seed, stream: 0)
    let texts = ["", "a", "é", "e\u{301}", "\0\t\n", "👩‍👩‍👧", String(repeating: "long ", count: 700), "\u{FFFD}"]
    func pick(_ below: Int) -> Int { Int(random.next() % UInt64(below)) }
    func text() -> String { texts[pick(texts.count)] }
    func some() -> [String] { (0..<pick(4)).map { _ in text() } }
    return (0..<count).map { index in
      let inputs: [Example.Input] = [.text(text()), .pair(text(), text()), .words(some())]
      let numbers = [0, -0.0, 1.5, -.greatestFiniteMagnitude, .leastNonzeroMagnitude].prefix(pick(6))
      let labels: [Example.Label] = [
        .none, .classLabel(text()), .labels(some()), .values(Array(numbers)), .tags(some()),
      ]
      let lines = [0, index, 300 * index, Int.max, Int.min, -1]
      var example = Example(input: inputs[pick(3)], label: labels[pick(5)], line: lines[pick(6)])
      example.file = pick(20) == 0 ? pick(3) : 0
      example.missed = (0..<pick(3)).map { _ in
        let places = [0, 5, -7, Int.max, Int.min]
        let covered = pick(2) == 0 ? nil : text()
        return CharacterSpan(start: places[pick(5)], end: places[pick(5)], label: text(), text: covered)
      }
      return example
    }
  }

  /// `==` of texts takes other spellings of a letter for the same.
  private func expectSame(_ a: some Sequence<Example>, _ b: some Sequence<Example>) {
    func bytes(_ examples: some Sequence<Example>) -> [String] {
      examples.map { "\($0)".unicodeScalars.map { String($0.value, radix: 36) }.joined(separator: " ") }
    }
    #expect(bytes(a) == bytes(b))
  }

  @Test(arguments: 0..<10)
  func whatIsKeptIsWhatWasThere(seed: UInt64) {
    let given = Self.examples(700, seed: seed)
    let kept = Examples(given)
    #expect(kept.count == 700 && kept == Examples(given))
    expectSame(kept, given)
    expectSame([699, 0, 8, 7, 350].map { kept[$0] }, [699, 0, 8, 7, 350].map { given[$0] })
    #expect(Examples().isEmpty && Examples() == [])
  }

  @Test(arguments: 0..<3)
  func transformedInPlace(seed: UInt64) {
    let given = Self.examples(700, seed: seed)
    func changed(_ example: Example) -> Example {
      var example = example
      example.label = .tags([example.input.text, "new"])
      return example
    }
    var kept = Examples(given)
    kept.transform { $0 = changed($0) }
    #expect(kept.count == given.count)
    expectSame(kept, given.map(changed))
    kept.append(given[0])
    expectSame(kept, given.map(changed) + [given[0]])
  }

  /// Labels that come late have longer numbers than those whose places they take.
  @Test func transformedToLongerNumbers() {
    let given = (0..<30_000).map { Example(input: .words(["a"]), label: .tags(["I-\($0 % 100)"])) }
    var kept = Examples(given)
    func changed(_ example: Example) -> Example {
      var example = example
      example.label = .tags(example.tags.map { "B" + $0.dropFirst() })
      return example
    }
    kept.transform { $0 = changed($0) }
    #expect(kept.elementsEqual(given.lazy.map(changed)))
  }

  @Test func labelsAreLimited() throws {
    func csv(_ labels: Int) -> String { "text,label\n" + (0..<labels).map { "a,\($0)\n" }.joined() }
    try withDataFile(csv(1 << 16), extension: "csv") { path in
      let labels = try Dataset.read(path, task: .sequence).labels
      #expect(labels.count == 1 << 16)
    }
    try withDataFile(csv(1 + (1 << 16)), extension: "csv") { path in
      let error = #expect(throws: FormatError.self) { try Dataset.read(path, task: .sequence) }
      #expect(error?.place == "\(path):65538" && error?.found == "more than 65536 different labels")
    }
  }
}
