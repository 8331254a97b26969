import Glibc

/// How many threads to use where nobody says.
public enum Processors {
  /// `OMP_NUM_THREADS` where set, else the processors that are online.
  public static var count: Int {
    if let text = getenv("OMP_NUM_THREADS").map({ String(cString: $0) }), let count = Int(text),
      (1...1024).contains(count)
    {
      return count
    }
    return max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }
}
