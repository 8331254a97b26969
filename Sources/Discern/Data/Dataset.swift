import Formats

/// The examples of a file or of several, with their labels and what was found while reading.
public struct Dataset: Sendable {
  /// The name for messages: that of the file, or of the first one and how many more there are.
  public let name: String
  /// The names of the files for messages; of data at hand, its name alone.
  public let files: [String]
  /// The format read, of the first file.
  public var format: DatasetFormat { formats[0] }
  private let formats: [DatasetFormat]
  /// The examples in the order of the files; tags of spans are IOB2 whatever the file has.
  public let examples: Examples
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
    try read(
      [path], format: format, task: task, columns: columns, labelled: labelled, scheme: scheme)
  }

  /// Reads several files as one data set, in their order; each must have rows.
  ///
  /// The rest is as for one file. The scheme of tags is that of all files together.
  public static func read(
    _ paths: [String], format: DatasetFormat? = nil, task: Task,
    columns: DatasetColumns = DatasetColumns(), labelled: Bool = true, scheme: TagScheme? = nil
  ) throws -> Dataset {
    let reader = try ExampleFiles(
      paths: paths, format: format, task: task, columns: columns, labelled: labelled)
    var examples = Examples()
    while let example = try reader.next() {
      examples.append(example)
      try examples.labels.checkCount { "\(reader.names[example.file]):\(example.line)" }
    }
    var facts = reader.facts
    if labelled, task == .tokens {
      try normalizeTags(of: &examples, scheme: scheme, reader, &facts)
    }
    return Dataset(reader.names, reader.formats, examples, facts, labels: reader.labelColumns)
  }

  /// Makes a data set of examples at hand; if they have tags, these must be IOB2, or plain where `scheme` says so.
  public init(name: String, examples: some Sequence<Example>, scheme: TagScheme = .iob2) {
    let examples = examples.lazy.map { example in
      var example = example
      example.file = 0
      return example
    }
    self.init(files: [name], examples: examples, scheme: scheme)
  }

  /// Makes a data set of examples at hand that come from files of these names, for messages.
  public init(files: [String], examples: some Sequence<Example>, scheme: TagScheme = .iob2) {
    let examples = Examples(examples)
    precondition(examples.allSatisfy { files.indices.contains($0.file) }, "a name for each file")
    var facts = DatasetFacts()
    facts.scheme = examples.contains { !$0.tags.isEmpty } ? scheme : nil
    self.init(files, files.map { _ in .jsonLines }, examples, facts)
  }

  private init(
    _ files: [String], _ formats: [DatasetFormat], _ examples: Examples, _ facts: DatasetFacts,
    labels given: [String]? = nil
  ) {
    name = ExampleFiles.name(of: files)
    self.files = files
    self.formats = formats
    self.examples = examples
    labels =
      facts.scheme.map { LabelSet.tags(of: examples, scheme: $0) } ?? given.map { LabelSet($0) }
      ?? .classes(of: examples)
    self.facts = facts.counting(examples, labels)
  }

  /// Some of the examples, with the labels of all.
  public func subset(_ rows: [Int], name: String) -> Dataset { Dataset(self, rows, name: name) }

  private init(_ whole: Dataset, _ rows: [Int], name: String) {
    self.name = name
    files = whole.files
    formats = whole.formats
    examples = Examples(rows.lazy.map { whole.examples[$0] })
    labels = whole.labels
    var facts = DatasetFacts()
    facts.scheme = whole.facts.scheme
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
    case .labels(let names): names.map { ($0, example.line) }
    case .values: []
    case .tags(let tags):
      tags.enumerated().map { ($1, Self.line(example, $0, formats[example.file])) }
    }
  }

  /// Where an example stands, for messages.
  func place(ofExample index: Int) -> String {
    let example = examples[index]
    return example.line > 0
      ? place(example.line, in: example) : "\(name), example \(index + 1)"
  }

  /// The place of a line in the file of an example, for messages.
  func place(_ line: Int, in example: Example) -> String { "\(files[example.file]):\(line)" }

  /// Throws a `FormatError` where an example lacks what the task is scored with: a class, or a tag for each word.
  public func checkLabelled(for task: Task) throws {
    for (index, example) in examples.enumerated() {
      guard let (found, expected) = example.labelFault(for: task) else { continue }
      throw FormatError(
        place(ofExample: index), found: found, expected: expected, remedy: "Label the text, or take it out.")
    }
  }

  private static func normalizeTags(
    of examples: inout Examples, scheme given: TagScheme?, _ reader: ExampleFiles,
    _ facts: inout DatasetFacts
  ) throws {
    let (formats, names) = (reader.formats, reader.names)
    let sentences = examples.lazy.map { example in
      TaggedSentence(tags: example.tags) {
        "\(names[example.file]):\(line(example, $0, formats[example.file]))"
      }
    }
    let scheme = try given ?? TagScheme.detect(sentences)
    try scheme.checkLetters(of: sentences)
    facts.scheme = scheme
    examples.transform { example in
      let tags = example.tags
      let (place, format) = (example, formats[example.file])
      var faults = scheme.faults(in: tags) { line(place, $0, format) }
      for fault in faults.indices { faults[fault].file = example.file }
      facts.tagFaultCount += faults.count
      facts.tagFaults += faults.prefix(DatasetFacts.faultsKept - facts.tagFaults.count)
      let converted = scheme.toIOB2(tags)
      facts.convertedTags += zip(tags, converted).count { $0.utf8Differs(from: $1) }
      example.label = .tags(converted)
    }
  }
}

