/// The steps from tokens back to text.
struct Decoder: Sendable {
  enum Step: Equatable, Sendable {
    /// Characters of the byte alphabet → bytes.
    case byteLevel
    /// Every occurrence of one piece of text → another.
    case replace([UInt8], with: [UInt8])
    /// Tokens <0xNN> → bytes.
    case byteFallback
    /// All tokens → one.
    case fuse
    /// At most so many of a character off the start and the end of each token.
    case strip([UInt8], start: Int, end: Int)
    /// ▁ → space, and none at the start.
    case metaspace(dropsFirst: Bool)
  }

  var steps: [Step]
  /// Whether there is no decoder at all: tokens are joined with spaces then.
  var joinsWithSpaces = false

  /// The bytes of a text from its pieces.
  func decode(_ pieces: [[UInt8]]) -> [UInt8] {
    if joinsWithSpaces { return Array(pieces.joined(separator: [0x20])) }
    var pieces = pieces
    for step in steps { apply(step, &pieces) }
    return Array(pieces.joined())
  }

  private func apply(_ step: Step, _ pieces: inout [[UInt8]]) {
    switch step {
    case .byteLevel:
      pieces = [pieces.flatMap { ByteAlphabet.decode($0) ?? $0 }]
    case .replace(let pattern, let content):
      for index in pieces.indices { pieces[index] = replacing(pattern, content, in: pieces[index]) }
    case .byteFallback: fallBack(&pieces)
    case .fuse: pieces = [Array(pieces.joined())]
    case .strip(let character, let start, let end):
      for index in pieces.indices { strip(character, start, end, &pieces[index]) }
    case .metaspace(let dropsFirst):
      for index in pieces.indices {
        let content: [UInt8] = index == 0 && dropsFirst ? [] : [0x20]
        pieces[index] = replacing(RewrittenText.mark, content, in: pieces[index])
      }
    }
  }

  private func replacing(_ pattern: [UInt8], _ content: [UInt8], in piece: [UInt8]) -> [UInt8] {
    guard !pattern.isEmpty, piece.count >= pattern.count else { return piece }
    var result: [UInt8] = []
    var position = 0
    while position < piece.count {
      if piece[position...].starts(with: pattern) {
        result.append(contentsOf: content)
        position += pattern.count
      } else {
        result.append(piece[position])
        position += 1
      }
    }
    return result
  }

  private func strip(_ character: [UInt8], _ start: Int, _ end: Int, _ piece: inout [UInt8]) {
    var (first, last) = (0, piece.count)
    for _ in 0..<start {
      guard piece[first..<last].starts(with: character) else { break }
      first += character.count
    }
    for _ in 0..<end {
      guard piece[first..<last].reversed().starts(with: character.reversed()) else { break }
      last -= character.count
    }
    if last - first < piece.count { piece = Array(piece[first..<last]) }
  }

  /// Joins neighbouring byte tokens; where they are no UTF-8, each becomes U+FFFD.
  private func fallBack(_ pieces: inout [[UInt8]]) {
    var result: [[UInt8]] = []
    var bytes: [UInt8] = []
    func flush() {
      if bytes.isEmpty { return }
      if String(validating: bytes, as: UTF8.self) != nil {
        result.append(bytes)
      } else {
        for _ in bytes { result.append([0xEF, 0xBF, 0xBD]) }
      }
      bytes = []
    }
    for piece in pieces {
      if let byte = Self.fallbackByte(piece) {
        bytes.append(byte)
      } else {
        flush()
        result.append(piece)
      }
    }
    flush()
    pieces = result
  }

  /// The byte that a piece of the form <0xNN> stands for.
  static func fallbackByte(_ piece: some Collection<UInt8>) -> UInt8? {
    guard piece.count == 6, piece.starts(with: "<0x".utf8) else { return nil }
    let text = String(decoding: piece, as: UTF8.self)
    return text.hasSuffix(">") ? UInt8(text.dropFirst(3).dropLast(), radix: 16) : nil
  }
}
