/// How much a Parquet file may unfold to: a few bytes can stand for any number of equal values.
final class ParquetBudget {
  private let rowLimit: Int
  private let entryLimit: Int
  private var rows = 0
  private var entries = 0

  /// The limits for a file of that size; those of real texts have a tenth of either.
  init(fileSize: Int) {
    rowLimit = 4 * fileSize + (1 << 16)
    entryLimit = 8 * fileSize + (1 << 18)
  }

  /// Takes the rows of a group. Throws where the file has too many.
  func take(rows more: Int, place: String) throws {
    guard more <= rowLimit - rows else { throw Self.tooMany("rows", rowLimit, place) }
    rows += more
  }

  /// Takes a value, or an element of a list. Throws where the file has too many.
  func takeEntry(place: String) throws {
    guard entries < entryLimit else { throw Self.tooMany("values", entryLimit, place) }
    entries += 1
  }

  private static func tooMany(_ what: String, _ limit: Int, _ place: String) -> FormatError {
    FormatError(
      place, found: "more than \(limit) \(what)", expected: "at most as many in a Parquet file of this size",
      remedy: "Write the rows as JSON Lines.")
  }
}
