/// The existing names most like a missing one, best first, for messages.
func nearestNames(to name: String, in names: [String], limit: Int = 3) -> [String] {
  let wanted = Array(name.utf8.prefix(nameLimit))
  // A hostile file may list millions of long names; a message needs no search of all.
  let ranked = names.prefix(5_000).map { candidate in
    (candidate, editDistance(wanted, Array(candidate.utf8.prefix(nameLimit))))
  }
  return ranked.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(limit).map(\.0)
}

/// More bytes of a name than this are not compared.
private let nameLimit = 96

/// The fewest insertions, deletions and replacements of bytes that turn `a` into `b`.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for (i, byte) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in b.enumerated() {
      let replaced = diagonal + (byte == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
