import Glibc

/// How much memory a process may still take.
enum AvailableMemory {
  /// Bytes that the system, or the limit of the container, has left; 0 where neither tells.
  static var bytes: Int {
    let system = number(in: "/proc/meminfo", after: "MemAvailable:").map { $0 * 1024 }
    let limit = number(in: "/sys/fs/cgroup/memory.max")
    let used = number(in: "/sys/fs/cgroup/memory.current")
    let rest = limit.map { max(0, $0 - (used ?? 0)) }
    return [system, rest].compactMap { $0 }.min() ?? 0
  }

  /// The number on the first line that starts so.
  private static func number(in path: String, after prefix: String = "") -> Int? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      guard text.hasPrefix(prefix) else { continue }
      return Int(text.dropFirst(prefix.count).drop { $0 == " " }.prefix { $0.isNumber })
    }
    return nil
  }
}
