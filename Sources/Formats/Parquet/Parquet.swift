/// Streams the rows of a Parquet file as objects, as those of a JSON Lines file come.
///
/// It reads what Hugging Face's `datasets` writes: values and lists of values in pages of either version, PLAIN or with
/// a dictionary, packed with snappy, gzip, zstd or nothing. Integers whose classes the file names (`ClassLabel`) come as
/// these names, and -1 as null. Columns of other kinds are not read. The file is mapped; a page of each column is in
/// memory.
public final class Parquet {
  /// The file's name for messages.
  public let name: String
  /// The names of the columns that are read, in order.
  public var columns: [String] { metadata.columns.map(\.name) }
  /// The columns that are not read, and what they hold.
  public var unsupported: [(name: String, reason: String)] { metadata.unsupported }
  private let file: MappedFile
  private let metadata: ParquetMetadata
  /// The columns that are read, with their names for messages, and the names of their classes.
  private var wanted: [(index: Int, column: ParquetColumn, place: String, classes: [JSON]?)] = []
  private let footerStart: Int
  private var group = 0
  private var rowsLeft = 0
  private var row = 0
  private var cursors: [ParquetCursor] = []
  private let budget: ParquetBudget

  /// The most columns that are read.
  static let columnLimit = 1024
  private static let magic = Array("PAR1".utf8)

  /// Maps the file and reads its footer.
  public init(path: String) throws {
    if path == "-" {
      throw FormatError(
        "stdin", found: "Parquet on the standard input", expected: "a file: its table of contents stands at its end",
        kind: .noInput)
    }
    file = try MappedFile(path)
    name = path
    let bytes = file.bytes
    let expected = "a Parquet file"
    guard bytes.count >= 12, bytes.prefix(4).elementsEqual(Self.magic) else {
      throw FormatError(path, found: "no Parquet data", expected: expected)
    }
    let end = bytes.suffix(4)
    guard end.elementsEqual(Self.magic) else {
      let isEncrypted = end.elementsEqual("PARE".utf8)
      throw FormatError(
        path, found: isEncrypted ? "an encrypted Parquet file" : "a Parquet file that breaks off", expected: expected,
        remedy: isEncrypted ? "Write it without encryption." : "Fetch the file again.")
    }
    let length = bytes.dropLast(4).suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= bytes.count - 12 else {
      throw FormatError(path, found: "a footer longer than the file", expected: expected)
    }
    footerStart = bytes.count - 8 - length
    metadata = try ParquetMetadata(
      UnsafeRawBufferPointer(rebasing: bytes[footerStart..<(bytes.count - 8)]), place: path)
    guard metadata.columns.count <= Self.columnLimit else {
      throw FormatError(path, found: "\(metadata.columns.count) columns", expected: "at most \(Self.columnLimit)")
    }
    budget = ParquetBudget(fileSize: bytes.count)
    let classes = try HuggingFaceFeatures.classNames(metadata.note, place: path)
    wanted = metadata.columns.enumerated().map { index, column in
      (index, column, "\(path), column \(quoted(column.name))", classes[JSONString(column.name)])
    }
    var seen: Set<JSONString> = []
    for name in columns where !seen.insert(JSONString(name)).inserted {
      throw FormatError(path, found: "two columns \(quoted(name))", expected: "different names")
    }
  }

  /// Has the rows come with these columns alone; others are then not even unpacked.
  public func select(_ names: some Sequence<String>) {
    let names = Set(names.map { JSONString($0) })
    wanted.removeAll { !names.contains(JSONString($0.column.name)) }
  }

  /// The next row with its number from 1, or nil at the end.
  public func next() throws -> JSONLines.Row? {
    while rowsLeft == 0 {
      for cursor in cursors { try cursor.finish() }
      cursors = []
      guard group < metadata.groups.count else { return nil }
      try open(metadata.groups[group])
      group += 1
    }
    rowsLeft -= 1
    row += 1
    budget.startRow()
    var object = JSONObject()
    for (entry, cursor) in zip(wanted, cursors) {
      object.append(JSONString(entry.column.name), try cursor.next())
    }
    return JSONLines.Row(object: object, line: row)
  }

  private func open(_ group: ParquetMetadata.RowGroup) throws {
    if wanted.isEmpty {
      throw FormatError(
        name, found: "no column that can be read", expected: "columns of texts, numbers, truth values or lists of them")
    }
    // Writers give the columns of a group without rows no place in the file.
    if group.rows == 0 { return }
    var chunks: [Int: ParquetMetadata.Chunk] = [:]
    for chunk in group.chunks where chunks[chunk.column!] == nil { chunks[chunk.column!] = chunk }
    cursors = try wanted.map { index, column, place, classes in
      guard let chunk = chunks[index], chunk.type == column.physicalType, !chunk.isElsewhere else {
        throw ParquetCursor.damaged(place, "a row group lacks it, or has another kind of values")
      }
      guard chunk.start >= 4, chunk.compressedSize <= footerStart, chunk.start <= footerStart - chunk.compressedSize
      else { throw ParquetCursor.damaged(place, "it lies outside of the file") }
      let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[chunk.start..<(chunk.start + chunk.compressedSize)])
      let pages = try ParquetPages(bytes, codec: chunk.codec, budget, place: place)
      return ParquetCursor(column, pages, classes: classes, budget, place: place)
    }
    try budget.take(rows: group.rows, place: name)
    rowsLeft = group.rows
  }
}
