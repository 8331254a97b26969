import Foundation
import Testing

@testable import Formats

@Suite struct SafetensorsTests {
  @Test func readsWhatItWrites() throws {
    try CheckpointFixtures.withFolder { folder in
      let path = folder + "/model.safetensors"
      let half: [UInt8] = [0, 60, 0, 64]
      try writeSafetensors(
        [
          TensorToWrite("b", shape: [2, 2], values: [1, 2, 3, 4]),
          TensorToWrite("half", shape: [2], format: .f16, bytes: half),
          TensorToWrite("a\"é", shape: [], values: [5]),
          TensorToWrite("none", shape: [0, 7], values: []),
        ], to: path)
      let file = try Safetensors(path)
      #expect(file.metadata == ["format": "pt"])
      #expect(file.names == ["a\"é", "b", "none", "half"])
      let b = try file.tensor("b")
      #expect(b.shape == [2, 2] && b.format == .f32 && b.count == 4)
      #expect(b.withBytes { Array($0.bindMemory(to: Float.self)) } == [1, 2, 3, 4])
      #expect(try file.tensor("half").withBytes { Array($0) } == half)
      #expect(try file.tensor("none").bytes.isEmpty)
      #expect(try file.tensor("a\"é").shape == [])
      // A tensor outlives the file object that it came from.
      let copy = folder + "/copy.safetensors"
      try writeSafetensors(
        file.names.reversed().map { TensorToWrite(try file.tensor($0)) }, to: copy)
      #expect(try CheckpointFixtures.read(copy) == CheckpointFixtures.read(path))
    }
  }

