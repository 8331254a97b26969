import Glibc
import Testing

@testable import Formats

private struct Interruption: Error {}

@Suite struct AtomicFileTests {
  @Test func writesAndReplacesWholeFiles() throws {
    try CheckpointFixtures.withFolder { folder in
      let path = folder + "/file"
      try writeAtomically(to: path) { sink in
        try sink.write("one")
        #expect(sink.count == 3)
      }
      #expect(try CheckpointFixtures.read(path) == Array("one".utf8))
      chmod(path, 0o640)
      let large = [UInt8](repeating: 7, count: 200_000)
      try writeAtomically(to: path) { sink in
        try sink.write("two")
        try sink.write(large)
        try sink.write([Float(1)])
      }
      #expect(
        try CheckpointFixtures.read(path) == Array("two".utf8) + large + [0, 0, 0x80, 0x3F])
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
      let left = try entries(folder)
      #expect(left == ["file"])
    }
  }

  @Test func anErrorLeavesTheOldFileAndNoTemporary() throws {
    try CheckpointFixtures.withFolder { folder in
      let path = folder + "/file"
      try writeAtomically(to: path) { try $0.write("old") }
      #expect(throws: Interruption.self) {
        try writeAtomically(to: path) { sink in
          try sink.write([UInt8](repeating: 0, count: 100_000))
          throw Interruption()
        }
      }
      #expect(try CheckpointFixtures.read(path) == Array("old".utf8))
      let left = try entries(folder)
      #expect(left == ["file"])
    }
  }

  @Test func refusesPathsThatCannotBeFiles() throws {
    try CheckpointFixtures.withFolder { folder in
      func refuses(_ path: String, _ part: String) {
        CheckpointFixtures.refuses(part) { try writeAtomically(to: path) { try $0.write("x") } }
      }
      refuses(folder, "a folder")
      refuses(folder + "/", "without a file name")
      refuses("", "without a file name")
      refuses(folder + "/a\0b", "without a file name")
      refuses(folder + "/absent/file", "no such file or folder")
      refuses("/dev/null", "a device or pipe")
      try writeAtomically(to: folder + "/file") { try $0.write("x") }
      refuses(folder + "/file/inside", "needs a folder")
      refuses(folder + "/" + String(repeating: "n", count: 300), "too long")
      let left = try entries(folder)
      #expect(left == ["file"])
    }
  }

  @Test(.enabled(if: getuid() != 0, "the superuser may write everywhere"))
  func aMissingPermissionIsNamed() throws {
    try CheckpointFixtures.withFolder { folder in
      chmod(folder, 0o500)
      defer { chmod(folder, 0o700) }
      CheckpointFixtures.refuses("missing permission") {
        try writeAtomically(to: folder + "/file") { try $0.write("x") }
      }
    }
  }

  @Test func aFullDiskIsNamed() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    CheckpointFixtures.refuses("a full disk") {
      var sink = FileSink(descriptor: descriptor, place: "model.safetensors")
      try sink.write("x")
      try sink.flush()
    }
  }

  @Test func mappingNamesWhatIsWrong() throws {
    try CheckpointFixtures.withFolder { folder in
      func refuses(_ path: String, _ part: String) {
        CheckpointFixtures.refuses(part) { _ = try MappedFile(path) }
      }
      refuses(folder, "a folder")
      refuses(folder + "/absent", "no such file")
      refuses("", "an empty path")
      refuses("/dev/null", "a device")
      mkfifo(folder + "/pipe", 0o600)
      refuses(folder + "/pipe", "pipe")
      try CheckpointFixtures.write([], to: folder + "/empty")
      refuses(folder + "/empty", "an empty file")
      try CheckpointFixtures.write([1, 2], to: folder + "/two")
      #expect(try MappedFile(folder + "/two").withBytes { Array($0) } == [1, 2])
    }
  }

  private func entries(_ folder: String) throws -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
