import Glibc
import Testing

@testable import Compute

/// Kernels whose work idle threads share give the bits that one thread gives.
@Suite(.timeLimit(.minutes(1))) struct SharingTests {
  let backend = CPUBackend()

  private func tensor(_ rows: Int, _ columns: Int, _ seed: UInt64) -> Tensor {
    var random = Random(seed)
    return Tensor(random.floats(rows * columns), rows: rows, columns: columns, on: backend)
  }

  /// Runs `body` on one of so many threads, when all others have come and have nothing to do.
  private func together<Value: Sendable>(_ threads: Int, _ body: @escaping @Sendable () -> Value) -> Value {
    Parallel.map(1, threads: threads) { _ in
      while Parallel.team < threads { sched_yield() }
      return body()
    }[0]
  }

  /// The values of `body`'s tensors, by one thread and by teams.
  private func expectSameBits(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: @escaping @Sendable () -> [Tensor]
  ) {
    let alone = body().map(\.values)
    for team in [2, 3, 8] {
      let shared = together(team) { body().map(\.values) }
      #expect(shared == alone, "a team of \(team)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: [(12, 576, 200), (150, 192, 300), (200, 12, 576), (40, 1000, 12), (1, 2048, 300)])
  func products(rows: Int, outputs: Int, depth: Int) {
    let x = tensor(rows, depth, 1)
    let forward = Weight(tensor(outputs, depth, 2))
    let backward = Weight(tensor(depth, outputs, 2))
    let pair = Weight(tensor(outputs, 5, 3))
    let narrow = tensor(rows, 5, 4)
    let bias = tensor(1, outputs, 5)
    let start = tensor(rows, outputs, 6)
    for direction in [Direction.forward, .backward] {
      let segments =
        direction == .forward ? [Segment(forward, x), Segment(pair, narrow, scale: 2)] : [Segment(backward, x)]
      for accumulate in [false, true] {
        expectSameBits {
          let y = Tensor(start.values, rows: rows, columns: outputs, on: backend)
          backend.product(direction, segments, bias: bias, accumulate: accumulate, into: y)
          return [y]
        }
      }
    }
  }

  @Test(arguments: [(200, 12, 576), (200, 576, 12), (300, 2, 100), (7, 40, 3000)])
  func outerProducts(rows: Int, left: Int, right: Int) {
    let a = tensor(rows, left, 1)
    let b = tensor(rows, right, 2)
    expectSameBits {
      let g = Tensor.zeros(rows: left, columns: right, on: backend)
      backend.outer(a, b, scale: 0.5, into: g)
      return [g]
    }
  }

  @Test(arguments: [true, false]) func attention(causal: Bool) {
    let shape = AttentionShape(heads: 6, keyValueHeads: 2, headSize: 16, causal: causal)
    let packing = Packing(lengths: [5, 70, 1, 33])
    let q = tensor(packing.rows, 96, 1)
    let k = tensor(packing.rows, 32, 2)
    let v = tensor(packing.rows, 32, 3)
    let dy = tensor(packing.rows, 96, 4)
    expectSameBits {
      let (y, pull) = Ops.attention(q, k, v, shape, packing)
      let (dq, dk, dv) = pull(dy)
      return [y, dq, dk, dv]
    }
  }

  @Test func rows() {
    let (x, z, dy) = (tensor(150, 576, 1), tensor(150, 576, 2), tensor(150, 576, 3))
    let weight = tensor(1, 64, 4)
    let packing = Packing(lengths: [100, 50])
    let table = RopeTable(inverseFrequencies: (0..<32).map { 1 / Float(1 + $0) }, positions: 100, on: backend)
    let everywhere = DropoutSite(probability: 0.3, seed: 1, step: 2, site: 3, firstRow: 4)
    let some = DropoutSite(
      probability: 0.3, seed: 1, step: 2, site: 3, firstRow: 4, rows: (0..<150).map { Int32(7 * $0) })
    expectSameBits {
      let (normed, dNorm) = Ops.rmsNorm(x, weight, epsilon: 1e-5)
      let (gated, dGated) = Ops.gated(x, z)
      let (turned, dTurned) = Ops.rope(x, headSize: 64, packing, table)
      let (gate, up) = dGated(dy)
      let sum = Ops.add(z, into: dTurned(dy))
      return [
        normed, dNorm(dy), gated, gate, up, turned, sum, Ops.dropout(x, everywhere).0, Ops.dropout(x, some).1(dy),
      ]
    }
  }

  /// Chosen rows get the masks of their own numbers.
  @Test func dropoutOfSomeRows() {
    let x = tensor(40, 30, 1)
    let rows: [Int32] = [3, 4, 17, 39]
    let whole = DropoutSite(probability: 0.5, seed: 1, step: 2, site: 3, firstRow: 100)
    let some = DropoutSite(probability: 0.5, seed: 1, step: 2, site: 3, firstRow: 100, rows: rows)
    let after = Ops.gather(Ops.dropout(x, whole).0, rows: rows).0
    let before = Ops.dropout(Ops.gather(x, rows: rows).0, some).0
    #expect(before.values == after.values)
  }

  @Test(arguments: [0, 1, 3, 4, 5, 9], [1, 2, 4]) func everyPieceOnce(count: Int, threads: Int) {
    let values = Parallel.map(count, threads: threads) { index in 10 * index }
    #expect(values == (0..<count).map { 10 * $0 })
  }

  @Test func oneThreadHasNoTeam() {
    #expect(Parallel.map(3, threads: 1) { _ in Parallel.team } == [1, 1, 1])
    #expect(Parallel.team == 1)
  }

  /// The last of two pieces goes on when the thread of the other has nothing left.
  @Test func theLastPieceIsShared() {
    let teams = Parallel.map(2, threads: 2) { index -> Int in
      while index == 1 && Parallel.team < 2 { sched_yield() }
      return Parallel.team
    }
    #expect(teams[1] == 2)
  }
}
