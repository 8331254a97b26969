import Compute
import Discern
import Formats
import TestSupport

/// What hostile input is read with: a tiny model, and a tokenizer of each kind.
struct HostileFixtures: Sendable {
  static let shared = HostileFixtures()
  let base: BaseModel
  let tokenizers: [Tokenizer]

  private init() {
    do {
      base = try BaseModel(openCheckpoint(Paths.fixture("stories260K")), on: CPUBackend())
      let sentencePiece = try JSON(
        contentsOf: Paths.fixture("stories260K/tokenizer.json"), limit: 1 << 20)
      let byteLevel = try JSON(
        contentsOf: Paths.root + "/Tests/FormatsTests/Fixtures/byte-level.json", limit: 1 << 20)
      var composed = byteLevel.object!
      composed["normalizer"] = ["type": "NFC"]
      tokenizers = try [sentencePiece, byteLevel, .object(composed)].map {
        try Tokenizer(json: $0, name: "tokenizer.json")
      }
    } catch { fatalError("\(error)") }
    for tokenizer in tokenizers { _ = tokenizer.encode("Ünïcödé e\u{301}\u{327} 12 <s>") }
  }
}
