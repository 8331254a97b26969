import Formats

/// The examples of a data set in their order, kept small: beside its text a row takes some five bytes.
///
/// An `Example` takes ten times that. Files of millions of short rows are why it is made only where a row is asked for.
public struct Examples: RandomAccessCollection, Sendable {
  private var blocks: [ExampleBlock] = []
  /// The position of each block's first row.
  private var firstRows: [Int] = []
  /// The labels that rows have by number.
  private(set) var labels = LabelNumbers()

  /// How many examples there are.
  public private(set) var count = 0
  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  /// No examples.
  public init() {}

  /// Keeps examples in their order.
  public init(_ examples: some Sequence<Example>) {
    for example in examples { append(example) }
  }

  public subscript(row: Int) -> Example {
    precondition(row >= 0 && row < count, "row \(row) of \(count)")
    let block = firstRows.partition { $0 > row } - 1
    return blocks[block].example(row - firstRows[block], labels)
  }

  /// Makes one example after the other, which is faster than each by its position.
  public struct Iterator: IteratorProtocol {
    fileprivate let examples: Examples
    private var block = 0
    private var row = 0
    private var position = 0

    fileprivate init(_ examples: Examples) { self.examples = examples }

    public mutating func next() -> Example? {
      guard block < examples.blocks.count else { return nil }
      defer {
        row += 1
        if row == examples.blocks[block].count { (block, row, position) = (block + 1, 0, 0) }
      }
      return examples.blocks[block].example(at: &position, examples.labels)
    }
  }

  public func makeIterator() -> Iterator { Iterator(self) }

  /// Adds an example behind the others.
  public mutating func append(_ example: Example) {
    if blocks.last?.takes(example) != true {
      if !blocks.isEmpty { blocks[blocks.count - 1].seal() }
      blocks.append(ExampleBlock(startingWith: example))
      firstRows.append(count)
    }
    blocks[blocks.count - 1].append(example, &labels)
    count += 1
  }

  /// Puts another example in the place of each, and keeps no more than a few of them at once.
  mutating func transform(_ change: (inout Example) -> Void) {
    for (index, block) in blocks.enumerated() {
      var changed: ExampleBlock?
      for row in 0..<block.count {
        var example = block.example(row, labels)
        change(&example)
        changed = changed ?? ExampleBlock(startingWith: example)
        changed!.append(example, &labels)
      }
      changed!.seal()
      blocks[index] = changed!
    }
  }
}

extension Examples: Equatable, ExpressibleByArrayLiteral {
  public init(arrayLiteral examples: Example...) { self.init(examples) }

  public static func == (a: Examples, b: Examples) -> Bool { a.elementsEqual(b) }
}

/// Labels and the numbers that stand for them, told apart by their bytes.
struct LabelNumbers: Sendable {
  private(set) var names: [String] = []
  private var numbers: [JSONString: Int] = [:]

  /// The number of a label, which is a new one where it was not there before.
  mutating func number(_ name: String) -> Int {
    let key = JSONString(name)
    if let number = numbers[key] { return number }
    numbers[key] = names.count
    names.append(name)
    return names.count - 1
  }

  /// The most different labels of a data set.
  static let limit = 1 << 16

  /// Throws where there are more labels than a data set may have; `place` is for the message.
  func checkCount(_ place: () -> String) throws {
    if names.count <= Self.limit { return }
    throw FormatError(
      place(), found: "more than \(Self.limit) different labels", expected: "at most \(Self.limit) in a data set",
      remedy: "Check that the right column is read as the label.")
  }
}
