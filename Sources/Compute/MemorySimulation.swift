/// Plays records of `CountingBackend` against the rules of `BlockPool`, to say how much memory a run would take.
public struct MemorySimulation {
  private struct Block {
    let size: Int
    var touched = 0
  }

  private var blocks: [Block] = []
  /// Free blocks by size, as indices.
  private var free: [Int: [Int]] = [:]

  /// Starts with an empty pool.
  public init() {}

  /// Bytes of all blocks, in use or free: what `CPUBackend.systemBytes` would be.
  public var systemBytes: Int { blocks.reduce(0) { $0 + $1.size } }

  /// Bytes that were ever written, in whole pages: what of the blocks is resident.
  public var residentBytes: Int {
    blocks.reduce(0) { sum, block in
      let page = BlockPool.pageBytes(of: block.size)
      return sum + (block.touched + page - 1) / page * page
    }
  }

  /// Runs chunks as `Parallel.map` would, whose workers claim them one by one; each chunk has its record and its cost in
  /// time.
  public mutating func run(_ chunks: [(record: AllocationRecord, cost: Double)], threads: Int) {
    var clocks = [Double](repeating: 0, count: threads)
    var timed: [(time: Double, chunk: Int, event: Int)] = []
    for (index, chunk) in chunks.enumerated() {
      let worker = clocks.indices.min { (clocks[$0], $0) < (clocks[$1], $1) }!
      let step = chunk.cost / Double(max(chunk.record.events.count, 1))
      for event in chunk.record.events.indices {
        timed.append((clocks[worker] + Double(event) * step, index, event))
      }
      clocks[worker] += chunk.cost
    }
    timed.sort { ($0.time, $0.chunk, $0.event) < ($1.time, $1.chunk, $1.event) }
    var held = [[UInt: Int]](repeating: [:], count: chunks.count)
    for (_, chunk, event) in timed {
      switch chunks[chunk].record.events[event] {
      case .take(let block, let byteCount): held[chunk][block] = take(byteCount)
      case .give(let block):
        // What was made before the record began is not the record's to free.
        if let index = held[chunk].removeValue(forKey: block) { free[blocks[index].size, default: []].append(index) }
      }
    }
  }

  private mutating func take(_ byteCount: Int) -> Int {
    let index = taken(byteCount) ?? made(BlockPool.sizeClass(byteCount))
    blocks[index].touched = max(blocks[index].touched, byteCount)
    return index
  }

  /// A new block, in the place of one that is a little too small if there is such.
  private mutating func made(_ size: Int) -> Int {
    for smaller in BlockPool.replaced(by: size) {
      guard let index = free[smaller]?.popLast() else { continue }
      blocks[index] = Block(size: size)
      return index
    }
    blocks.append(Block(size: size))
    return blocks.count - 1
  }

  /// A free block of a size that `BlockPool.take` would accept.
  private mutating func taken(_ byteCount: Int) -> Int? {
    var size = BlockPool.sizeClass(byteCount)
    for _ in 0...BlockPool.classesPerDoubling {
      if let index = free[size]?.popLast() { return index }
      size = BlockPool.sizeClass(size + 1)
    }
    return nil
  }
}
