/// The symbols of one word while they merge; its storage is used again for the next word.
struct SymbolList: Sendable {
  private static let rankMask: UInt64 = 0xFFFF_FFFF_0000_0000

  /// The id of each symbol.
  var ids: [Int32] = []
  /// The length of each symbol in bytes.
  var lengths: [Int32] = []
  /// Bytes without symbol before the first symbol.
  private var gap: Int32 = 0
  /// By symbol: rank and id of its merge with the symbol after it (`PairTable.merge`).
  private var merges: [UInt64] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var heap = MinimumHeap()

  mutating func removeAll() {
    ids.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
    gap = 0
  }

  /// Makes room for so many symbols.
  mutating func reserve(_ count: Int) {
    ids.reserveCapacity(count)
    lengths.reserveCapacity(count)
  }

  /// Gives large storage back: one long word must not hold its memory for ever.
  mutating func shrink() {
    if ids.capacity > Self.keptSymbols || merges.count > Self.keptSymbols { self = SymbolList() }
  }

  private static let keptSymbols = 1 << 16

  @inline(__always)
  mutating func append(_ id: Int32, _ length: Int) {
    ids.append(id)
    lengths.append(Int32(length) + gap)
    gap = 0
  }

  /// Adds bytes that have no symbol to the symbol before them, or, at the start, to the first.
  mutating func appendGap(_ length: Int) {
    if lengths.isEmpty { gap += Int32(length) } else { lengths[lengths.count - 1] += Int32(length) }
  }

  /// Merges neighbours until no pair of the table is left.
  mutating func merge(_ pairs: PairTable) {
    let count = ids.count
    guard count > 1 else { return }
    if merges.count < count {
      if count > Self.keptSymbols { merges.reserveCapacity(count) }
      while merges.count < count { merges.append(PairTable.none) }
    }
    ids.withUnsafeBufferPointer { ids in
      merges.withUnsafeMutableBufferPointer { merges in
        for index in 0..<count - 1 { merges[index] = pairs.merge(ids[index], ids[index + 1]) }
        merges[count - 1] = PairTable.none
      }
    }
    // Up to here looking at every pair again costs less than keeping a heap.
    if count <= 64 { mergeShort(pairs) } else { mergeLong(pairs) }
  }

  private mutating func mergeShort(_ pairs: PairTable) {
    var count = ids.count
    ids.withUnsafeMutableBufferPointer { ids in
      lengths.withUnsafeMutableBufferPointer { lengths in
        merges.withUnsafeMutableBufferPointer { merges in
          while true {
            var best = PairTable.none
            var place = 0
            for index in 0..<count - 1 where merges[index] < best {
              best = merges[index]
              place = index
            }
            if best == PairTable.none { return }
            ids[place] = Int32(truncatingIfNeeded: best)
            lengths[place] += lengths[place + 1]
            count -= 1
            for index in place + 1..<max(count, place + 1) {
              ids[index] = ids[index + 1]
              lengths[index] = lengths[index + 1]
              merges[index] = merges[index + 1]
            }
            merges[place] =
              place + 1 < count ? pairs.merge(ids[place], ids[place + 1]) : PairTable.none
            if place > 0 { merges[place - 1] = pairs.merge(ids[place - 1], ids[place]) }
          }
        }
      }
    }
    ids.removeLast(ids.count - count)
    lengths.removeLast(lengths.count - count)
  }

  /// The same in O(n log n): a linked list of symbols and a heap of (rank, place), whose stale entries are passed over.
  private mutating func mergeLong(_ pairs: PairTable) {
    let count = ids.count
    next.removeAll(keepingCapacity: true)
    previous.removeAll(keepingCapacity: true)
    heap.removeAll()
    if count > Self.keptSymbols {
      next.reserveCapacity(count)
      previous.reserveCapacity(count)
    }
    for index in 0..<Int32(count) {
      next.append(index + 1)
      previous.append(index - 1)
      if merges[Int(index)] != PairTable.none {
        heap.append(merges[Int(index)] & Self.rankMask | UInt64(index))
      }
    }
    heap.heapify()
    while let top = heap.removeMinimum() {
      let place = Int(top & 0xFFFF_FFFF)
      let merge = merges[place]
      if merge == PairTable.none || (merge ^ top) & Self.rankMask != 0 { continue }
      let right = Int(next[place])
      ids[place] = Int32(truncatingIfNeeded: merge)
      lengths[place] += lengths[right]
      lengths[right] = 0
      merges[right] = PairTable.none
      next[place] = next[right]
      if Int(next[place]) < count { previous[Int(next[place])] = Int32(place) }
      refresh(place, pairs)
      if previous[place] >= 0 { refresh(Int(previous[place]), pairs) }
    }
    var kept = 0
    for index in 0..<count where lengths[index] > 0 {
      ids[kept] = ids[index]
      lengths[kept] = lengths[index]
      kept += 1
    }
    ids.removeLast(count - kept)
    lengths.removeLast(count - kept)
  }

  /// Looks up anew how the symbol at `place` merges with the next.
  private mutating func refresh(_ place: Int, _ pairs: PairTable) {
    let right = Int(next[place])
    merges[place] = right < ids.count ? pairs.merge(ids[place], ids[right]) : PairTable.none
    if merges[place] != PairTable.none {
      heap.insert(merges[place] & Self.rankMask | UInt64(place))
    }
  }
}

/// A binary heap of numbers, the smallest on top.
struct MinimumHeap: Sendable {
  private var items: [UInt64] = []

  mutating func removeAll() { items.removeAll(keepingCapacity: true) }

  /// Adds an item without order; call `heapify` when all are there.
  mutating func append(_ item: UInt64) { items.append(item) }

  mutating func heapify() {
    for index in stride(from: items.count / 2 - 1, through: 0, by: -1) { sink(index) }
  }

  mutating func insert(_ item: UInt64) {
    items.append(item)
    var child = items.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if items[parent] <= item { break }
      items[child] = items[parent]
      child = parent
    }
    items[child] = item
  }

  mutating func removeMinimum() -> UInt64? {
    guard let last = items.popLast() else { return nil }
    guard let top = items.first else { return last }
    items[0] = last
    sink(0)
    return top
  }

  private mutating func sink(_ start: Int) {
    let item = items[start]
    var parent = start
    while true {
      var child = 2 * parent + 1
      if child >= items.count { break }
      if child + 1 < items.count, items[child + 1] < items[child] { child += 1 }
      if items[child] >= item { break }
      items[parent] = items[child]
      parent = child
    }
    items[parent] = item
  }
}
