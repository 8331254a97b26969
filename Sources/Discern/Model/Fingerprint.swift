import Formats

/// A short name for a checkpoint's weights: FNV-1a over every tensor's name, shape, format and a sample of its bytes.
///
/// It tells models apart in milliseconds, without reading gigabytes; it is no defence against forgery.
enum Fingerprint {
  private static let samples = 64
  private static let sampleBytes = 32

  static func of(_ checkpoint: any Checkpoint) throws -> String {
    var hash = FNV()
    for listing in checkpoint.listings.sorted(by: { $0.name < $1.name }) {
      if case .unsupported = listing.format { continue }
      let tensor = try checkpoint.tensor(listing.name)
      hash.add(Array("\(tensor.name) \(tensor.shape) \(tensor.format)\n".utf8))
      let bytes = tensor.bytes
      let step = max(sampleBytes, bytes.count / samples)
      for start in stride(from: 0, to: bytes.count, by: step) {
        hash.add(bytes[start..<min(start + sampleBytes, bytes.count)])
      }
    }
    return "fnv1a:" + String(hash.value, radix: 16)
  }

  private struct FNV {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
  }
}
