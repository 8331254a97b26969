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
    fact("model name") ?? "unknown processor"
  }

  /// Those of the processor's features that matter to kernels like ours, as Linux names them.
  public static var features: [String] {
    let all = Set((fact("flags") ?? fact("Features") ?? "").split(separator: " ").map(String.init))
    return [
      "avx", "f16c", "fma", "avx2", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16",
      "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8", "asimd", "asimdhp", "asimddp", "bf16", "i8mm", "sve",
    ].filter(all.contains)
  }

  /// What /proc/cpuinfo says of the first processor.
  private static func fact(_ name: String) -> String? {
    guard let file = fopen("/proc/cpuinfo", "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 8192)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      guard text.hasPrefix(name), let colon = text.firstIndex(of: ":") else { continue }
      return String(text[text.index(after: colon)...].drop { $0 == " " }.prefix { $0 != "\n" })
    }
    return nil
  }
}
