/// Reads the "model" of a `tokenizer.json`.
struct BPEReader {
  let model: TokenizerField
  let vocabulary: Vocabulary

  func model(_ alphabet: BPE.Alphabet) throws -> BPE {
    if let type = model["type"], try type.string() != "BPE" {
      throw type.unsupported("\"BPE\"")
    }
    try model.allow([
      "type", "vocab", "merges", "unk_token", "fuse_unk", "byte_fallback", "ignore_merges",
    ])
    var bpe = BPE(alphabet: alphabet, byteIDs: [], pairs: try pairs())
    if let unknown = model["unk_token"] {
      bpe.unknown = vocabulary.id(of: Array(try unknown.string().utf8))
      if bpe.unknown < 0 { throw unknown.unexpected("a token of the vocabulary") }
    }
    bpe.fusesUnknown = try model.flag("fuse_unk", default: false)
    let fallsBack = try model.flag("byte_fallback", default: false)
    switch alphabet {
    case .bytes:
      bpe.setByteAlphabet(vocabulary)
    case .scalars:
      bpe.setScalars(vocabulary)
      bpe.byteIDs = (0..<256).map { byte in
        fallsBack ? vocabulary.id(of: Array(Self.fallbackPiece(byte).utf8)) : -1
      }
    }
    if try model.flag("ignore_merges", default: false) {
      bpe.wholeWords = alphabet == .bytes ? vocabulary.decodedFromByteAlphabet() : vocabulary
    }
    return bpe
  }

  /// `<0x0A>` for the byte 10.
  static func fallbackPiece(_ byte: Int) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(byte < 16 ? "0" : "")\(digits)>"
  }

  private func pairs() throws -> PairTable {
    let field = try model.required("merges")
    guard let merges = field.value.array else { throw field.unexpected("an array") }
    var pairs = PairTable(capacity: merges.count)
    var joined: [UInt8] = []
    for (rank, merge) in merges.enumerated() {
      func fault(_ found: String) -> FormatError {
        FormatError(
          "\(field.place)[\(rank)]", found: found, expected: "two tokens that make a third")
      }
      joined.removeAll(keepingCapacity: true)
      guard let split = Self.append(merge, to: &joined) else {
        throw fault(TokenizerField(value: merge, place: "").unexpected("").found)
      }
      let (left, right, whole) = joined.withUnsafeBufferPointer { bytes in
        (
          vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[..<split])),
          vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[split...])),
          vocabulary.id(of: bytes)
        )
      }
      if left < 0 || right < 0 || whole < 0 {
        let parts = [joined[..<split], joined[split...]].map { String(decoding: $0, as: UTF8.self) }
        throw fault(
          "\(quoted(parts[0])) and \(quoted(parts[1])), of which the vocabulary lacks one or the whole")
      }
      pairs.insert(left, right, rank: UInt32(rank), id: whole)
    }
    return pairs
  }

  /// Appends both halves of a merge and answers where the second begins; nil where it is not two halves.
  private static func append(_ merge: JSON, to joined: inout [UInt8]) -> Int? {
    switch merge {
    case .array(let halves):
      guard halves.count == 2, case .string(let left) = halves[0],
        case .string(let right) = halves[1]
      else { return nil }
      left.withBytes { joined.append(contentsOf: $0) }
      let split = joined.count
      right.withBytes { joined.append(contentsOf: $0) }
      return split
    case .string(let line): return line.withBytes { appendLine($0, to: &joined) }
    default: return nil
    }
  }

  /// The same for "left right".
  static func appendLine(_ line: UnsafeBufferPointer<UInt8>, to joined: inout [UInt8]) -> Int? {
    guard let space = line.firstIndex(of: 0x20), line.lastIndex(of: 0x20) == space else {
      return nil
    }
    joined.append(contentsOf: line[..<space])
    joined.append(contentsOf: line[(space + 1)...])
    return space
  }
}

extension BPE {
  /// Takes the ids of single bytes from a vocabulary in the byte alphabet.
  mutating func setByteAlphabet(_ vocabulary: Vocabulary) {
    byteIDs = (0..<256).map { vocabulary.id(of: ByteAlphabet.encode([UInt8($0)])) }
  }

  /// Takes the ids of single scalars from a vocabulary.
  mutating func setScalars(_ vocabulary: Vocabulary) {
    for id in 0..<vocabulary.size {
      guard let piece = vocabulary.piece(id), let first = piece.first, piece.count <= 4,
        piece.count == Self.scalarLength(first)
      else { continue }
      let scalar = piece.withUnsafeBufferPointer { decodeScalar($0.baseAddress!).scalar }
      scalarIDs.insert(scalar, id: Int32(id))
    }
  }

  /// How many bytes a scalar takes that begins with this byte.
  static func scalarLength(_ first: UInt8) -> Int {
    first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
  }

  /// Whether text may be cut before each run of ▁ and give the same tokens: no token holds ▁ behind another character.
  func canCutAtMarks(_ vocabulary: Vocabulary) -> Bool {
    if scalarIDs[0x2581] < 0 || wholeWords != nil { return false }
    let mark = RewrittenText.mark
    for id in 0..<vocabulary.size {
      guard let piece = vocabulary.piece(id) else { continue }
      var rest = piece
      while rest.starts(with: mark) { rest = rest.dropFirst(mark.count) }
      while let next = rest.firstIndex(of: mark[0]) {
        rest = rest[next...]
        if rest.starts(with: mark) { return false }
        rest = rest.dropFirst()
      }
    }
    return true
  }
}

extension Vocabulary {
  /// The same ids for the raw bytes of the pieces; pieces outside the byte alphabet are left out.
  func decodedFromByteAlphabet() -> Vocabulary {
    var result = Vocabulary(size: size)
    for id in 0..<size {
      guard let piece = piece(id), let bytes = ByteAlphabet.decode(piece) else { continue }
      _ = bytes.withUnsafeBufferPointer { result.insert($0, id: id) }
    }
    return result
  }
}
