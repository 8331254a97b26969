import Testing

@testable import Compute

/// Memory that is kept for reuse: enough for the largest batch, and not a set for every size on the way there.
@Suite struct BlockPoolTests {
  /// Takes ten blocks of each of two kinds, as a layer does, and gives them back.
  private func batch(_ backend: CPUBackend, rows: Int) {
    let sizes = (0..<20).map { rows * ($0 % 2 == 0 ? 576 : 1536) * 4 }
    let blocks = sizes.map { backend.allocate(byteCount: $0) }
    for (block, size) in zip(blocks, sizes) { backend.free(block, byteCount: size) }
  }

  @Test func growingBatchesLeaveNothingBehind() {
    let backend = CPUBackend()
    for rows in stride(from: 60, through: 160, by: 4) { batch(backend, rows: rows) }
    let needed = 10 * 160 * (576 + 1536) * 4
    #expect(backend.systemBytes < needed * 9 / 8, "\(backend.systemBytes) for \(needed)")
    // Now every size has come: whatever follows, down to half the largest, finds its blocks.
    let before = backend.systemAllocations
    for rows in [84, 160, 100, 90, 158] { batch(backend, rows: rows) }
    #expect(backend.systemAllocations == before)
  }

  @Test(arguments: [512, 640, 1 << 20, 1_179_648, 3 << 19]) func smallerSizesReachDownToHalf(size: Int) {
    let sizes = BlockPool.replaced(by: size)
    #expect(sizes.count == 8 && sizes.allSatisfy { $0 < size })
    #expect(sizes == sizes.sorted(by: >))
    #expect(sizes[7] * 2 <= size && sizes[6] * 2 > size)
    if size > 1024 { #expect(sizes.allSatisfy { BlockPool.sizeClass($0) == $0 }) }
  }

  @Test func contentsSurviveTheNeighbours() {
    let backend = CPUBackend()
    let kept = Tensor((0..<1000).map(Float.init), rows: 10, columns: 100, on: backend)
    for rows in [3, 5, 8, 60, 90] { batch(backend, rows: rows) }
    #expect(kept.values == (0..<1000).map(Float.init))
  }
}
