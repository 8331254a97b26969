import Formats

/// What is counted of one part of the data (train, dev or test) while it streams by.
struct CheckPart: Sendable {
  let name: String
  let files: [String]
  let isLabelled: Bool
  /// The row of the whole check with which the part begins, and the one behind its last.
  var rows: Range<Int>
  var words = 0
  var labelCounts: [JSONString: Int] = [:]
  var typeCounts: [JSONString: Int] = [:]
  var lengths = Histogram()
  var entityNeeds = Histogram()
  var composedTexts = 0
  var facts = DatasetFacts()
  /// Counts and first places of what can be wrong with a row.
  var marks: [Mark: Places] = [:]
  /// Faults of rows that could not be read.
  var faults: [FormatError] = []
  var faultCount = 0
  var census = TagCensus()
  var schemeFaults = [Int](repeating: 0, count: TagScheme.allCases.count)
  var schemePlaces = [[String]](repeating: [], count: TagScheme.allCases.count)
  var scheme: TagScheme?
  var schemeFault: FormatError?

  /// What can be wrong with a row by itself.
  enum Mark: CaseIterable {
    case empty, replacement, mojibake, control, invisible, decomposed, entityEdge
  }

  /// A count with the first places.
  struct Places: Sendable {
    var count = 0
    var first: [String] = []

    mutating func add(_ count: Int = 1, _ place: @autoclosure () -> String) {
      self.count += count
      if first.count < CheckPart.placesKept { first.append(place()) }
    }
  }

  static let placesKept = 3

  init(name: String, files: [String], isLabelled: Bool, firstRow: Int) {
    self.name = name
    self.files = files
    self.isLabelled = isLabelled
    rows = firstRow..<firstRow
  }

  /// Counts a row; `example` is the one that `row` was made of.
  mutating func add(_ row: CheckedRow, _ example: Example) {
    rows = rows.lowerBound..<(rows.upperBound + 1)
    lengths.add(Int(row.length))
    for need in row.entityNeeds { entityNeeds.add(Int(need)) }
    for type in row.entityTypes { typeCounts[JSONString(type), default: 0] += 1 }
    if case .words(let words) = example.input { self.words += words.count }
    switch example.label {
    case .none: break
    case .classLabel(let name): labelCounts[JSONString(name), default: 0] += 1
    case .labels(let names): for name in names { labelCounts[JSONString(name), default: 0] += 1 }
    case .values: break
    case .tags(let tags): count(tags, row, example)
    }
    if !row.hasOnlyASCII, row.wasComposed { composedTexts += 1 }
    if row.isEmpty { mark(.empty, row) }
    if row.faults.contains(.replacement) { mark(.replacement, row) }
    if row.faults.contains(.mojibake) { mark(.mojibake, row) }
    if row.faults.contains(.control) { mark(.control, row) }
    if row.faults.contains(.invisible) { mark(.invisible, row) }
    if !row.wasComposed { mark(.decomposed, row) }
    if row.edgeEntities > 0 { mark(.entityEdge, row, row.edgeEntities) }
  }

  private mutating func count(_ tags: [String], _ row: CheckedRow, _ example: Example) {
    let files = files
    for tag in tags {
      labelCounts[JSONString(tag), default: 0] += 1
      census.count(tag) { row.place(in: files) }
    }
    for (index, scheme) in TagScheme.allCases.enumerated() where row.schemeFaults[index] > 0 {
      schemeFaults[index] += Int(row.schemeFaults[index])
      if schemePlaces[index].count < Self.placesKept,
        let fault = scheme.faults(in: tags, line: { _ in example.line }).first
      {
        schemePlaces[index].append("\(row.place(in: files)) (\(fault.description))")
      }
    }
  }

  private mutating func mark(_ mark: Mark, _ row: CheckedRow, _ count: Int = 1) {
    let files = files
    marks[mark, default: Places()].add(count, row.place(in: files))
  }

  /// Tells the scheme of the tags, when all rows are counted.
  mutating func finish(given: TagScheme?) {
    guard census.hasTags else { return }
    do {
      let faults = schemeFaults
      scheme = try given ?? census.scheme { faults[TagScheme.allCases.firstIndex(of: $0)!] }
    } catch {
      schemeFault = error as? FormatError
    }
  }

  /// Whether the tags spell spans.
  var hasEntities: Bool { scheme.map { $0 != .plain } ?? false }

  /// The labels that are learnt, with their counts: classes, types of entities, or tags.
  var learntCounts: [JSONString: Int] { hasEntities ? typeCounts : labelCounts }
}
