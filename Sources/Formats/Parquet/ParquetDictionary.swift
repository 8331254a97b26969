/// The dictionary of a column in a row group: its page and where the values stand in it, or, if they are few, they
/// themselves.
///
/// A page is about as large as the file says; values of their own would take many times as much.
struct ParquetDictionary {
  /// More values than this are in no dictionary.
  static let countLimit = 1 << 20
  /// Dictionaries of so many values in so many bytes are kept as values: those of labels mostly.
  private static let fewValues = 256
  private static let fewBytes = 1 << 14

  /// How many bytes it holds of the budget.
  let size: Int
  private let page: ParquetValues
  private var starts: [UInt32] = []
  private var values: [JSON] = []

  /// Reads a page, whose body is held of the budget already.
  init(_ page: ParquetPage, _ column: ParquetColumn, _ budget: ParquetBudget, place: String) throws {
    func damaged(_ what: String) -> FormatError { ParquetCursor.damaged(place, what) }
    guard page.encoding == 0 || page.encoding == 2 else { throw damaged("a dictionary in another encoding") }
    // A truth value takes a bit, a text four bytes at least.
    guard page.values <= page.body.count * 8 else { throw damaged("a dictionary larger than its page") }
    guard page.values <= Self.countLimit else {
      throw damaged("a dictionary of \(page.values) values; the limit is \(Self.countLimit)")
    }
    let isFew = page.values <= Self.fewValues && page.body.count <= Self.fewBytes
    guard isFew || column.value != .boolean else { throw damaged("a dictionary of many truth values") }
    let more = page.values * (isFew ? 2 * MemoryLayout<JSON>.stride : MemoryLayout<UInt32>.stride)
    try budget.hold(more, place: place)
    size = page.body.count + more
    self.page = try ParquetValues(page.body[...], encoding: 0, column, place: place)
    var reader = self.page
    if !isFew { starts.reserveCapacity(page.values) }
    for _ in 0..<page.values {
      let start = reader.position
      let isThere: Bool
      if isFew, let value = reader.plain() {
        values.append(value)
        isThere = true
      } else {
        starts.append(UInt32(start))
        isThere = !isFew && reader.skip()
      }
      if !isThere { throw damaged("a dictionary that breaks off or is not UTF-8") }
    }
  }

  /// The value at a position; nil where there is none, or no UTF-8.
  func value(at position: Int) -> JSON? {
    if starts.isEmpty { return position < values.count ? values[position] : nil }
    guard position < starts.count else { return nil }
    var reader = page
    reader.position = Int(starts[position])
    return reader.plain()
  }
}
