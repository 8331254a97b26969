import Formats
import Glibc
import Testing

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4's test vectors, and what sha256sum says of others.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func knownHashes(text: String, expected: String) {
    var hash = SHA256()
    hash.add(text)
    #expect(hash.hexDigest == expected)
  }

  @Test func piecesMakeTheSameHashAsTheWhole() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 3) }
    var whole = SHA256()
    bytes.withUnsafeBytes { whole.add($0) }
    for size in [1, 3, 55, 56, 63, 64, 65, 127, 999] {
      var pieces = SHA256()
      for start in stride(from: 0, to: bytes.count, by: size) {
        Array(bytes[start..<min(start + size, bytes.count)]).withUnsafeBytes { pieces.add($0) }
        _ = pieces.hexDigest
      }
      #expect(pieces.hexDigest == whole.hexDigest, "pieces of \(size)")
    }
  }

  @Test func theProcessorsInstructionsMakeTheSameHash() {
    var random = SystemRandomNumberGenerator()
    for length in [0, 1, 55, 56, 64, 65, 128, 1000, 4096, 100_003] {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      var (own, plain) = (SHA256(), SHA256(usingInstructions: false))
      bytes.withUnsafeBytes { own.add($0) }
      bytes.withUnsafeBytes { plain.add($0) }
      #expect(own.hexDigest == plain.hexDigest, "\(bytes)")
    }
  }

  /// What `printf '\037\213\010' | sha256sum` says: what a file packs is not what lies there.
  @Test func packedFilesAreHashedAsTheyLieThere() throws {
    try CheckpointFixtures.withFolder { folder in
      try writeAtomically(to: "\(folder)/x") { try $0.write([0x1F, 0x8B, 8] as [UInt8]) }
      #expect(
        try SHA256.hexDigest(ofFile: "\(folder)/x")
          == "baa89858c7e545390273530ba63c61b94c2e09d38c28b0a0311bfa7bde396181")
      #expect(try SHA256.hexDigest(ofFile: "\(folder)/x", while: { false }) == nil)
    }
  }

  @Test func everyLengthAgreesWithSha256sum() throws {
    try CheckpointFixtures.withFolder { folder in
      // All the ways in which the padding can fall: lengths around one and two blocks.
      for length in [1, 54, 55, 56, 57, 63, 64, 65, 118, 119, 120, 127, 128, 129, 300_000] {
        try writeAtomically(to: "\(folder)/\(length)") { sink in
          try sink.write((0..<length).map { UInt8(truncatingIfNeeded: $0 * 7) })
        }
      }
      let listing = try #require(popen("cd '\(folder)' && sha256sum *", "r"))
      defer { pclose(listing) }
      var line = [CChar](repeating: 0, count: 256)
      var count = 0
      while fgets(&line, 256, listing) != nil {
        let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let name = text.dropFirst(66)
        #expect(try SHA256.hexDigest(ofFile: "\(folder)/\(name)") == text.prefix(64))
        count += 1
      }
      #expect(count == 15)
    }
  }
}
