/// Reads a column of a row group, a row at a time; a page is in memory, and the dictionary.
final class ParquetCursor {
  private let column: ParquetColumn
  private let place: String
  private let budget: ParquetBudget
  /// The names that integers stand for.
  private let classes: [JSON]?
  private var pages: ParquetPages
  private var dictionary: ParquetDictionary?
  private var repetition: ParquetHybrid?
  private var definition: ParquetHybrid?
  private var values: ParquetValues?
  private var left = 0
  /// How many bytes the page holds of the budget.
  private var held = 0
  private var ahead: (repetition: UInt32, definition: UInt32)?

  /// More elements than this are in no list.
  static let listLimit = 1 << 17
  /// Longer texts than this, in bytes, are in no line of other formats either.
  static let textLimit = LineReader.defaultMaximumLength

  init(
    _ column: ParquetColumn, _ pages: ParquetPages, classes: [JSON]?, _ budget: ParquetBudget, place: String
  ) {
    self.budget = budget
    self.column = column
    self.pages = pages
    self.place = place
    self.classes = classes
  }

  deinit { budget.release(held + (dictionary?.size ?? 0)) }

  static func damaged(_ place: String, _ what: String) -> FormatError {
    FormatError(
      place, found: "a damaged column (\(what))", expected: "a sound Parquet file",
      remedy: "Fetch or write the file again.")
  }

  private func damaged(_ what: String) -> FormatError { Self.damaged(place, what) }

  /// The value of the next row.
  func next() throws -> JSON {
    guard let first = try level() else { throw damaged("it ends before the rows do") }
    guard let list = column.listDefinition else { return try value(first.definition) }
    guard first.repetition == 0 else { throw damaged("a list without a beginning") }
    if Int(first.definition) < list - 1 { return .null }
    if Int(first.definition) == list - 1 { return .array([]) }
    var elements = [try value(first.definition)]
    while let next = try level() {
      guard next.repetition > 0 else {
        ahead = next
        break
      }
      guard Int(next.definition) >= list, elements.count < Self.listLimit else {
        throw damaged(
          elements.count < Self.listLimit ? "a list within a list" : "a list of more than \(Self.listLimit)")
      }
      elements.append(try value(next.definition))
    }
    return .array(elements)
  }

  /// Throws where there is more than the rows have taken.
  func finish() throws {
    if try level() != nil { throw damaged("it goes on behind the last row") }
  }

  /// The value at a definition level: null below the highest.
  private func value(_ definition: UInt32) throws -> JSON {
    if Int(definition) < column.maximumDefinition { return .null }
    guard let value = values?.next(dictionary) else {
      throw damaged(column.value == .text ? "a value is missing or not UTF-8" : "a value is missing")
    }
    guard let classes, case .integer(let number) = value else { return try counted(value) }
    if number == -1 { return .null }
    guard classes.indices.contains(number) else {
      throw FormatError(
        place, found: "the class \(number)", expected: "a number below \(classes.count), as the file names its classes")
    }
    return try counted(classes[number])
  }

  /// A value whose text is taken off the budget.
  private func counted(_ value: JSON) throws -> JSON {
    guard case .string(let string) = value else { return value }
    let length = string.text.utf8.count
    guard length <= Self.textLimit else {
      throw FormatError(place, found: "a text of \(length) bytes", expected: "at most \(Self.textLimit)")
    }
    try budget.take(text: length, place: place)
    return value
  }

  /// The levels of the next entry, or nil at the end of the column.
  private func level() throws -> (repetition: UInt32, definition: UInt32)? {
    if let ahead {
      self.ahead = nil
      return ahead
    }
    while left == 0 {
      releasePage()
      guard let page = try pages.next() else { return nil }
      try open(page)
    }
    left -= 1
    try budget.takeEntry(place: place)
    let levels = (repetition.map { _ in repetition!.next() } ?? 0, definition.map { _ in definition!.next() } ?? 0)
    guard let first = levels.0, let second = levels.1, Int(second) <= column.maximumDefinition, first <= 1 else {
      throw damaged("levels that are missing or too high")
    }
    return (first, second)
  }

  /// Gives the memory of the page back before another one is unpacked.
  private func releasePage() {
    (repetition, definition, values) = (nil, nil, nil)
    budget.release(held)
    held = 0
  }

  private func open(_ page: ParquetPage) throws {
    switch page.kind {
    case .other: return
    case .dictionary:
      budget.release(dictionary?.size ?? 0)
      dictionary = nil
      dictionary = try ParquetDictionary(page, column, budget, place: place)
    case .data, .dataV2:
      held = page.body.count
      var rest = page.body[...]
      repetition = try levels(&rest, page, column.listDefinition == nil ? 0 : 1, page.repetitionLength)
      definition = try levels(&rest, page, column.maximumDefinition, page.definitionLength)
      values = try ParquetValues(rest, encoding: page.encoding, column, place: place)
      left = page.values
    }
  }

  /// The levels at the start of a page, which are then taken off it.
  private func levels(
    _ rest: inout ArraySlice<UInt8>, _ page: ParquetPage, _ maximum: Int, _ lengthV2: Int
  ) throws -> ParquetHybrid? {
    var length = lengthV2
    if page.kind == .data {
      if maximum == 0 { return nil }
      guard rest.count >= 4 else { throw damaged("levels that break off") }
      length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
    }
    guard length <= rest.count else { throw damaged("levels that break off") }
    let bytes = rest.prefix(length)
    rest = rest.dropFirst(length)
    if maximum == 0 { return nil }
    return ParquetHybrid(bytes, width: Int.bitWidth - maximum.leadingZeroBitCount)
  }
}
