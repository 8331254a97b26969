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

  /// The processor's name as Linux knows it; "unknown processor" where it tells none.
  public static var name: String {
    guard let file = fopen("/proc/cpuinfo", "r") else { return "unknown processor" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      guard text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") else { continue }
      return String(text[text.index(after: colon)...].drop { $0 == " " }.prefix { $0 != "\n" })
    }
    return "unknown processor"
  }
}
