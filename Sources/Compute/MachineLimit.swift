import CKernels

/// What the machine can do at most, to be measured in the same run as the work that is compared with it.
///
/// Both limits are cut into many small pieces that threads claim one by one, as they claim chunks of a batch: where
/// another process takes a core, the limit shrinks as the work's speed does.
public enum MachineLimit {
  private static let piecesPerThread = 16

  /// Runs about `rounds` rounds of bare multiply-adds on each thread; returns the floating-point operations done.
  public static func multiplyAdds(rounds: Int, threads: Int) -> Int {
    let share = Int64(max(1, rounds / piecesPerThread))
    return Parallel.map(piecesPerThread * threads, threads: threads) { _ in
      var sink: Float = 0.5
      return Int(dk_peak_multiply_adds(share, &sink))
    }.reduce(0, +)
  }

  /// Reads every element of a tensor once and returns the bytes read.
  ///
  /// A tensor much larger than the caches shows the speed of the memory behind them.
  public static func read(_ x: Tensor, threads: Int) -> Int {
    let pieces = max(1, piecesPerThread * threads)
    let share = (x.count + pieces - 1) / pieces
    let sums = Parallel.map(pieces, threads: threads) { piece in
      let first = min(piece * share, x.count)
      return dk_peak_read(x.floats + first, Int64(min(share, x.count - first)))
    }
    precondition(sums.count == pieces)
    return x.count * MemoryLayout<Float>.size
  }
}
