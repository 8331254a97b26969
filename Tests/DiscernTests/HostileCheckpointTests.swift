import Formats
import Foundation
import HostileFiles
import TestSupport
import Testing

/// Checkpoints whose checksums fit and whose content doesn't: each is refused by name.
@Suite struct HostileCheckpointTests {
  private static let separator = String(decoding: HostileReader.separator, as: UTF8.self)

  private func seed(_ name: String) throws -> Data {
    try Data(contentsOf: URL(filePath: "\(Paths.root)/Tests/HostileFiles/Kept/checkpoint/seed-\(name)"))
  }

  /// What the reader says of a seed in which a piece of text is another one.
  private func fault(_ name: String, _ piece: String, _ other: String) throws -> String? {
    var bytes = try seed(name)
    let range = try #require(bytes.range(of: Data(piece.utf8)), "\(piece) is in the seed")
    bytes.replaceSubrange(range, with: Data(other.utf8))
    HostileReader.checkpoint.prepare()
    return HostileReader.checkpoint.fault(Array(bytes))
  }

  @Test(arguments: ["middle", "pending", "best"])
  func seedsAreSound(name: String) throws {
    HostileReader.checkpoint.prepare()
    let fault = HostileReader.checkpoint.fault(Array(try seed(name)))
    #expect(fault == nil)
  }

  @Test(arguments: [
    ("step", "1"), ("epoch", "0"), ("batch", "1"), ("tokens", "5"), ("loss_count", "1"),
    ("evaluations_since_best", "0"), ("loss_steps", "1"),
  ])
  func countsBeyondTheRunAreRefused(name: String, value: String) throws {
    let others = [
      "9223372036854775807", "9007199254740993", "-1", "-9223372036854775808", "77", "1.5", "1e300", "null",
    ]
    for other in others {
      let fault = try fault("middle", "\"\(name)\": \(value)", "\"\(name)\": \(other)")
      #expect(fault?.contains("state.json: \(name): found") == true, "\(other): \(fault ?? "accepted")")
      #expect(fault?.contains("; expected ") == true)
    }
  }

  @Test(arguments: [("seconds", "2.5"), ("evaluation_seconds", "0.5")])
  func timesThatNoRunTakesAreRefused(name: String, value: String) throws {
    for other in ["-1", "1e300", "\"2\""] {
      let fault = try fault("middle", "\"\(name)\": \(value)", "\"\(name)\": \(other)")
      #expect(fault?.contains("state.json: \(name): found") == true, "\(other): \(fault ?? "accepted")")
    }
  }

  @Test func aStateThatContradictsItselfIsRefused() throws {
    // Step 2 of an epoch of two batches is not step 1 of the run.
    #expect(try fault("middle", "\"batch\": 1", "\"batch\": 2")?.contains("step") == true)
    #expect(try fault("middle", "\"epoch\": 0", "\"epoch\": 1")?.contains("step") == true)
    let best = try fault("best", "{\"value\": 0.5, \"step\": 2}", "{\"value\": 0.5, \"step\": 4}")
    #expect(best?.contains("state.json: best: step: found") == true, "\(best ?? "accepted")")
    // An epoch's end without an evaluation is none of a run with dev data.
    #expect(try fault("pending", "\"evaluation_pending\": true", "\"evaluation_pending\": false") != nil)
  }

  @Test func answersThatDoNotFitTheTextsAreRefused() throws {
    func fault(_ change: (inout Data, Range<Data.Index>) -> Void) throws -> String? {
      var bytes = try seed("best")
      let counts = Data([2, 0, 0, 0, 2, 0, 0, 0])
      change(&bytes, try #require(bytes.range(of: counts)))
      return HostileReader.checkpoint.fault(Array(bytes))
    }
    // As many in all, shared out otherwise; then one that is negative.
    for counts: [UInt8] in [[1, 0, 0, 0, 3, 0, 0, 0], [6, 0, 0, 0, 254, 255, 255, 255]] {
      let fault = try fault { $0.replaceSubrange($1, with: counts) }
      #expect(fault?.contains("best.rows") == true, "\(fault ?? "accepted")")
    }
    let notFinite = try fault { bytes, range in
      bytes.replaceSubrange(range.lowerBound - 4..<range.lowerBound, with: [0, 0, 192, 127])
    }
    #expect(notFinite?.contains("best.logits") == true, "\(notFinite ?? "accepted")")
    let type = try self.fault(
      "best", #""best.rows": {"dtype": "I32", "shape": [2]"#, #""best.rows": {"dtype":  "U8", "shape": [8]"#)
    #expect(type?.contains("best.rows") == true, "\(type ?? "accepted")")
  }
}
