import CKernels
import Synchronization
import Testing

/// What a parallel region saw, written from several threads.
private final class Ledger: Sendable {
  let visits: Mutex<[Int: Int]> = Mutex([:])
  private let workerBits = Atomic<UInt64>(0)
  let sum = Atomic<Int>(0)

  /// The numbers of those who were at work.
  var workers: Set<Int> {
    let bits = workerBits.load(ordering: .sequentiallyConsistent)
    return Set((0..<64).filter { bits >> $0 & 1 == 1 })
  }

  func saw(_ worker: some BinaryInteger) { workerBits.bitwiseOr(1 << UInt64(worker), ordering: .relaxed) }
}

private func inParallel(_ count: Int, threads: Int, ledger: Ledger, _ work: dk_work_t) {
  dk_parallel(Int64(count), Int64(threads), work, Unmanaged.passUnretained(ledger).toOpaque())
}

private func ledger(_ context: UnsafeMutableRawPointer?) -> Ledger {
  Unmanaged<Ledger>.fromOpaque(context!).takeUnretainedValue()
}

@Suite struct ParallelTests {
  @Test(arguments: [0, 1, 2, 7, 1000], [1, 2, 5]) func everyIndexOnce(count: Int, threads: Int) {
    let seen = Ledger()
    inParallel(count, threads: threads, ledger: seen) { context, index, worker in
      ledger(context).visits.withLock { $0[Int(index), default: 0] += 1 }
      ledger(context).saw(worker)
    }
    #expect(seen.visits.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, 1) }))
    #expect(seen.workers.isSubset(of: Set(0..<threads)))
  }

  @Test func manyIndices() {
    let seen = Ledger()
    inParallel(200_000, threads: 3, ledger: seen) { context, index, _ in
      ledger(context).sum.wrappingAdd(Int(index), ordering: .relaxed)
    }
    #expect(seen.sum.load(ordering: .sequentiallyConsistent) == 200_000 * 199_999 / 2)
  }

  @Test func oneRegionAfterTheOther() {
    let seen = Ledger()
    for _ in 0..<20_000 {
      inParallel(4, threads: 3, ledger: seen) { context, _, _ in
        ledger(context).sum.wrappingAdd(1, ordering: .relaxed)
      }
    }
    #expect(seen.sum.load(ordering: .sequentiallyConsistent) == 80_000)
  }

  /// Pieces of very different size: those who have none left help, everything is done once, and nobody has the number of
  /// another who is at work.
  @Test(arguments: [2, 3, 8]) func theIdleHelp(threads: Int) {
    let seen = Ledger()
    for count in 1...201 {
      inParallel(1 + count % 3, threads: threads, ledger: seen) { context, index, _ in
        for _ in 0..<(50 * Int(index)) {
          dk_parallel(
            20, 8,
            { context, _, worker in
              ledger(context).sum.wrappingAdd(1, ordering: .relaxed)
              ledger(context).saw(worker)
            }, context)
        }
      }
    }
    // Indices 1 and 2 bring 50 and 100 calls of 20 pieces: the first in two of three rounds, the second in one.
    #expect(seen.sum.load(ordering: .sequentiallyConsistent) == 67 * 20 * (2 * 50 + 100))
    #expect(seen.workers.isSubset(of: Set(0..<8)))
  }

  /// A piece that is itself cut, inside a part, runs on its own thread alone. That a helper has it, whose number is not
  /// 0, shows that it is inside a part; without anyone idle there is none.
  @Test func insideAPartEverythingRunsInline() {
    let seen = Ledger()
    inParallel(2, threads: 3, ledger: seen) { context, _, _ in
      dk_parallel(
        10, 3,
        { context, _, worker in
          let own = Ledger()
          inParallel(10, threads: 3, ledger: own) { context, _, worker in
            ledger(context).sum.wrappingAdd(1, ordering: .relaxed)
            ledger(context).saw(worker)
          }
          ledger(context).sum.wrappingAdd(own.sum.load(ordering: .sequentiallyConsistent), ordering: .relaxed)
          if worker > 0 { for worker in own.workers { ledger(context).saw(worker) } }
        }, context)
    }
    #expect(seen.sum.load(ordering: .sequentiallyConsistent) == 200)
    #expect(seen.workers.isSubset(of: [0]))
  }

  @Test func callersTakeTurns() async {
    let seen = Ledger()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<200 {
            inParallel(5, threads: 2, ledger: seen) { context, _, _ in
              ledger(context).sum.wrappingAdd(1, ordering: .relaxed)
            }
          }
        }
      }
    }
    #expect(seen.sum.load(ordering: .sequentiallyConsistent) == 8 * 200 * 5)
  }
}
