import Compute

/// Texts that are almost the same: found by bands of their signatures, judged by whole signatures.
struct NearDuplicates: Sendable {
  /// Rows whose like stands earlier in the same part.
  var repeated = [Duplicates.Pairs](repeating: Duplicates.Pairs(), count: 3)
  /// Rows of a later part (second index) whose like stands in an earlier one (first index).
  var leaks = [[Duplicates.Pairs]](
    repeating: [Duplicates.Pairs](repeating: Duplicates.Pairs(), count: 3), count: 3)

  private struct Entry: Comparable {
    var key: UInt64
    var row: UInt32

    static func < (a: Entry, b: Entry) -> Bool { (a.key, a.row) < (b.key, b.row) }
  }

  /// A row and an earlier one like it, by their places among the rows compared.
  private struct Match {
    var row: UInt32
    var other: UInt32
  }

  /// In a band, a row is compared with so many of the first and of the last before it: enough to find its like, and
  /// never quadratic where thousands share a template.
  private static let compared = 8

  /// Compares the distinct texts; `threshold` is the similarity from which on two are almost the same.
  ///
  /// A row whose very text stands in an earlier part is no leak here as well.
  init(_ table: RowTable, _ duplicates: Duplicates, threshold: Double, threads: Int) {
    let rows = duplicates.distinct
    // The lowest like of each row in each part, by place in `rows` × 3.
    var nearest = [UInt32](repeating: .max, count: rows.count * 3)
    for first in stride(from: 0, to: MinHash.bands, by: threads) {
      let bands = min(threads, MinHash.bands - first)
      let found = Parallel.map(bands, threads: threads) { band in
        Self.matches(table, rows, band: first + band, threshold)
      }
      for match in found.joined() {
        let place = Int(match.row) * 3 + Int(table.parts[Int(rows[Int(match.other)])])
        nearest[place] = min(nearest[place], rows[Int(match.other)])
      }
    }
    for (place, row) in rows.enumerated() {
      let part = Int(table.parts[Int(row)])
      for other in 0...part where nearest[place * 3 + other] != .max {
        if other < part, duplicates.isLeaked[Int(row)] { continue }
        let like = nearest[place * 3 + other]
        if other == part {
          repeated[part].add(row, like)
        } else {
          leaks[other][part].add(row, like)
        }
      }
    }
  }

  /// Pairs of places in `rows` that agree in a band and are alike.
  private static func matches(
    _ table: RowTable, _ rows: [UInt32], band: Int, _ threshold: Double
  ) -> [Match] {
    var entries = rows.enumerated().map { place, row in
      Entry(key: table.signatures.with(Int(row)) { MinHash.key($0, band: band) }, row: UInt32(place))
    }
    entries.sort()
    var matches: [Match] = []
    var start = 0
    while start < entries.count {
      var end = start + 1
      while end < entries.count, entries[end].key == entries[start].key { end += 1 }
      for index in (start..<end).dropFirst() {
        let recent = max(start, index - compared)
        let firsts = start..<min(start + compared, recent)
        let place = entries[index].row
        // One match for each part is enough; entries of a key come in the order of the rows.
        var lastPart: UInt8?
        for other in Array(firsts) + Array(recent..<index) {
          let otherPlace = entries[other].row
          let part = table.parts[Int(rows[Int(otherPlace)])]
          if part == lastPart { continue }
          if alike(table, rows[Int(place)], rows[Int(otherPlace)], threshold) {
            matches.append(Match(row: place, other: otherPlace))
            lastPart = part
          }
        }
      }
      start = end
    }
    return matches
  }

  private static func alike(_ table: RowTable, _ a: UInt32, _ b: UInt32, _ threshold: Double) -> Bool {
    if table.texts[Int(a)] == table.texts[Int(b)] { return false }
    return table.signatures.with(Int(a)) { a in
      table.signatures.with(Int(b)) { b in MinHash.similarity(a, b) >= threshold }
    }
  }
}