extension Example {
  /// What is wrong with the label in a task, and what was expected; `nil` where nothing is.
  fileprivate func labelFault(for task: Dataset.Task) -> (found: String, expected: String)? {
    switch (task, label) {
    case (.sequence, .classLabel), (.multiLabel, .labels), (.regression, .values): return nil
    case (.tokens, .tags(let tags)):
      let words = wordCount
      return tags.count == words ? nil : ("\(tags.count) tags for \(words) words", task.answer)
    default:
      let suffix = label == .none ? "" : ": the task is \(task.rawValue)"
      return (label == .none && task == .tokens ? "no tags" : label.kind, task.answer + suffix)
    }
  }

  private var wordCount: Int {
    switch input {
    case .text(let text): WordSplitter.words(in: text).count
    case .pair(let first, let second): WordSplitter.words(in: first).count + WordSplitter.words(in: second).count
    case .words(let words): words.count
    }
  }

  /// The tags, where there are any.
  var tags: [String] {
    if case .tags(let tags) = label { tags } else { [] }
  }
}

extension Dataset.Task {
  /// What an example of the task is labelled with.
  fileprivate var answer: String {
    switch self {
    case .sequence: "a class"
    case .multiLabel: "a list of labels"
    case .regression: "a number for each target"
    case .tokens: "a tag for each word"
    }
  }
}

extension Example.Label {
  fileprivate var kind: String {
    switch self {
    case .none: "no label"
    case .classLabel: "a class"
    case .labels: "a list of labels"
    case .values: "numbers"
    case .tags: "tags"
    }
  }
}

extension DatasetFacts {
  fileprivate func counting(_ examples: Examples, _ labels: LabelSet) -> DatasetFacts {
    var facts = self
    var counts = [Int](repeating: 0, count: labels.count)
    facts.rows = examples.count
    for example in examples {
      switch example.input {
      case .text(let text): facts.emptyInputs += text.isEmpty ? 1 : 0
      case .pair(let first, let second):
        facts.pairs += 1
        facts.emptyInputs += first.isEmpty && second.isEmpty ? 1 : 0
      case .words(let words):
        facts.tokens += words.count
        facts.emptyInputs += words.isEmpty ? 1 : 0
      }
      switch example.label {
      case .none: break
      case .classLabel(let name): labels.index(of: name).map { counts[$0] += 1 }
      case .labels(let names):
        facts.withoutLabel += names.isEmpty ? 1 : 0
        for name in names { labels.index(of: name).map { counts[$0] += 1 } }
      case .values: facts.isNumeric = true
      case .tags(let tags): for tag in tags { labels.index(of: tag).map { counts[$0] += 1 } }
      }
    }
    if facts.isNumeric { return facts }
    facts.labelCounts = zip(labels.names, counts).map { LabelCount(label: $0, count: $1) }
    return facts
  }
}
