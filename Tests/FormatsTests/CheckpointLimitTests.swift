import Foundation
import Glibc
import TestSupport
import Testing

@testable import Formats

/// What names, shapes and files of a checkpoint may be at most.
@Suite struct CheckpointLimitTests {
  private func safetensors(_ names: some Sequence<String>) throws -> Safetensors {
    let tensors = names.map { "\"\($0)\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}" }
    let header = Array("{\(tensors.joined(separator: ","))}".utf8)
    return try Safetensors(CheckpointFixtures.mapped([UInt8](UInt64(header.count)) + header, name: "x"))
  }

  private func gguf(_ names: some Sequence<String>) throws -> GGUF {
    var builder = GGUFBuilder()
    builder.tensors = names.enumerated().map { GGUFBuilder.tensor($1, [8], offset: UInt64(32 * $0)) }
    builder.data = [UInt8](repeating: 0, count: 32 * builder.tensors.count)
    return try builder.gguf()
  }

  @Test func namesOfTensorsAreLimited() throws {
    let (longest, tooLong) = (String(repeating: "n", count: 1024), String(repeating: "n", count: 1025))
    #expect(try safetensors([longest]).contains(longest))
    #expect(try gguf([longest]).contains(longest))
    let text = message { _ = try safetensors([tooLong]) }
    #expect(text.contains("found a name of 1025 bytes; expected at most 1024"), "\(text)")
    let other = message { _ = try gguf([tooLong]) }
    #expect(other.contains("1025 bytes") && other.contains("at most 1024 bytes"), "\(other)")
    try CheckpointFixtures.withFolder { folder in
      let index = #"{"weight_map":{""# + tooLong + #"":"a.safetensors"}}"#
      try CheckpointFixtures.write(Array(index.utf8), to: folder + "/i.json")
      let text = message { _ = try SafetensorsSet(index: folder + "/i.json") }
      #expect(text.contains("found a name of 1025 bytes; expected at most 1024"), "\(text)")
    }
  }

  /// Each comparison of a name beyond ASCII brings it into a normal form.
  @Test func namesBeyondASCIIAreFew() throws {
    func names(_ count: Int) -> [String] { (0..<count).map { "\($0)" + String(repeating: "e\u{301}", count: 300) } }
    #expect(try safetensors(names(1000)).names.count == 1000)
    #expect(try gguf(names(1000)).names.count == 1000)
    let expected = "more than 1048576 bytes of tensors' names beyond ASCII"
    for text in [message { _ = try safetensors(names(1200)) }, message { _ = try gguf(names(1200)) }] {
      #expect(text.contains(expected), "\(text)")
    }
    let plain = (0..<1200).map { "\($0)" + String(repeating: "e", count: 900) }
    #expect(try safetensors(plain).names.count == 1200)
  }

  @Test func metadataOfSafetensorsAreLimited() {
    let members = (0...Safetensors.tensorLimit).map { "\"\($0)\":\"\"" }.joined(separator: ",")
    let header = Array("{\"__metadata__\":{\(members)}}".utf8)
    let text = message {
      _ = try Safetensors(CheckpointFixtures.mapped([UInt8](UInt64(header.count)) + header, name: "x"))
    }
    #expect(text.contains("65537 entries in __metadata__; expected at most 65536"), "\(text)")
  }

  /// The values of all tensors can be added up, those of types that nobody knows too.
  @Test func valuesOfUnknownTypesAreLimited() throws {
    func file(_ extent: UInt64) -> GGUFBuilder {
      var builder = GGUFBuilder()
      builder.tensors = (0..<2).map { GGUFBuilder.tensor("t\($0)", [extent], type: 200, offset: 32 * $0) }
      builder.data = [UInt8](repeating: 0, count: 64)
      return builder
    }
    let text = message { _ = try file(1 << 62).gguf() }
    #expect(text.contains("found 4611686018427387904 values in a file of"), "\(text)")
    #expect(try file(512).gguf().listings.map(\.byteCount) == [nil, nil])
  }

  /// Neither a pipe that nobody writes to nor a device without end is read for a checksum.
  @Test(.timeLimit(.minutes(1))) func checksumsAreOfRegularFiles() throws {
    try CheckpointFixtures.withFolder { folder in
      mkfifo("\(folder)/pipe", 0o600)
      symlink("/dev/zero", "\(folder)/zeros")
      for name in ["pipe", "zeros"] {
        let sums = String(repeating: "0", count: 64) + "  \(name)\n"
        try CheckpointFixtures.write(Array(sums.utf8), to: "\(folder)/SHA256SUMS")
        let text = message { try SealedFolder.check(folder) }
        #expect(text.contains("/\(name): found a device, pipe or socket; expected a regular file"), "\(text)")
      }
    }
  }
}
