import Compute
import Formats

/// Looks for what is wrong with data before anything is trained on it.
///
/// Rows stream by; of each only hashes, a signature and its place are kept. The result doesn't depend on the number of
/// threads.
///
/// ```swift
/// var check = DataCheck(task: .sequence)
/// try check.read(["train.jsonl"], as: .train)
/// try check.read(["test.jsonl"], as: .test)
/// print(check.report().findings)
/// ```
public struct DataCheck {
  /// A part of the data.
  public enum Part: String, CaseIterable, Sendable {
    case train, dev, test
  }

  /// How rows are read and judged.
  public struct Options: Sendable {
    /// The format of all files; nil: told by their extensions.
    public var format: DatasetFormat?
    /// Which columns to read.
    public var columns = DatasetColumns()
    /// The scheme of the tags; nil: told by the tags.
    public var scheme: TagScheme?
    /// Measures lengths in tokens; without one they are measured in words.
    public var tokenizer: Tokenizer?
    /// Whether words are encoded with a space before them.
    public var prefixSpace = true
    /// The longest text that a model is to read, in tokens; only with a tokenizer.
    public var maxLength: Int?
    /// Whether longer texts are read in windows, so that nothing of them is cut.
    public var readsWindows = false
    /// The Jaccard similarity of character 5-grams from which on two texts are almost the same.
    public var similarity = 0.8
    /// A label with fewer rows in train is rare.
    public var rareBelow = 10
    /// Threads.
    public var threads = Processors.count

    /// The usual ones.
    public init() {}
  }

  let options: Options
  let task: Dataset.Task
  private(set) var parts: [CheckPart] = []
  private(set) var table = RowTable()

  static let batch = 4096
  static let sliceRows = 256
  /// A file with so many rows that cannot be read is no data of that format.
  static let faultLimit = 1000

  /// A check of data for a task.
  public init(task: Dataset.Task, options: Options = Options()) {
    self.task = task
    self.options = options
  }

  /// Reads files as a part of the data; parts come in the order train, dev, test, each at most once.
  ///
  /// Rows that cannot be read are counted and told of in the report; what makes a file unreadable throws.
  public mutating func read(_ paths: [String], as part: Part, labelled: Bool = true) throws {
    let reader = try ExampleFiles(
      paths: paths, format: options.format, task: task, columns: options.columns, labelled: labelled)
    var counted = CheckPart(
      name: part.rawValue, files: reader.names, isLabelled: labelled, firstRow: table.count)
    let checker = RowChecker(tokenizer: options.tokenizer, prefixSpace: options.prefixSpace, task: task)
    let source = CheckSource(reader)
    var examples = try source.next()
    while !examples.isEmpty {
      let slices = (examples.count + Self.sliceRows - 1) / Self.sliceRows
      let current = examples
      // One thread reads the next rows while the others look at these.
      let results = Parallel.map(slices + 1, threads: options.threads) { index -> RowChecker.Slice? in
        if index == 0 {
          source.readAhead()
          return nil
        }
        let start = (index - 1) * Self.sliceRows
        return checker.check(current[start..<min(start + Self.sliceRows, current.count)])
      }
      var index = 0
      for slice in results.dropFirst().compactMap({ $0 }) {
        for row in slice.rows {
          counted.add(row, examples[index])
          index += 1
        }
        table.add(slice, part: UInt8(Part.allCases.firstIndex(of: part)!))
      }
      examples = try source.next()
    }
    (counted.faults, counted.faultCount) = (source.faults, source.faultCount)
    counted.facts = reader.facts
    counted.finish(given: options.scheme)
    parts.append(counted)
  }

  /// What was found in all that was read.
  public func report() -> CheckReport {
    let duplicates = Duplicates(table)
    let near = NearDuplicates(
      table, duplicates, threshold: options.similarity, threads: options.threads)
    return CheckReport(self, duplicates, near)
  }
}

/// Reads batches of rows, one ahead, and keeps the faults of rows that cannot be read.
private final class CheckSource: @unchecked Sendable {
  // Unchecked: one thread at a time reads, and `Parallel.map` returns only when it has.
  private let reader: ExampleFiles
  private var ahead: Result<[Example], any Error>?
  private(set) var faults: [FormatError] = []
  private(set) var faultCount = 0
  private var rows = 0
  /// Where the last fault was: the same one again would come for ever.
  private var lastPlace = ""

  init(_ reader: ExampleFiles) { self.reader = reader }

  /// Reads the next batch, for `next`.
  func readAhead() { ahead = Result { try read() } }

  /// The next batch; empty at the end.
  func next() throws -> [Example] {
    defer { ahead = nil }
    return try ahead?.get() ?? read()
  }

  private func read() throws -> [Example] {
    var examples: [Example] = []
    examples.reserveCapacity(DataCheck.batch)
    while examples.count < DataCheck.batch {
      do {
        guard let example = try reader.next() else { break }
        examples.append(example)
        rows += 1
      } catch let fault as FormatError where fault.kind == .data && isOfRow(fault) {
        faultCount += 1
        lastPlace = fault.place
        if faults.count < CheckPart.placesKept { faults.append(fault) }
      }
    }
    return examples
  }

  /// Whether reading can go on behind a fault: it names a line, and other rows could be read.
  private func isOfRow(_ fault: FormatError) -> Bool {
    let hasLine = reader.names.contains { fault.place.hasPrefix($0 + ":") }
    let isHopeless = faultCount >= DataCheck.faultLimit && rows < faultCount
    return hasLine && !isHopeless && fault.place != lastPlace
  }
}
