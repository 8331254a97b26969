/// Builds Parquet files, sound or not, of optional columns of texts, from pages that a test makes.
struct ParquetBuilder {
  /// A page as it lies in a file, with its header.
  static func page(_ body: [UInt8], values: Int, encoding: Int, isDictionary: Bool = false, packed: [UInt8]? = nil)
    -> [UInt8]
  {
    let counts = fields([(1, 5, number(values)), (2, 5, number(encoding)), (3, 5, number(3)), (4, 5, number(3))])
    let packed = packed ?? GunzipTests.gzip(body)
    let header = fields([
      (1, 5, number(isDictionary ? 2 : 0)), (2, 5, number(body.count)), (3, 5, number(packed.count)),
      (isDictionary ? 7 : 5, 12, counts),
    ])
    return header + packed
  }

  /// Texts in the encoding PLAIN.
  static func plain(_ texts: some Sequence<[UInt8]>) -> [UInt8] {
    texts.flatMap { [UInt8](UInt32($0.count)) + $0 }
  }

  /// Levels that say that all values are there.
  static func levels(_ count: Int) -> [UInt8] {
    let run = varint(UInt64(count) << 1) + [1]
    return [UInt8](UInt32(run.count)) + run
  }

  /// Pages of a dictionary and of `count` values that are all its first.
  static func repeated(_ texts: [[UInt8]], _ count: Int) -> [UInt8] {
    page(plain(texts), values: texts.count, encoding: 0, isDictionary: true)
      + page(levels(count) + [1] + varint(UInt64(count) << 1) + [0], values: count, encoding: 8)
  }

  var columns: [(name: String, pages: [UInt8])] = []
  /// The rows of each group; all have the same pages.
  var groups: [Int] = []

  var bytes: [UInt8] {
    var bytes = Array("PAR1".utf8)
    var chunks: [[UInt8]] = []
    for column in columns {
      let path = Self.list(8, [Self.binary(column.name)])
      let metadata = Self.fields([
        (1, 5, Self.number(6)), (3, 9, path), (4, 5, Self.number(2)), (7, 6, Self.number(column.pages.count)),
        (9, 6, Self.number(bytes.count)),
      ])
      chunks.append(Self.fields([(3, 12, metadata)]))
      bytes += column.pages
    }
    let rows = groups.map { Self.fields([(1, 9, Self.list(12, chunks)), (3, 6, Self.number($0))]) }
    return bytes + ending(Self.list(12, rows))
  }

  /// The footer and what follows, for a list of row groups.
  func ending(_ groups: [UInt8]) -> [UInt8] {
    let root = Self.fields([(4, 8, Self.binary("schema")), (5, 5, Self.number(columns.count))])
    let leaves = columns.map {
      Self.fields([
        (1, 5, Self.number(6)), (3, 5, Self.number(1)), (4, 8, Self.binary($0.name)), (6, 5, Self.number(0)),
      ])
    }
    let footer = Self.fields([(2, 9, Self.list(12, [root] + leaves)), (4, 9, groups)])
    return footer + [UInt8](UInt32(footer.count)) + Array("PAR1".utf8)
  }

  // MARK: Thrift

  static func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
  }

  static func number(_ value: Int) -> [UInt8] { varint(UInt64(bitPattern: Int64(value << 1 ^ value >> 63))) }

  static func binary(_ text: String) -> [UInt8] { varint(UInt64(text.utf8.count)) + text.utf8 }

  /// A structure of fields with ids that rise by less than 16.
  static func fields(_ fields: [(id: Int, kind: UInt8, value: [UInt8])]) -> [UInt8] {
    var last = 0
    var bytes: [UInt8] = []
    for field in fields {
      bytes += [UInt8(field.id - last) << 4 | field.kind] + field.value
      last = field.id
    }
    return bytes + [0]
  }

  static func list(_ kind: UInt8, _ elements: [[UInt8]]) -> [UInt8] {
    let count = elements.count
    let head = count < 15 ? [UInt8(count) << 4 | kind] : [0xF0 | kind] + varint(UInt64(count))
    return head + elements.joined()
  }
}
