/// How much a Parquet file may unfold to: a few bytes can stand for any number of equal values.
///
/// Memory and work are bounded by the file's size. Columns that are not read cost nothing.
final class ParquetBudget {
  /// The most rows, and the most values and elements of lists; those of real texts have a tenth of either.
  let rowLimit: Int
  let entryLimit: Int
  /// The most bytes of unpacked pages that are in memory at once: a page and a dictionary of each column that is read.
  let heldLimit: Int
  /// The most bytes that are unpacked in all, and the most that are handed out as texts.
  let unpackedLimit: Int
  let textLimit: Int
  /// The most values and elements of lists in one row.
  static let rowEntryLimit = 1 << 18
  /// How many times its size a file may unpack to, beyond what it may in any case; that of real texts is below 20.
  static let ratioLimit = 64

  private var rows = 0
  private var entries = 0
  private var rowEntries = 0
  private var held = 0
  private var unpacked = 0
  private var text = 0

  /// The limits for a file of that size.
  init(fileSize: Int) {
    rowLimit = fileSize / 2 + (1 << 20)
    entryLimit = 8 * fileSize + (1 << 22)
    heldLimit = 4 * fileSize + (16 << 20)
    unpackedLimit = Self.ratioLimit * fileSize + (32 << 20)
    textLimit = Self.ratioLimit * fileSize + (24 << 20)
  }

  /// Takes the rows of a group. Throws where the file has too many.
  func take(rows more: Int, place: String) throws {
    guard more <= rowLimit - rows else { throw Self.tooMany("rows", rowLimit, place) }
    rows += more
  }

  /// Says that the values of another row follow.
  func startRow() { rowEntries = 0 }

  /// Takes a value, or an element of a list. Throws where the row or the file has too many.
  func takeEntry(place: String) throws {
    guard entries < entryLimit else { throw Self.tooMany("values", entryLimit, place) }
    guard rowEntries < Self.rowEntryLimit else { throw Self.tooMany("values in a row", Self.rowEntryLimit, place) }
    entries += 1
    rowEntries += 1
  }

  /// Takes the bytes of a text that is handed out. Throws where there have been too many.
  func take(text more: Int, place: String) throws {
    guard more <= textLimit - text else { throw Self.tooMany("bytes of texts", textLimit, place) }
    text += more
  }

  /// Takes a page that is to be unpacked, with its header. Throws where there have been too many bytes of them.
  func take(page size: Int, place: String) throws {
    guard size <= unpackedLimit - unpacked else { throw Self.tooMany("unpacked bytes", unpackedLimit, place) }
    unpacked += size
  }

  /// Takes memory for unpacked bytes. Throws where too many are held.
  func hold(_ size: Int, place: String) throws {
    guard size <= heldLimit - held else {
      throw Self.tooMany("unpacked bytes at once", heldLimit, place, "Write the file again with smaller pages.")
    }
    held += size
  }

  /// Gives memory back.
  func release(_ size: Int) { held -= size }

  private static func tooMany(
    _ what: String, _ limit: Int, _ place: String, _ remedy: String = "Write the rows as JSON Lines."
  ) -> FormatError {
    FormatError(
      place, found: "more than \(limit) \(what)", expected: "at most as many in a Parquet file of this size",
      remedy: remedy)
  }
}
