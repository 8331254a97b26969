import Foundation
import Testing

@testable import Formats

/// Parquet files that pyarrow wrote (Scripts/reference/parquet_fixtures.py), and damaged copies of them.
@Suite struct ParquetTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/parquet").path

  static func rows(_ path: String) throws -> [JSON] {
    let file = try Parquet(path: path)
    var rows: [JSON] = []
    while let row = try file.next() {
      #expect(row.line == rows.count + 1)
      rows.append(.object(row.object))
    }
    return rows
  }

  /// Numbers as numbers, whatever their spelling.
  static func plain(_ json: JSON) -> JSON {
    switch json {
    case .integer(let value): .number(Double(value))
    case .array(let elements): .array(elements.map(plain))
    case .object(let object):
      object.members.reduce(into: JSON.object(JSONObject())) { result, member in
        guard case .object(var object) = result else { return }
        object.append(member.key, plain(member.value))
        result = .object(object)
      }
    default: json
    }
  }

  @Test(arguments: [
    ("snappy-v1", "named"), ("zstd-v2", "named"), ("gzip-plain", "rows"), ("pages", "rows"), ("snappy-v2", "rows"),
    ("two-level-lists", "rows"),
  ])
  func rowsAreThoseOfPyarrow(name: String, expected: String) throws {
    let text = try Data(contentsOf: URL(filePath: "\(Self.folder)/\(expected).json"))
    let expected = try #require(try JSON(parsing: Array(text), name: expected).array)
    let found = try Self.rows("\(Self.folder)/\(name).parquet")
    #expect(found.count == expected.count && found.count == 60)
    for (row, other) in zip(found, expected) { #expect(Self.plain(row) == Self.plain(other)) }
  }

  @Test func aFileWithoutRowsIsSound() throws {
    #expect(try Self.rows("\(Self.folder)/empty.parquet").isEmpty)
  }

  @Test(arguments: [
    ("lz4", "compression by LZ4", "text"), ("brotli", "compression by Brotli", "text"),
    ("delta_binary_packed", "the encoding DELTA_BINARY_PACKED", "n"),
    ("delta_length_byte_array", "the encoding DELTA_LENGTH_BYTE_ARRAY", "text"),
    ("delta_byte_array", "the encoding DELTA_BYTE_ARRAY", "text"),
    ("byte_stream_split", "the encoding BYTE_STREAM_SPLIT", "label"),
  ])
  func whatIsNotReadIsRefusedByName(file: String, found: String, column: String) throws {
    let error = #expect(throws: FormatError.self) { try Self.rows("\(Self.folder)/refused-\(file).parquet") }
    #expect(error?.found == found && error?.place.contains("column \"\(column)\"") == true, "\(error!)")
    #expect(error?.remedy.contains("Write the file again") == true)
  }

  @Test func otherColumnsAreNamed() throws {
    let file = try Parquet(path: "\(Self.folder)/unsupported.parquet")
    #expect(file.columns == ["text"])
    #expect(
      file.unsupported.map(\.name) == ["when", "image", "both", "deep", "pairs"])
    #expect(file.unsupported.map(\.reason)[..<2] == ["times", "bytes that are no text"])
    #expect(try Self.rows("\(Self.folder)/unsupported.parquet").count == 2)
  }

  /// Any damage ends in rows or in an error that names the file, never in anything else.
  @Test func damage() throws {
    var state: UInt64 = 1
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var errors = 0
    for name in ["snappy-v1", "zstd-v2", "pages", "gzip-plain"] {
      let whole = Array(try Data(contentsOf: URL(filePath: "\(Self.folder)/\(name).parquet")))
      for round in 0..<150 {
        var bytes = whole
        for _ in 0...random(3) {
          let place = round % 2 == 0 ? bytes.count - 1 - random(1500) : random(bytes.count)
          bytes[place] = UInt8(random(256))
        }
        if round % 10 == 0 { bytes.removeLast(1 + random(bytes.count - 1)) }
        try withDataFile(bytes, extension: "parquet") { path in
          do {
            let file = try Parquet(path: path)
            var count = 0
            while try file.next() != nil, count < 100_000 { count += 1 }
          } catch let error as FormatError {
            errors += 1
            #expect(error.place.hasPrefix(path))
          }
        }
      }
    }
    #expect(errors > 200)
  }

  @Test func whatIsNoParquet() throws {
    func found(_ bytes: [UInt8]) throws -> String? {
      try fault(bytes) { _ = try Parquet(path: $0) }?.found
    }
    #expect(try found(Array("text,label\na,b\n".utf8)) == "no Parquet data")
    let whole = Array(try Data(contentsOf: URL(filePath: "\(Self.folder)/snappy-v1.parquet")))
    #expect(try found(Array(whole.dropLast())) == "a Parquet file that breaks off")
    #expect(try found(whole.dropLast(4) + Array("PARE".utf8)) == "an encrypted Parquet file")
    #expect(
      try found(whole.dropLast(8) + [255, 255, 255, 127] + Array("PAR1".utf8)) == "a footer longer than the file")
  }

  @Test(
    arguments: [
      // A literal, and a copy that overlaps itself; lengths that lie.
      ([5, 0x00, 0x61, 0x01, 0x01], "aaaaa"), ([3, 0x08, 0x61, 0x62, 0x63], "abc"), ([0], ""),
      ([6, 0x08, 0x61, 0x62, 0x63, 0x0A, 0x03, 0x00], "abcabc"), ([5, 0x00, 0x61, 0x01, 0x02], nil),
      ([4, 0x00, 0x61, 0x01, 0x01], nil), ([6, 0x00, 0x61, 0x01, 0x01], nil), ([3, 0x08, 0x61, 0x62], nil), ([], nil),
      ([1, 0x00], nil), ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], nil), ([2, 0x00, 0x61, 0x01, 0x00], nil),
    ] as [([UInt8], String?)])
  func snappy(input: [UInt8], expected: String?) {
    let length = expected?.utf8.count ?? Int(input.first ?? 0)
    var output = [UInt8](repeating: 0, count: length)
    let isSound = input.withUnsafeBytes { input in
      output.withUnsafeMutableBytes { Snappy.decompress(input, into: $0) }
    }
    #expect(isSound == (expected != nil))
    if let expected { #expect(String(decoding: output, as: UTF8.self) == expected) }
  }
}
