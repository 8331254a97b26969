import Formats

/// Which rows of some data went to which part, as a file says it.
public struct SplitRecord: Sendable {
  /// The names of the parts with their examples.
  public let parts: [(name: String, dataset: Dataset)]
  private let whole: Dataset
  private let rows: [[Int]]
  private let shares: [Double]
  private let seed: UInt64

  /// Splits a data set; `names` and `shares` go together.
  public init(_ dataset: Dataset, names: [String], shares: [Double], seed: UInt64) throws {
    precondition(names.count == shares.count, "a share for each part")
    let split = try DataSplit(dataset, shares: shares, seed: seed)
    parts = zip(names, split.parts).map { name, rows in
      (name, dataset.subset(rows, name: "\(dataset.name) (\(name))"))
    }
    whole = dataset
    rows = split.parts
    self.shares = shares
    self.seed = seed
  }

  /// The examples of a part.
  public subscript(name: String) -> Dataset? { parts.first { $0.name == name }?.dataset }

  /// The examples of all parts but one, in the order of the data.
  public func rest(without index: Int) -> Dataset {
    whole.subset(rest(index), name: "\(whole.name) (without \(parts[index].name))")
  }

  private func rest(_ index: Int) -> [Int] {
    rows.enumerated().filter { $0.offset != index }.flatMap(\.element).sorted()
  }

  /// For each part its rows, each as the number of its file and its line there.
  public var json: JSON {
    var rows = JSONObject()
    for (name, dataset) in parts {
      rows.append(
        JSONString(name), .array(dataset.examples.map { [.integer($0.file), .integer($0.line)] }))
    }
    return [
      "seed": JSON(String(seed)), "shares": .array(shares.map { .number($0) }),
      "files": .array((parts.first?.dataset.files ?? []).map { JSON($0) }), "rows": .object(rows),
    ]
  }

  /// The name of the file of the record.
  public static let file = "split.json"

  /// Writes the record alone.
  func writeRecord(to file: String) throws { try FileSystem.write(json.serialized() + "\n", to: file) }

  /// Writes each part as JSON Lines, and the record, into a folder, which is made where it isn't there.
  ///
  /// Throws where one of the files is there already, unless `overwrite` says so.
  public func write(to folder: String, overwrite: Bool = false) throws {
    let names = parts.map { "\($0.name).jsonl" } + [Self.file]
    if !overwrite, let taken = names.first(where: { FileSystem.exists("\(folder)/\($0)") }) {
      throw DiscernError(
        .cannotCreate,
        "\(folder)/\(taken): found something of that name; expected a new file. Choose another folder, or replace the "
          + "files with --overwrite.")
    }
    if !FileSystem.exists(folder) { try FileSystem.makeFolder(folder) }
    var files = FileSet()
    for (name, dataset) in parts {
      try files.add("\(folder)/\(name).jsonl") { sink in
        for example in dataset.examples { try sink.write(example.json(dataset.labels).serialized() + "\n") }
      }
    }
    try files.add("\(folder)/\(Self.file)") { try $0.write(json.serialized() + "\n") }
    try files.commit()
  }
}

extension CharacterSpan {
  /// The spans that IOB2 tags of a text's words spell.
  fileprivate static func spans(of tags: [String], in text: String) -> [CharacterSpan] {
    let words = AlignedSpans.words(text)
    return Span.strict(tags).map { span in
      CharacterSpan(start: words[span.start].lowerBound, end: words[span.end - 1].upperBound, label: span.label)
    }
  }

  /// The span as a member of `spans`.
  fileprivate var json: JSON { ["start": .integer(start), "end": .integer(end), "label": JSON(label)] }
}

extension Example {
  /// The example as a row of JSON Lines with the usual names of columns; numbers stand under the names of their targets,
  /// and spans of running text with those that no tag stands for.
  func json(_ labels: LabelSet) -> JSON {
    var object = JSONObject()
    switch (input, label) {
    case (.words(let words), _): object["tokens"] = .array(words.map { JSON($0) })
    case (.text(let text), .tags(let tags)) where labels.spellsSpans:
      object["text"] = JSON(text)
      object["spans"] = .array((CharacterSpan.spans(of: tags, in: text) + missed).map(\.json))
      return .object(object)
    case (.text(let text), .tags):
      object["tokens"] = .array(WordSplitter.words(in: text).map { JSON(String(text[$0])) })
    case (.text(let text), _): object["text"] = JSON(text)
    case (.pair(let first, let second), _):
      object["text"] = JSON(first)
      object["text_pair"] = JSON(second)
    }
    switch label {
    case .none: break
    case .classLabel(let name): object["label"] = JSON(name)
    case .labels(let names): object["labels"] = .array(names.map { JSON($0) })
    case .values(let values):
      for (name, value) in zip(labels.names, values) { object[name] = .number(value) }
    case .tags(let tags): object["tags"] = .array(tags.map { JSON($0) })
    }
    return .object(object)
  }
}
