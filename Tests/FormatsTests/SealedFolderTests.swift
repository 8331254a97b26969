import Glibc
import Testing

@testable import Formats

private struct Interruption: Error {}

@Suite struct SealedFolderTests {
  private func seal(_ path: String, _ text: String = "second") throws {
    var folder = try SealedFolder(at: path)
    try folder.add("one") { try $0.write("first") }
    try folder.add("two") { try $0.write(text) }
    try folder.commit()
  }

  @Test func holdsItsFilesAndTheirSums() throws {
    try CheckpointFixtures.withFolder { root in
      try seal(root + "/x")
      try SealedFolder.check(root + "/x")
      #expect(system("cd '\(root)/x' && sha256sum --check --quiet --strict SHA256SUMS") == 0)
      try seal(root + "/x", "third")
      try SealedFolder.check(root + "/x")
      #expect(try FileText.read(root + "/x/two") == "third")
      #expect(SealedFolder.names(in: root) == ["x"])
    }
  }

  @Test func hostileSumsAreRefused() throws {
    try CheckpointFixtures.withFolder { root in
      let path = root + "/x"
      try seal(path)
      let sums = try CheckpointFixtures.read("\(path)/\(SealedFolder.sumsFile)")
      for (bytes, message) in [(sums + sums, "\"one\" twice"), (Array(repeating: 10, count: 65_537), "at most 65536")] {
        try writeAtomically(to: "\(path)/\(SealedFolder.sumsFile)") { try $0.write(bytes) }
        CheckpointFixtures.refuses(message) { try SealedFolder.check(path) }
      }
    }
  }

  @Test func anErrorLeavesNothing() throws {
    try CheckpointFixtures.withFolder { root in
      try seal(root + "/x")
      #expect(throws: Interruption.self) {
        var folder = try SealedFolder(at: root + "/x")
        try folder.add("one") { _ in throw Interruption() }
        try folder.commit()
      }
      try SealedFolder.check(root + "/x")
      #expect(SealedFolder.names(in: root) == ["x"])
    }
  }

  @Test func everyFlippedBitAndEveryTruncationIsFound() throws {
    try CheckpointFixtures.withFolder { root in
      let path = root + "/x"
      try seal(path)
      for name in ["one", "two", SealedFolder.sumsFile] {
        let bytes = try CheckpointFixtures.read("\(path)/\(name)")
        func damage(_ bytes: [UInt8], _ what: String) throws {
          try writeAtomically(to: "\(path)/\(name)") { try $0.write(bytes) }
          #expect(throws: FormatError.self, "\(name), \(what)") { try SealedFolder.check(path) }
        }
        for position in bytes.indices {
          for bit in 0..<8 {
            var flipped = bytes
            flipped[position] ^= 1 << UInt8(bit)
            try damage(flipped, "bit \(bit) of byte \(position)")
          }
          try damage(Array(bytes[..<position]), "cut to \(position)")
        }
        try damage(bytes + [10], "longer")
        try writeAtomically(to: "\(path)/\(name)") { try $0.write(bytes) }
        try SealedFolder.check(path)
      }
    }
  }

  @Test func aMissingFileIsNamed() throws {
    try CheckpointFixtures.withFolder { root in
      try seal(root + "/x")
      unlink(root + "/x/two")
      let fault = #expect(throws: FormatError.self) { try SealedFolder.check(root + "/x") }
      #expect(fault?.place == root + "/x/two")
      #expect(throws: FormatError.self) { try SealedFolder.check(root + "/absent") }
    }
  }
}