  @Test func writesTheBytesOfTheReferenceImplementation() throws {
    try CheckpointFixtures.withFolder { folder in
      let path = folder + "/f"
      try writeSafetensors([TensorToWrite("w", shape: [1], values: [1])], to: path)
      let header =
        #"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
      let padded = Array((header + "   ").utf8)
      #expect(padded.count.isMultiple(of: 8))
      #expect(
        try CheckpointFixtures.read(path) == [UInt8](UInt64(padded.count)) + padded + [
          0, 0, 128, 63,
        ])
    }
  }

  @Test(.enabled(if: CheckpointFixtures.shared != nil, "no shared references"))
  func rewritesReferenceFilesByteForByte() throws {
    let goldens = try #require(CheckpointFixtures.shared) + "/goldens/public/"
    for name in ["llama-gqa/model/model", "llama3-rope/model/model", "qwen3/batches"] {
      let path = goldens + name + ".safetensors"
      guard FileManager.default.fileExists(atPath: path) else { continue }
      let file = try Safetensors(path)
      try CheckpointFixtures.withFolder { folder in
        let tensors = try file.names.reversed().map { TensorToWrite(try file.tensor($0)) }
        try writeSafetensors(tensors, metadata: file.metadata, to: folder + "/f")
        #expect(
          try CheckpointFixtures.read(folder + "/f") == CheckpointFixtures.read(path), "\(name)")
      }
    }
  }

  @Test func refusesToWriteWhatCannotBeRead() throws {
    try CheckpointFixtures.withFolder { folder in
      func refuses(_ part: String, _ tensors: [TensorToWrite]) {
        CheckpointFixtures.refuses(part) { try writeSafetensors(tensors, to: folder + "/f") }
      }
      let a = TensorToWrite("a", shape: [1], values: [1])
      refuses("the name twice", [a, a])
      refuses("the name twice", [TensorToWrite("__metadata__", shape: [0], values: [])])
      refuses("q4_0", [TensorToWrite("a", shape: [32], format: .q4_0) { _ in }])
      refuses("0 bytes to write", [TensorToWrite("a", shape: [1], format: .f32) { _ in }])
      refuses("[-1]", [TensorToWrite("a", shape: [-1], format: .f32) { _ in }])
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.isEmpty)
    }
  }

  @Test func copiesTensorsThatAreNotAligned() throws {
    // A header of 55 bytes puts the data at offset 63.
    let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let padding = String(repeating: " ", count: 55 - header.utf8.count)
    let file = try Safetensors(
      CheckpointFixtures.mapped(Self.file(header + padding, [0, 0, 128, 63]), name: "f"))
    let tensor = try file.tensor("a")
    #expect(tensor.withBytes { $0.load(as: Float.self) } == 1)
    #expect(tensor.owner !== file.file)
  }

  @Test func missingTensorsNameTheNearest() throws {
    let file = try Safetensors(
      CheckpointFixtures.mapped(
        Self.file(
          #"{"model.norm.weight":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]},"#
            + #""x":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}"#, [0]), name: "f"))
    CheckpointFixtures.refuses("\"model.norm.weight\", \"x\"") {
      _ = try file.tensor("norm.weight")
    }
    CheckpointFixtures.refuses("F8_E4M3") { _ = try file.tensor("model.norm.weight") }
    #expect(file.listings[0].format == .unsupported("F8_E4M3"))
  }

  // MARK: Hostile files

  static func file(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
    [UInt8](UInt64(header.utf8.count)) + Array(header.utf8) + data
  }

  /// A header of one tensor, with its three members as given.
  static func one(_ dtype: String, _ shape: String, _ offsets: String, _ data: Int) -> [UInt8] {
    file(
      #"{"a":{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}}"#,
      [UInt8](repeating: 0, count: data))
  }

  static let two =
    #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[%,%]}}"#

  static let hostile: [(String, [UInt8])] = [
    ("5 bytes", [1, 2, 3, 4, 5]),
    ("a header of 18446744073709551615", [UInt8](UInt64.max) + [123, 125]),
    ("a header of 100000001", [UInt8](UInt64(100_000_001)) + [123, 125]),
    ("a header of 3 bytes in a file of 10", [UInt8](UInt64(3)) + [123, 125]),
    ("a header of 0 bytes", [UInt8](UInt64(0)) + [123, 125]),
    ("byte 91 where the header begins", file("[]")),
    ("byte 32", file(" {}")),
    ("header", file("{]")),
    ("header", file(#"{"a":1} x"#)),
    ("header", file(String(repeating: #"{"a":"#, count: 5_000))),
    ("header", file(#"{"a":"# + String(repeating: "[", count: 5_000))),
    ("header", file("{\"\u{FF}", [0xFF, 0xFE])),
    ("header", [UInt8](UInt64(4)) + [123, 34, 0xFF, 34]),
    ("number 1", file(#"{"a":1}"#)),
    ("a string as __metadata__", file(#"{"__metadata__":"x"}"#)),
    ("number 3", file(#"{"__metadata__":{"format":3}}"#)),
    ("no dtype", file(#"{"a":{"shape":[1],"data_offsets":[0,1]}}"#, [0])),
    ("the dtype \"F31\"", one("\"F31\"", "[1]", "[0,4]", 4)),
    ("no dtype", one("7", "[1]", "[0,4]", 4)),
    ("nothing as shape", file(#"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, [0])),
    ("nothing as data_offsets", file(#"{"a":{"dtype":"U8","shape":[1]}}"#, [0])),
    ("number -1 in shape", one("\"U8\"", "[-1]", "[0,1]", 1)),
    ("number 1.5 in shape", one("\"U8\"", "[1.5]", "[0,1]", 1)),
    ("number 1e+30 in shape", one("\"U8\"", "[1e30]", "[0,1]", 1)),
    ("a string in shape", one("\"U8\"", "[\"1\"]", "[0,1]", 1)),
    (
      "33 elements as shape",
      one("\"U8\"", "[" + String(repeating: "1,", count: 32) + "1]", "[0,1]", 1)
    ),
    ("the shape", one("\"F32\"", "[4294967296,4294967296]", "[0,4]", 4)),
    ("the shape", one("\"F32\"", "[9223372036854775807]", "[0,4]", 4)),
    ("the shape [3]", one("\"F4\"", "[3]", "[0,2]", 2)),
    ("data_offsets [4, 0]", one("\"F32\"", "[1]", "[4,0]", 4)),
    ("data_offsets [0]", one("\"F32\"", "[1]", "[0]", 4)),
    ("data_offsets [0, 8]", one("\"F32\"", "[2]", "[0,8]", 4)),
    ("data_offsets", one("\"F32\"", "[1]", "[0,9223372036854775807]", 4)),
    ("number -4 in data_offsets", one("\"F32\"", "[1]", "[-4,0]", 4)),
    ("4 bytes", one("\"F32\"", "[2]", "[0,4]", 4)),
    ("4 bytes after the last tensor", one("\"F32\"", "[1]", "[0,4]", 8)),
    ("after a hole", one("\"F32\"", "[1]", "[4,8]", 8)),
    ("inside another tensor", file(two.replacing("%,%", with: "2,6"), [0, 0, 0, 0, 0, 0])),
    ("after a hole", file(two.replacing("%,%", with: "5,9"), [UInt8](repeating: 0, count: 9))),
    ("header", file(two.replacing("\"b\"", with: "\"a\"").replacing("%,%", with: "4,8"))),
    (
      "the name twice",
      file(
        #"{"\u00e9":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"#
          + #""e\u0301":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#)
    ),
    ("1 bytes after the last tensor", file("{}", [0])),
  ]

  @Test(arguments: hostile.indices) func refusesHostileFiles(_ index: Int) {
    let (part, bytes) = Self.hostile[index]
    CheckpointFixtures.refuses(part) {
      _ = try Safetensors(CheckpointFixtures.mapped(bytes, name: "hostile"))
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = Self.file(
      #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      [0, 0, 128, 63])
    for count in 1..<whole.count {
      CheckpointFixtures.refuses("cut") {
        _ = try Safetensors(CheckpointFixtures.mapped(Array(whole[..<count]), name: "cut"))
      }
    }
  }

  @Test func randomDamageNeverTraps() throws {
    var random = SeededGenerator(state: 1)
    let whole = Self.file(
      Self.two.replacing("%,%", with: "4,8"), [UInt8](repeating: 0, count: 8))
    for _ in 0..<3_000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[bytes.indices.randomElement(using: &random)!] = .random(in: 0...255, using: &random)
      }
      if let file = try? Safetensors(CheckpointFixtures.mapped(bytes, name: "damaged")) {
        for name in file.names {
          _ = try? file.tensor(name).withBytes { $0.reduce(0) { $0 &+ Int($1) } }
        }
      }
    }
  }
}
