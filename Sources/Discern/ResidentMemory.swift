import Glibc

/// Physical memory of this process and of the machine, as Linux counts it; 0 where nobody knows.
package enum ResidentMemory {
  /// The most bytes that were resident since the process began or `forgetPeak` was called.
  package static var peak: Int { field("VmHWM", of: "/proc/self/status") ?? 0 }

  /// Bytes of memory of its own that are resident now.
  static var own: Int { field("RssAnon", of: "/proc/self/status") ?? 0 }

  /// Bytes of mapped files that are resident now.
  static var mapped: Int { field("RssFile", of: "/proc/self/status") ?? 0 }

  /// Bytes that this process may still take: of the machine, or of the control group that it runs in.
  static var available: Int {
    let machine = field("MemAvailable", of: "/proc/meminfo") ?? 0
    guard let limit = number("/sys/fs/cgroup/memory.max"), let used = number("/sys/fs/cgroup/memory.current")
    else { return machine }
    return min(machine, max(0, limit - used))
  }

  /// Lets the peak start anew at what is resident now; without effect where the system does not allow it.
  static func forgetPeak() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }

  /// A line `name: n kB`, in bytes.
  private static func field(_ name: String, of path: String) -> Int? {
    let line = lines(path).first { $0.hasPrefix(name + ":") }
    return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1024 }
  }

  private static func number(_ path: String) -> Int? {
    lines(path).first.flatMap { Int($0.filter { !$0.isWhitespace }) }
  }

  private static func lines(_ path: String) -> [String] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var lines: [String] = []
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      lines.append(String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
    return lines
  }
}
