import CFaults
import CKernels
import Glibc

/// Memory blocks kept for reuse, so that a training step in its steady state asks the system for none.
///
/// Batches differ in size from step to step. A request may therefore take a block up to twice as large as it needs:
/// without that, every size that ever occurred would keep blocks of its own. And where all free blocks are a little too
/// small, one of them makes room for the new block, which will serve in its place: otherwise batches that grow bit by bit
/// would leave behind a set of blocks for each size on the way. Sizes only rise, so this comes to rest.
struct BlockPool: ~Copyable {
  /// Free blocks by size class.
  private var free: [Int: [UnsafeMutableRawPointer]] = [:]
  /// Blocks that were asked of the system so far.
  private(set) var systemAllocations = 0
  /// Bytes of all blocks, in use or free.
  private(set) var systemBytes = 0

  /// Bytes before each block, which hold its size; a multiple of the alignment that kernels like.
  private static let header = 64
  /// Where in these bytes the word lies that shows who handed the block on.
  private static let mark = 8
  private static let hugePage = 2 << 20

  deinit {
    for block in free.values.joined() { Glibc.free(block - BlockPool.header) }
  }

  /// A block of at least so many bytes, aligned to 64, contents undefined.
  mutating func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
    var size = BlockPool.sizeClass(byteCount)
    for _ in 0...BlockPool.classesPerDoubling {
      if let block = free[size]?.popLast() {
        dk_receive(block - BlockPool.header + BlockPool.mark)
        return block
      }
      size = BlockPool.sizeClass(size + 1)
    }
    size = BlockPool.sizeClass(byteCount)
    for smaller in BlockPool.replaced(by: size) {
      guard let block = free[smaller]?.popLast() else { continue }
      release(block, smaller)
      break
    }
    return allocate(size)
  }

  /// Takes a block back.
  mutating func give(_ block: UnsafeMutableRawPointer) {
    let size = (block - BlockPool.header).load(as: Int.self)
    dk_hand_on(block - BlockPool.header + BlockPool.mark)
    free[size, default: []].append(block)
  }

  /// Gives a block back to the system, whether or not the C library would.
  private mutating func release(_ block: UnsafeMutableRawPointer, _ size: Int) {
    systemBytes -= size
    let first = (UInt(bitPattern: block) + 4095) & ~4095
    let last = (UInt(bitPattern: block) + UInt(size)) & ~4095
    if last > first { madvise(UnsafeMutableRawPointer(bitPattern: first), Int(last - first), MADV_DONTNEED) }
    Glibc.free(block - BlockPool.header)
  }

  private mutating func allocate(_ size: Int) -> UnsafeMutableRawPointer {
    systemAllocations += 1
    systemBytes += size
    let total = size + BlockPool.header
    var memory: UnsafeMutableRawPointer?
    let isLarge = total >= BlockPool.hugePage
    guard posix_memalign(&memory, isLarge ? BlockPool.hugePage : 64, total) == 0, let memory else {
      df_out_of_memory(total)
      fatalError("out of memory: \(total) bytes were not to be had")
    }
    if isLarge { madvise(memory, total, MADV_HUGEPAGE) }
    memory.storeBytes(of: size, as: Int.self)
    return memory + BlockPool.header
  }

  static let classesPerDoubling = 8

  /// The sizes from the next smaller one down to half, whose blocks a new one of that size replaces.
  static func replaced(by size: Int) -> [Int] {
    var sizes: [Int] = []
    var size = size
    for _ in 0..<classesPerDoubling {
      let power = Int.bitWidth - 1 - (size - 1).leadingZeroBitCount
      size -= (1 << power) / classesPerDoubling
      sizes.append(size)
    }
    return sizes
  }

  /// Granularity in which the memory of a block of that size becomes resident.
  static func pageBytes(of size: Int) -> Int { size + header >= hugePage ? hugePage : 4096 }

  /// Sizes are rounded up to eighths of a power of two.
  static func sizeClass(_ byteCount: Int) -> Int {
    let least = max(byteCount, 512)
    let power = Int.bitWidth - 1 - least.leadingZeroBitCount
    let step = (1 << power) / classesPerDoubling
    return (least + step - 1) / step * step
  }
}
