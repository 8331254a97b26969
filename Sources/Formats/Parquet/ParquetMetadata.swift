/// What the footer of a Parquet file says.
struct ParquetMetadata {
  /// A node of the schema, in depth-first order.
  struct Element {
    var name = ""
    /// The physical type of a leaf.
    var type: Int?
    /// 0 required, 1 optional, 2 repeated.
    var repetition = 0
    var children = 0
    /// The older kind of logical type.
    var converted: Int?
    /// The newer kind: the number of the field that is set in Thrift's union.
    var logical: Int?
  }

  /// Where the pages of a column lie in a row group.
  struct Chunk {
    var path: [String] = []
    var type = -1
    var codec = -1
    var values = 0
    var compressedSize = 0
    var dataOffset = 0
    var dictionaryOffset: Int?
    var isElsewhere = false

    /// The first byte of its pages.
    var start: Int { dictionaryOffset.map { $0 > 0 ? min($0, dataOffset) : dataOffset } ?? dataOffset }
  }

  /// Some rows, column by column.
  struct RowGroup {
    var chunks: [Chunk] = []
    var rows = 0
  }

  var schema: [Element] = []
  var rows = 0
  var groups: [RowGroup] = []
  /// What the writer noted beside it.
  var notes: [String: String] = [:]

  /// The most nodes of a schema, row groups, and chunks in all of them; each takes a few bytes in the file, and here a
  /// hundred.
  static let nodeLimit = 1 << 14
  static let groupLimit = 1 << 16
  static let chunkLimit = 1 << 18

  private func check(_ place: String) throws {
    let counts = [
      (schema.count, Self.nodeLimit, "nodes of the schema"), (groups.count, Self.groupLimit, "row groups"),
      (groups.reduce(0) { $0 + $1.chunks.count }, Self.chunkLimit, "column chunks"),
    ]
    for (count, limit, what) in counts where count > limit {
      throw FormatError(place, found: "more than \(limit) \(what)", expected: "at most \(limit)")
    }
  }

  init(_ bytes: UnsafeRawBufferPointer, place: String) throws {
    var chunks = 0
    var reader = ThriftReader(bytes, place: place)
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (2, .list):
        try reader.list(.structure) {
          schema.append(try Element(&$0))
          if schema.count > Self.nodeLimit { try check(place) }
        }
      case (3, .i64): rows = try reader.count()
      case (4, .list):
        try reader.list(.structure) {
          groups.append(try RowGroup(&$0))
          chunks += groups.last!.chunks.count
          if chunks > Self.chunkLimit || groups.count > Self.groupLimit { try check(place) }
        }
      case (5, .list):
        try reader.list(.structure) { reader in
          var (key, value) = ("", "")
          try reader.structure { reader, field in
            switch (field.id, field.kind) {
            case (1, .binary): key = try reader.text()
            case (2, .binary): value = try reader.text()
            default: return false
            }
            return true
          }
          notes[key] = value
        }
      default: return false
      }
      return true
    }
  }
}

extension ParquetMetadata.Element {
  fileprivate init(_ reader: inout ThriftReader) throws {
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (1, .i32): type = try reader.integer()
      case (3, .i32): repetition = try reader.integer()
      case (4, .binary): name = try reader.text()
      case (5, .i32): children = try reader.count()
      case (6, .i32): converted = try reader.integer()
      case (10, .structure):
        try reader.structure { _, field in
          logical = field.id
          return false
        }
      default: return false
      }
      return true
    }
  }
}

extension ParquetMetadata.RowGroup {
  fileprivate init(_ reader: inout ThriftReader) throws {
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (1, .list): try reader.list(.structure) { chunks.append(try ParquetMetadata.Chunk(&$0)) }
      case (3, .i64): rows = try reader.count()
      default: return false
      }
      return true
    }
  }
}

extension ParquetMetadata.Chunk {
  fileprivate init(_ reader: inout ThriftReader) throws {
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (1, .binary): isElsewhere = try !reader.text().isEmpty
      case (3, .structure): try readMetadata(&reader)
      default: return false
      }
      return true
    }
  }

  private mutating func readMetadata(_ reader: inout ThriftReader) throws {
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (1, .i32): type = try reader.integer()
      case (3, .list): try reader.list(.binary) { path.append(try $0.text()) }
      case (4, .i32): codec = try reader.integer()
      case (5, .i64): values = try reader.count()
      case (7, .i64): compressedSize = try reader.count()
      case (9, .i64): dataOffset = try reader.count()
      case (11, .i64): dictionaryOffset = try reader.count()
      default: return false
      }
      return true
    }
  }
}
