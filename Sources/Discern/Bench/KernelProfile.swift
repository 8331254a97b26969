import Synchronization

/// Kinds of kernels, for the question where the time goes.
public enum KernelGroup: String, CaseIterable, Sendable {
  /// x·Wᵀ with frozen weights, and the second halves of low-rank pairs that ride along.
  case forwardProducts = "frozen products, forward"
  /// dy·W with frozen weights.
  case backwardProducts = "frozen products, backward"
  /// Products with trained matrices alone: first halves of pairs, the head, and their gradients to the input.
  case thinProducts = "thin products"
  /// Gradients of trained matrices.
  case outerProducts = "outer products"
  case attention = "attention, forward"
  case attentionBackward = "attention, backward"
  /// RMS norms, gates and rotary positions, both ways.
  case rows = "norms, gates, rotation"
  case dropout = "dropout"
  /// Embedding, sums, zeros, copies.
  case copies = "embedding, sums, copies"
  /// Pooling and cross-entropy.
  case loss = "pooling, loss"
  /// AdamW and the gradient's norm.
  case optimizer = "optimiser"
}

/// Time spent in kernels, summed over all threads.
public struct KernelProfile: Sendable {
  /// One group's share.
  public struct Entry: Sendable {
    /// Calls.
    public var calls = 0
    /// Seconds, each thread's counted.
    public var seconds = 0.0
    /// Floating-point operations of products and attention; 0 where nobody counts them.
    public var operations = 0.0
  }

  /// The groups that ran.
  public internal(set) var entries: [KernelGroup: Entry] = [:]
  /// Seconds on the wall, times the number of threads.
  public internal(set) var threadSeconds = 0.0

  /// Thread-seconds outside all kernels: waiting for other threads, memory, and the language around.
  public var remainder: Double { max(0, threadSeconds - entries.values.reduce(0) { $0 + $1.seconds }) }
}

/// Adds up calls from several threads.
final class KernelTally: Sendable {
  private let profile = Mutex(KernelProfile())

  func add(_ group: KernelGroup, seconds: Double, operations: Double) {
    profile.withLock {
      $0.entries[group, default: KernelProfile.Entry()].calls += 1
      $0.entries[group]!.seconds += seconds
      $0.entries[group]!.operations += operations
    }
  }

  /// What was added up so far; begins anew.
  func take() -> KernelProfile {
    profile.withLock { profile in
      defer { profile = KernelProfile() }
      return profile
    }
  }
}
