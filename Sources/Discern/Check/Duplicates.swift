/// Texts that stand in the data more than once, counted over all parts.
struct Duplicates: Sendable {
  /// Rows of each part whose text stands earlier in the same part.
  var repeated = [Pairs](repeating: Pairs(), count: 3)
  /// Texts with more than one label.
  var conflicts = Pairs()
  /// Rows with such texts.
  var conflictRows = 0
  /// Rows of a later part (second index) whose text stands in an earlier one (first index).
  var leaks = [[Pairs]](repeating: [Pairs](repeating: Pairs(), count: 3), count: 3)
  /// The first row of each text in each part, in order.
  private(set) var distinct: [UInt32] = []
  /// For each row whether its text stands in an earlier part.
  private(set) var isLeaked: [Bool]

  /// How many pairs of rows there are, and the first of them.
  struct Pairs: Sendable {
    var count = 0
    private(set) var first: [(row: UInt32, other: UInt32)] = []

    /// Counts a pair; the pairs of the lowest rows are kept.
    mutating func add(_ row: UInt32, _ other: UInt32) {
      count += 1
      if first.count == CheckPart.placesKept, first.last!.row <= row { return }
      let place = first.firstIndex { $0.row > row } ?? first.count
      first.insert((row, other), at: place)
      if first.count > CheckPart.placesKept { first.removeLast() }
    }
  }

  /// Looks through all rows; empty texts are no duplicates.
  init(_ table: RowTable) {
    isLeaked = [Bool](repeating: false, count: table.count)
    var order = (0..<UInt32(table.count)).filter { !table.empty[Int($0)] }
    let texts = table.texts
    order.sort { (texts[Int($0)], $0) < (texts[Int($1)], $1) }
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, texts[Int(order[end])] == texts[Int(order[start])] { end += 1 }
      add(order[start..<end], table)
      start = end
    }
    distinct.sort()
  }

  /// Rows of one text, in order.
  private mutating func add(_ rows: ArraySlice<UInt32>, _ table: RowTable) {
    var firstOfPart = [UInt32?](repeating: nil, count: 3)
    let first = rows.first!
    var other: UInt32?
    for row in rows {
      let part = Int(table.parts[Int(row)])
      if let earlier = firstOfPart[part] {
        repeated[part].add(row, earlier)
      } else {
        firstOfPart[part] = row
        distinct.append(row)
      }
      for earlierPart in 0..<part {
        guard let earlier = firstOfPart[earlierPart] else { continue }
        leaks[earlierPart][part].add(row, earlier)
        isLeaked[Int(row)] = true
      }
      if other == nil, table.labels[Int(row)] != table.labels[Int(first)] { other = row }
    }
    if let other {
      conflicts.add(first, other)
      conflictRows += rows.count
    }
  }
}
