import FuzzDriver
import Glibc
import HostileFiles

/// libFuzzer over one reader: `Fuzz READER [options and folders of libFuzzer]`; without arguments, the readers' names.
@main
struct Fuzz {
  /// What a reader may use beside four times the size of its input.
  static let allowance = 64 << 20

  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count > 1 else {
      for reader in HostileReader.allCases { print(reader.rawValue) }
      return
    }
    guard let reader = HostileReader(rawValue: arguments[1]) else {
      print("no reader \(arguments[1])")
      exit(64)
    }
    // Before the clock of the first input runs.
    reader.prepare()
    let rest = [arguments[0]] + arguments.dropFirst(2)
    var pointers: [UnsafeMutablePointer<CChar>?] = rest.map { strdup($0) } + [nil]
    exit(fuzz_drive(Int32(rest.count), &pointers, run))
  }
}

private let chosen = HostileReader(rawValue: CommandLine.arguments[1])!

private nonisolated func run(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let input = Array(UnsafeBufferPointer(start: bytes, count: count))
  fuzz_memory_start()
  chosen.read(input)
  let peak = fuzz_memory_peak()
  guard peak <= 4 * count + Fuzz.allowance else {
    print("\(peak) bytes of memory for \(count) bytes of input")
    abort()
  }
  return 0
}
