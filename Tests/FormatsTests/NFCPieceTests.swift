import Testing

@testable import Formats

/// Long texts are composed in pieces, cut where nothing goes on.
@Suite struct NFCPieceTests {
  private static let scalars: [Unicode.Scalar] = [
    "a", "e", "\u{301}", "\u{327}", "\u{1100}", "\u{1161}", "\u{11A8}", "é", "\u{344}", "한", "界", "🙂",
  ]

  private func row(_ scalar: NFC.Scalar, _ start: Int) -> [Int] {
    [Int(scalar.value), start + Int(scalar.start), start + Int(scalar.end)]
  }

  @Test(arguments: [0, 10, 30_000, 100_000])
  func composingInPiecesIsComposingAtOnce(count: Int) {
    var generator = SeededGenerator(state: 5)
    var text = ""
    for _ in 0..<count { text.unicodeScalars.append(Self.scalars.randomElement(using: &generator)!) }
    Array(text.utf8).withUnsafeBufferPointer { bytes in
      var rows: [[Int]] = []
      var pieces = 0
      NFC.forEachPiece(of: bytes) { start, scalars in
        rows += scalars.map { row($0, start) }
        pieces += 1
      }
      #expect(rows == NFC.normalize(bytes).map { row($0, 0) })
      #expect(pieces <= 1 + bytes.count / NFC.pieceSize && pieces >= bytes.count / 20_000)
    }
  }
}
