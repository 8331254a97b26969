import Formats

/// The examples of a file, with their labels and what was found while reading.
public struct Dataset: Sendable {
  /// What is to be labelled.
  public enum Task: String, CaseIterable, Sendable {
    /// A text as a whole: one of several classes.
    case sequence
    /// Each word of a sentence.
    case tokens
  }

  /// The file's name for messages.
  public let name: String
  /// The format read.
  public let format: DatasetFormat
  /// The examples in the order of the file; tags of spans are IOB2 whatever the file has.
  public let examples: [Example]
  /// The labels that occur, in a stable order; empty for unlabelled data.
  public let labels: LabelSet
  /// What was found while reading.
  public let facts: DatasetFacts

  /// Reads a file (`-` is the standard input) to its end.
  ///
  /// The format is told by the extension, and the scheme of tags by the tags (`TagScheme`), unless given. With
  /// `labelled` false, labels are not looked at. A file without rows is an error.
  public static func read(
    _ path: String, format: DatasetFormat? = nil, task: Task,
    columns: DatasetColumns = DatasetColumns(), labelled: Bool = true, scheme: TagScheme? = nil
  ) throws -> Dataset {
    let reader = try ExampleReader(
      path: path, format: format, task: task, columns: columns, labelled: labelled)
    var examples: [Example] = []
    while let example = try reader.next() { examples.append(example) }
    if examples.isEmpty {
      throw FormatError(reader.name, found: "no rows", expected: "at least one example")
    }
    var facts = DatasetFacts()
    facts.blankRows = reader.blankRows
    facts.documentStarts = reader.documentStarts
    facts.comments = reader.comments
    if labelled, task == .tokens {
      try normalizeTags(of: &examples, scheme: scheme, reader: reader, &facts)
    }
    return Dataset(name: reader.name, format: reader.format, examples: examples, facts: facts)
  }

  /// Makes a data set of examples at hand; if they have tags, these must be IOB2, or plain where `scheme` says so.
  public init(name: String, examples: [Example], scheme: TagScheme = .iob2) {
    var facts = DatasetFacts()
    facts.scheme = examples.contains { !$0.tags.isEmpty } ? scheme : nil
    self.init(name: name, format: .jsonLines, examples: examples, facts: facts)
  }

  private init(name: String, format: DatasetFormat, examples: [Example], facts: DatasetFacts) {
    self.name = name
    self.format = format
    self.examples = examples
    labels =
      facts.scheme.map { LabelSet.tags(of: examples, scheme: $0) } ?? .classes(of: examples)
    self.facts = facts.counting(examples, labels)
  }

  /// The lines of a token and of its tag: in CoNLL files each has its own.
  private static func line(_ example: Example, _ token: Int, _ format: DatasetFormat) -> Int {
    format == .conll ? example.line + token : example.line
  }

  /// The labels of an example with the line of each.
  func labelLines(of example: Example) -> [(label: String, line: Int)] {
    switch example.label {
    case .none: []
    case .classLabel(let name): [(name, example.line)]
    case .tags(let tags):
      tags.enumerated().map { ($1, Self.line(example, $0, format)) }
    }
  }

  /// Where an example stands, for messages.
  func place(ofExample index: Int) -> String {
    let line = examples[index].line
    return line > 0 ? "\(name):\(line)" : "\(name), example \(index + 1)"
  }

  /// Throws a `FormatError` where an example lacks what the task is scored with: a class, or a tag for each word.
  public func checkLabelled(for task: Task) throws {
    for (index, example) in examples.enumerated() {
      guard let (found, expected) = example.labelFault(for: task) else { continue }
      throw FormatError(
        place(ofExample: index), found: found, expected: expected, remedy: "Label the text, or take it out.")
    }
  }

  private static func normalizeTags(
    of examples: inout [Example], scheme given: TagScheme?, reader: ExampleReader,
    _ facts: inout DatasetFacts
  ) throws {
    let format = reader.format
    let sentences = examples.map { example in
      TaggedSentence(tags: example.tags) { reader.place(line(example, $0, format)) }
    }
    let scheme = try given ?? TagScheme.detect(sentences)
    try scheme.checkLetters(of: sentences)
    facts.scheme = scheme
    for index in examples.indices {
      let tags = examples[index].tags
      let faults = scheme.faults(in: tags) { line(examples[index], $0, format) }
      facts.tagFaultCount += faults.count
      facts.tagFaults += faults.prefix(DatasetFacts.faultsKept - facts.tagFaults.count)
      let converted = scheme.toIOB2(tags)
      facts.convertedTags += zip(tags, converted).count { $0.utf8Differs(from: $1) }
      examples[index].label = .tags(converted)
    }
  }
}

extension Example {
  /// What is wrong with the label in a task, and what was expected; `nil` where nothing is.
  fileprivate func labelFault(for task: Dataset.Task) -> (found: String, expected: String)? {
    switch (task, label) {
    case (.sequence, .classLabel): return nil
    case (.sequence, .none): return ("no label", "a class")
    case (.sequence, .tags): return ("tags", "a class: the task is sequence")
    case (.tokens, .none): return ("no tags", "a tag for each word")
    case (.tokens, .classLabel): return ("a class", "a tag for each word: the task is tokens")
    case (.tokens, .tags(let tags)):
      let words = wordCount
      return tags.count == words ? nil : ("\(tags.count) tags for \(words) words", "a tag for each word")
    }
  }

  private var wordCount: Int {
    switch input {
    case .text(let text): WordSplitter.words(in: text).count
    case .words(let words): words.count
    }
  }

  /// The tags, where there are any.
  var tags: [String] {
    if case .tags(let tags) = label { tags } else { [] }
  }
}

extension DatasetFacts {
  fileprivate func counting(_ examples: [Example], _ labels: LabelSet) -> DatasetFacts {
    var facts = self
    var counts = [Int](repeating: 0, count: labels.count)
    facts.rows = examples.count
    for example in examples {
      switch example.input {
      case .text(let text): facts.emptyInputs += text.isEmpty ? 1 : 0
      case .words(let words):
        facts.tokens += words.count
        facts.emptyInputs += words.isEmpty ? 1 : 0
      }
      switch example.label {
      case .none: break
      case .classLabel(let name): labels.index(of: name).map { counts[$0] += 1 }
      case .tags(let tags): for tag in tags { labels.index(of: tag).map { counts[$0] += 1 } }
      }
    }
    facts.labelCounts = zip(labels.names, counts).map { LabelCount(label: $0, count: $1) }
    return facts
  }
}
