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
    /// The column's position among those that can be read; nil for others.
    var column: Int?
    var type = -1
    var codec = -1
    var compressedSize = 0
    var dataOffset = 0
    var dictionaryOffset: Int?
    var isElsewhere = false

    /// The first byte of its pages.
    var start: Int { dictionaryOffset.map { $0 > 0 ? min($0, dataOffset) : dataOffset } ?? dataOffset }
  }

  /// Some rows, column by column.
  struct RowGroup {
    /// Those of columns that can be read.
    var chunks: [Chunk] = []
    var rows = 0
  }

  private(set) var schema: [Element] = []
  private(set) var groups: [RowGroup] = []
  /// What `datasets` noted beside it.
  private(set) var note: String?
  /// The columns that can be read, and why the others cannot.
  private(set) var columns: [ParquetColumn] = []
  private(set) var unsupported: [(name: String, reason: String)] = []

  /// The most nodes of a schema, row groups, and chunks in all of them; each takes a few bytes in the file, and here a
  /// hundred.
  static let nodeLimit = 1 << 14
  static let groupLimit = 1 << 16
  static let chunkLimit = 1 << 18

  init(_ bytes: UnsafeRawBufferPointer, place: String) throws {
    var reader = ThriftReader(bytes, place: place)
    var paths: ParquetPaths?
    func readColumns() throws -> ParquetPaths {
      if let paths { return paths }
      (columns, unsupported) = try ParquetColumn.columns(schema, place: place)
      let known = ParquetPaths(columns, place: place)
      paths = known
      return known
    }
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (2, .list):
        try reader.list(.structure) {
          try Self.check(schema.count + 1, Self.nodeLimit, "nodes of the schema", place)
          schema.append(try Element(&$0))
        }
      case (4, .list):
        let paths = try readColumns()
        try reader.list(.structure) {
          try Self.check(groups.count + 1, Self.groupLimit, "row groups", place)
          groups.append(try RowGroup(&$0, paths))
        }
      case (5, .list): try reader.list(.structure) { try readNote(&$0) }
      default: return false
      }
      return true
    }
    _ = try readColumns()
  }

  fileprivate static func check(_ count: Int, _ limit: Int, _ what: String, _ place: String) throws {
    if count <= limit { return }
    throw FormatError(place, found: "more than \(limit) \(what)", expected: "at most \(limit)")
  }

  private mutating func readNote(_ reader: inout ThriftReader) throws {
    var isWanted = false
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (1, .binary): isWanted = try reader.binary().elementsEqual("huggingface".utf8)
      case (2, .binary) where isWanted: note = try reader.text()
      default: return false
      }
      return true
    }
  }
}

/// Which of the columns that can be read a path leads to.
private final class ParquetPaths {
  private var columns: [[UInt8]: Int] = [:]
  private let place: String
  /// How many chunks were read so far.
  private var chunks = 0
  private static let lengthLimit = 64

  init(_ columns: [ParquetColumn], place: String) {
    self.place = place
    for (index, column) in columns.enumerated() {
      self.columns[Array(column.path.map { $0.utf8 + [0] }.joined())] = index
    }
  }

  /// Counts a chunk. Throws where there are too many.
  func startChunk() throws {
    chunks += 1
    try ParquetMetadata.check(chunks, ParquetMetadata.chunkLimit, "column chunks", place)
  }

  /// Reads a path and answers its column.
  func column(_ reader: inout ThriftReader) throws -> Int? {
    var path: [UInt8] = []
    var length = 0
    try reader.list(.binary) {
      length += 1
      try ParquetMetadata.check(length, Self.lengthLimit, "names in the path of a column", place)
      path += try $0.binary()
      path.append(0)
    }
    return columns[path]
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
  fileprivate init(_ reader: inout ThriftReader, _ paths: ParquetPaths) throws {
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (1, .list):
        try reader.list(.structure) {
          try paths.startChunk()
          let chunk = try ParquetMetadata.Chunk(&$0, paths)
          if chunk.column != nil { chunks.append(chunk) }
        }
      case (3, .i64): rows = try reader.count()
      default: return false
      }
      return true
    }
  }
}

extension ParquetMetadata.Chunk {
  fileprivate init(_ reader: inout ThriftReader, _ paths: ParquetPaths) throws {
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (1, .binary): isElsewhere = try !reader.binary().isEmpty
      case (3, .structure): try readMetadata(&reader, paths)
      default: return false
      }
      return true
    }
  }

  private mutating func readMetadata(_ reader: inout ThriftReader, _ paths: ParquetPaths) throws {
    try reader.structure { reader, field in
      switch (field.id, field.kind) {
      case (1, .i32): type = try reader.integer()
      case (3, .list): column = try paths.column(&reader)
      case (4, .i32): codec = try reader.integer()
      case (7, .i64): compressedSize = try reader.count()
      case (9, .i64): dataOffset = try reader.count()
      case (11, .i64): dictionaryOffset = try reader.count()
      default: return false
      }
      return true
    }
  }
}
