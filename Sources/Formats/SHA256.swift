import CHashes

/// SHA-256 (FIPS 180-4), fed piece by piece.
///
/// Written out because the package that has it, swift-crypto, would bring all of BoringSSL into every build for it.
public struct SHA256: Sendable {
  private var state = SIMD8<UInt32>(
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19)
  /// Bytes that do not fill a block yet.
  private var pending: [UInt8] = []
  private var count: UInt64 = 0
  private let usesInstructions: Bool

  /// The hash of nothing so far.
  public init() { self.init(usingInstructions: true) }

  /// With or without the processor's own instructions for it, where it has them.
  package init(usingInstructions: Bool) { usesInstructions = usingInstructions && ch_has_sha256() }

  /// Appends bytes.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    count += UInt64(bytes.count)
    var rest = bytes[...]
    if !pending.isEmpty {
      let taken = rest.prefix(64 - pending.count)
      pending.append(contentsOf: taken)
      rest = rest.dropFirst(taken.count)
      if pending.count < 64 { return }
      pending.withUnsafeBytes { compress($0) }
      pending.removeAll(keepingCapacity: true)
    }
    let blocks = rest.prefix(rest.count / 64 * 64)
    compress(UnsafeRawBufferPointer(rebasing: blocks))
    pending.append(contentsOf: rest.dropFirst(blocks.count))
  }

  /// Appends a text in UTF-8.
  public mutating func add(_ text: String) {
    Array(text.utf8).withUnsafeBytes { add($0) }
  }

  /// The hash of all bytes so far, as 64 lower-case digits.
  public var hexDigest: String {
    var padded = self
    let zeros = (119 - pending.count) % 64
    let padding: [UInt8] = [0x80] + [UInt8](repeating: 0, count: zeros)
    padding.withUnsafeBytes { padded.add($0) }
    withUnsafeBytes(of: (count * 8).bigEndian) { padded.add($0) }
    return (0..<8).map { index in
      let digits = String(padded.state[index], radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// The hash of a regular file's bytes as they lie there. Throws `FormatError` where it cannot be read.
  public static func hexDigest(ofFile path: String) throws -> String {
    try hexDigest(ofFile: path, while: { true }) ?? ""
  }

  /// The same, or nil where `isWanted` says before a piece of the file that it need not be known.
  public static func hexDigest(ofFile path: String, while isWanted: () -> Bool) throws -> String? {
    let file = try InputFile(plain: path)
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      guard isWanted() else { return nil }
      let count = try file.read(into: &buffer)
      if count == 0 { return hash.hexDigest }
      buffer.withUnsafeBytes { hash.add(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
  }

  /// Takes whole blocks of 64 bytes in.
  private mutating func compress(_ bytes: UnsafeRawBufferPointer) {
    guard usesInstructions, let blocks = bytes.bindMemory(to: UInt8.self).baseAddress else {
      return Self.compress(&state, bytes)
    }
    withUnsafeMutableBytes(of: &state) {
      ch_sha256($0.bindMemory(to: UInt32.self).baseAddress!, blocks, bytes.count / 64)
    }
  }

  private static func compress(_ state: inout SIMD8<UInt32>, _ bytes: UnsafeRawBufferPointer) {
    let k = UnsafeBufferPointer(start: ch_sha256_constants(), count: 64)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
      for block in stride(from: 0, to: bytes.count, by: 64) {
        for t in 0..<16 {
          w[t] = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: block + 4 * t, as: UInt32.self))
        }
        for t in 16..<64 {
          w[t] = w[t - 16] &+ w[t - 7] &+ smallSigma(w[t - 15], 7, 18, 3) &+ smallSigma(w[t - 2], 17, 19, 10)
        }
        state &+= rounds(state, UnsafeBufferPointer(w), k)
      }
    }
  }

  /// The 64 rounds of one block, in the letters of the standard.
  private static func rounds(
    _ state: SIMD8<UInt32>, _ w: UnsafeBufferPointer<UInt32>, _ k: UnsafeBufferPointer<UInt32>
  ) -> SIMD8<UInt32> {
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for t in 0..<64 {
      let t1 = h &+ bigSigma(e, 6, 11, 25) &+ ((e & f) ^ (~e & g)) &+ k[t] &+ w[t]
      let t2 = bigSigma(a, 2, 13, 22) &+ ((a & b) ^ (a & c) ^ (b & c))
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
    }
    return SIMD8(a, b, c, d, e, f, g, h)
  }

  private static func rotated(_ x: UInt32, _ by: UInt32) -> UInt32 { x &>> by | x &<< (32 - by) }

  private static func bigSigma(_ x: UInt32, _ a: UInt32, _ b: UInt32, _ c: UInt32) -> UInt32 {
    rotated(x, a) ^ rotated(x, b) ^ rotated(x, c)
  }

  private static func smallSigma(_ x: UInt32, _ a: UInt32, _ b: UInt32, _ shift: UInt32) -> UInt32 {
    rotated(x, a) ^ rotated(x, b) ^ x &>> shift
  }
}
