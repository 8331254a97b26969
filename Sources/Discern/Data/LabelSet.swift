import Formats

/// The labels of a task, in the order of the head's rows.
///
/// Names are told apart by their UTF-8 bytes; canonically equivalent spellings are different labels.
public struct LabelSet: Sendable {
  /// The labels' names in order, all different.
  public let names: [String]
  /// Whether the labels stand for themselves, even where they look like tags of spans (`TagScheme.plain`).
  public let isPlain: Bool
  private let positions: [JSONString: Int]

  /// Makes a set in the given order; a name that stands twice is a programmer error.
  public init(_ names: [String], isPlain: Bool = false) {
    self.names = names
    self.isPlain = isPlain
    positions = Dictionary(uniqueKeysWithValues: names.enumerated().map { (JSONString($1), $0) })
  }

  /// Makes a set of names that came from a file; throws where one is empty or stands twice.
  public init(_ names: [String], place: String) throws {
    var seen: Set<JSONString> = []
    for name in names {
      if name.isEmpty {
        throw FormatError(place, found: "an empty label name", expected: "a name for each label")
      }
      if !seen.insert(JSONString(name)).inserted {
        throw FormatError(
          place, found: "the label \(quoted(name)) twice", expected: "different labels")
      }
    }
    self.init(names)
  }

  /// How many labels there are.
  public var count: Int { names.count }

  /// The position of a label, or nil where it is unknown.
  public func index(of name: String) -> Int? { positions[JSONString(name)] }

  /// Whether the labels are tags that spell spans, such as `O`, `B-PER` and `I-PER`; parts of speech do not.
  public var spellsSpans: Bool {
    if isPlain { return false }
    let prefixes = names.map { Tag.Prefix($0) }
    return !prefixes.contains(nil) && prefixes.contains { $0 != .outside }
  }

  /// The classes or labels of examples, sorted by Unicode scalars; of numbers one name for each target.
  public static func classes(of examples: some Sequence<Example>) -> LabelSet {
    var seen: Set<JSONString> = []
    var targets = 0
    for example in examples {
      switch example.label {
      case .none, .tags: break
      case .classLabel(let name): seen.insert(JSONString(name))
      case .labels(let names): for name in names { seen.insert(JSONString(name)) }
      case .values(let values): targets = max(targets, values.count)
      }
    }
    if targets > 0 { return LabelSet(targets == 1 ? ["label"] : (1...targets).map { "label_\($0)" }) }
    return LabelSet(seen.sorted().map(\.text))
  }

  /// The tags of examples: `O` first, then for each type (sorted by Unicode scalars) `B-` and `I-`.
  ///
  /// Where `scheme` is not `.plain`, tags must be IOB2, and `O` and both prefixes of each type are always there, whether
  /// or not they occur: a later file may hold the first entity of two words. Plain tags are those that occur.
  public static func tags(of examples: some Sequence<Example>, scheme: TagScheme) -> LabelSet {
    var seen: Set<JSONString> = []
    for example in examples { for tag in example.tags { seen.insert(JSONString(tag)) } }
    let outside = JSONString("O")
    if scheme == .plain {
      let others = seen.subtracting([outside]).sorted().map(\.text)
      return LabelSet((seen.contains(outside) ? ["O"] : []) + others, isPlain: true)
    }
    let types = Set(seen.subtracting([outside]).map { JSONString(Tag($0.text).type) })
    return LabelSet(
      ["O"]
        + types.sorted().flatMap {
          [Tag(.begin, $0.text).description, Tag(.inside, $0.text).description]
        })
  }
}

extension LabelSet: Equatable {
  public static func == (a: LabelSet, b: LabelSet) -> Bool {
    a.names.map { JSONString($0) } == b.names.map { JSONString($0) }
  }
}

// MARK: - Validation

extension LabelSet {
  /// The most tags, of which all pairs are kept, and the most labels of which any number may apply, of which each text
  /// keeps all.
  private static func limit(_ task: Dataset.Task) -> Int { task == .tokens ? 1 << 12 : 1 << 14 }

  /// Throws where there are too few labels to learn to tell apart, or too many; a label that may or may not apply, and a
  /// number, can be alone.
  public func checkTrainable(for task: Dataset.Task = .sequence, place: String) throws {
    let isAlone = task == .multiLabel || task == .regression
    if count == 0, isAlone {
      throw FormatError(place, found: "no labels", expected: "at least one label to train on")
    }
    if count > Self.limit(task), task != .sequence {
      throw FormatError(
        place, found: "\(count) labels", expected: "at most \(Self.limit(task)) in the task \(task.rawValue)",
        remedy: "Check that the right column is read as the label.")
    }
    if count < 2, !isAlone {
      throw FormatError(
        place, found: count == 0 ? "no labels" : "only the label \(quoted(names[0]))",
        expected: "at least two different labels to train on")
    }
  }

  /// Throws where a data set has labels that are not in this set; names the first with its place, how many labels and
  /// examples are concerned, and the known labels.
  public func checkKnown(in dataset: Dataset) throws {
    try checkTargets(of: dataset)
    var first: (label: String, place: String)?
    var unknown: Set<JSONString> = []
    var rows = 0
    for example in dataset.examples {
      let missing = dataset.labelLines(of: example).filter { index(of: $0.label) == nil }
      guard let earliest = missing.first else { continue }
      first = first ?? (earliest.label, dataset.place(earliest.line, in: example))
      rows += 1
      for (label, _) in missing { unknown.insert(JSONString(label)) }
    }
    guard let first else { return }
    let others =
      unknown.count == 1
      ? "" : " and \(unknown.count - 1) other unknown label\(unknown.count == 2 ? "" : "s")"
    let shown = names.prefix(20).map(quoted).joined(separator: ", ")
    throw FormatError(
      first.place,
      found: "the unknown label \(quoted(first.label))" + others
        + " (in \(rows) example\(rows == 1 ? "" : "s"))",
      expected: "one of the \(count) labels trained on: \(shown)"
        + (count > 20 ? " and \(count - 20) more" : ""))
  }
}

extension LabelSet {
  /// Throws where a data set has other targets than these; a single one may have another name.
  private func checkTargets(of dataset: Dataset) throws {
    guard dataset.facts.isNumeric else { return }
    for (index, example) in dataset.examples.enumerated() {
      guard case .values(let values) = example.label, values.count != count else { continue }
      throw FormatError(
        dataset.place(ofExample: index), found: "\(values.count) number\(values.count == 1 ? "" : "s")",
        expected: "\(count), one for each target: \(names.joined(separator: ", "))",
        remedy: "Name the columns of the targets as label columns.")
    }
    guard count == 1 || dataset.labels == self else {
      throw FormatError(
        dataset.name, found: "the targets \(dataset.labels.names.joined(separator: ", "))",
        expected: "\(names.joined(separator: ", ")), in this order",
        remedy: "Name the columns of the targets as label columns, in the order of training.")
    }
  }
}
