/// A column of a Parquet file that can be read: values, or lists of values.
struct ParquetColumn {
  /// What a value is.
  enum Value {
    case boolean, int32, int64, unsigned32, unsigned64, float, double, text
  }

  /// The column's name.
  var name: String
  /// The names on the way to the leaf.
  var path: [String]
  var value: Value
  var physicalType: Int
  /// How many of the nodes on the way are optional or repeated.
  var maximumDefinition: Int
  /// The definition level of an element of a list, present or null; nil where the column has no lists.
  var listDefinition: Int?

  /// The columns of a schema that can be read, and why the others cannot.
  static func columns(_ schema: [ParquetMetadata.Element], place: String) throws -> (
    columns: [ParquetColumn], unsupported: [(name: String, reason: String)]
  ) {
    var columns: [ParquetColumn] = []
    var unsupported: [(name: String, reason: String)] = []
    guard let root = schema.first, root.children <= schema.count - 1 else { throw damaged(place) }
    var position = 1
    for _ in 0..<root.children {
      guard position < schema.count else { throw damaged(place) }
      let name = schema[position].name
      let end = try endOfSubtree(schema, from: position, depth: 0, place)
      do {
        columns.append(try ParquetColumn(schema[position..<end]))
      } catch let reason as Unsupported {
        unsupported.append((name, reason.text))
      }
      position = end
    }
    return (columns, unsupported)
  }

  private struct Unsupported: Error { var text: String }

  private static func damaged(_ place: String) -> FormatError {
    FormatError(
      place, found: "a schema whose columns do not add up", expected: "a sound Parquet file",
      remedy: "Fetch or write the file again.")
  }

  private static func endOfSubtree(
    _ schema: [ParquetMetadata.Element], from position: Int, depth: Int, _ place: String
  ) throws -> Int {
    guard position < schema.count, depth < 64 else { throw damaged(place) }
    var end = position + 1
    for _ in 0..<min(schema[position].children, schema.count) {
      end = try endOfSubtree(schema, from: end, depth: depth + 1, place)
    }
    return end
  }

  /// A column of the nodes of its subtree: a leaf, or a list of leaves in either of Parquet's ways.
  private init(_ nodes: ArraySlice<ParquetMetadata.Element>) throws {
    guard nodes.dropLast().allSatisfy({ $0.children == 1 }), let first = nodes.first, let leaf = nodes.last,
      leaf.children == 0, let type = leaf.type
    else { throw Unsupported(text: nodes.first?.converted == 1 ? "a map" : "a structure of several values") }
    let repeated = nodes.indices.filter { nodes[$0].repetition == 2 }
    let isList = first.converted == 3 || first.logical == 3
    guard nodes.count == 1 || isList && nodes.count <= 3 && repeated.count == 1 else {
      throw Unsupported(text: isList ? "a list of lists or structures" : "a structure of several values")
    }
    guard repeated.count <= 1 else { throw Unsupported(text: "a list of lists") }
    name = first.name
    path = nodes.map(\.name)
    physicalType = type
    value = try Self.value(type, leaf)
    maximumDefinition = nodes.count { $0.repetition != 0 }
    listDefinition = repeated.first.map { index in nodes[...index].count { $0.repetition != 0 } }
  }

  private static func value(_ type: Int, _ leaf: ParquetMetadata.Element) throws -> Value {
    switch leaf.converted {
    case 5: throw Unsupported(text: "decimal numbers")
    case 6: throw Unsupported(text: "dates")
    case 7, 8, 9, 10: throw Unsupported(text: "times")
    case 21: throw Unsupported(text: "intervals")
    default: break
    }
    switch (type, leaf.converted) {
    case (0, _): return .boolean
    case (1, 11), (1, 12), (1, 13): return .unsigned32
    case (1, _): return .int32
    case (2, 14): return .unsigned64
    case (2, _):
      // Times in nanoseconds have only the newer kind of logical type.
      if leaf.logical == 7 || leaf.logical == 8 { throw Unsupported(text: "times") }
      return .int64
    case (4, _): return .float
    case (5, _): return .double
    case (6, 0), (6, 4), (6, 19): return .text
    case (6, _):
      if leaf.logical == 1 || leaf.logical == 4 || leaf.logical == 12 { return .text }
      throw Unsupported(text: "bytes that are no text")
    case (3, _): throw Unsupported(text: "times of 96 bits")
    default: throw Unsupported(text: "bytes of fixed length")
    }
  }
}
