/// The rows of all parts, as far as they are compared: 28 bytes for a row beside its signature.
struct RowTable: Sendable {
  private(set) var texts: [UInt64] = []
  private(set) var labels: [UInt64] = []
  private(set) var lines: [Int32] = []
  private(set) var files: [Int32] = []
  /// 0 for train, 1 for dev, 2 for test.
  private(set) var parts: [UInt8] = []
  private(set) var empty: [Bool] = []
  private(set) var signatures = SignatureStore()

  var count: Int { texts.count }

  /// Adds the rows of a part.
  mutating func add(_ slice: RowChecker.Slice, part: UInt8) {
    for row in slice.rows {
      texts.append(row.text)
      labels.append(row.label)
      lines.append(row.line)
      files.append(row.file)
      parts.append(part)
      empty.append(row.isEmpty)
    }
    signatures.append(slice.signatures)
  }
}
