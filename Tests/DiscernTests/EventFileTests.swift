import Formats
import Foundation
import TestSupport
import Testing

@testable import Discern

/// TensorBoard's own reader is asked by Scripts/check-tensorboard; here the bytes are taken apart by hand.
@Suite struct EventFileTests {
  @Test func checksumsAreCastagnolis() {
    // The check value of the catalogue of CRCs, and RFC 3720's zeros.
    #expect(EventFile.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(EventFile.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(EventFile.checksum([]) == 0)
  }

  @Test func recordsHoldVersionAndScalars() throws {
    let folder = try TemporaryFolder()
    let file = EventFile(path: "\(folder.path)/\(EventFile.name)")
    try file.append([("train/loss", 0.5)], step: 3)
    try file.append([("eval/f1", 0.25), ("eval/loss", 2)], step: 300)
    var rest = Array(try Data(contentsOf: URL(filePath: file.path)))[...]
    var records: [[UInt8]] = []
    while !rest.isEmpty {
      let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let content = Array(rest.dropFirst(12).prefix(length))
      #expect(Array(rest.prefix(16 + length)) == EventFile.record(content))
      records.append(content)
      rest = rest.dropFirst(16 + length)
    }
    #expect(records.count == 3)
    #expect(Array(records[0].suffix(15)) == [0x1A, 13] + Array("brain.Event:2".utf8))
    // Field 2 (the step) as a varint, then field 5 with one value: a tag of ten bytes and a float.
    let tag = Array("train/loss".utf8)
    let expected: [UInt8] = [0x10, 3, 0x2A, 19, 0x0A, 17, 0x0A, 10] + tag + [0x15, 0, 0, 0, 0x3F]
    #expect(Array(records[1].dropFirst(9)) == expected)
    #expect(Array(records[2].dropFirst(9).prefix(3)) == [0x10, 0xAC, 0x02])
  }

  @Test func linesOfTheLogBecomeTags() throws {
    let line: JSON = ["step": 4, "loss": 0.5, "eval_f1": 0.25, "metrics": ["loss": 3], "best": true, "grad_norm": 1]
    let tags = EventFile.scalars(of: line).map(\.tag)
    #expect(tags == ["train/loss", "eval/f1", "train/grad_norm"])
  }
}
