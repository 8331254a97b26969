/// What happens to a text before added tokens of the normalised kind are looked for.
enum Normalizer: Equatable, Sendable {
  case none
  /// Normalisation form C.
  case nfc
  /// SentencePiece's: perhaps ▁ before the text, perhaps ▁ for each space.
  case marks(prefix: Bool, spaces: Bool)

  /// Calls `body` with the normalised text.
  func apply(
    to text: UnsafeBufferPointer<UInt8>, origin: Int, storage: inout RewrittenText,
    _ body: (TextView) -> Void
  ) {
    let view = TextView(bytes: text, origin: origin)
    switch self {
    case .nfc where !NFC.isSurelyNormalized(text):
      storage.normalize(text)
      storage.withView(origin: origin, body)
    case .none, .nfc: body(view)
    case .marks(let prefix, let spaces):
      storage.rewrite(view, prefix: prefix ? RewrittenText.mark : [], marksSpaces: spaces)
      storage.withView(origin: origin, body)
    }
  }
}

/// How the text between added tokens is cut into the words that the model sees.
enum PreTokenizer: Sendable {
  /// One step after another on raw bytes, each on the words of the one before.
  case steps([SplitStep])
  /// ▁ for each space, and before the text.
  case metaspace(prefix: MetaspacePrefix, split: Bool)
  /// The text is one word. `cutsAtMarks`: nothing merges across the start of a run of ▁, so it may be cut there.
  case whole(cutsAtMarks: Bool)
}

/// One step of a byte-level pre-tokenizer.
enum SplitStep: Sendable {
  case pattern(SplitPattern)
  /// A space before each word that does not start with one.
  case addSpace
}

/// When Metaspace puts ▁ before a text that does not start with it.
enum MetaspacePrefix: String, Sendable {
  case always, first, never
}

extension TextView {
  /// Whether ▁ stands at a position.
  @inline(__always)
  func hasMark(at position: Int) -> Bool {
    bytes[position] == 0xE2 && position + 2 < bytes.count && bytes[position + 1] == 0x96
      && bytes[position + 2] == 0x81
  }

  /// Where the word ends that starts at `start`, if each ▁ starts a word (or, with `runs`, each run of ▁).
  func markedWordEnd(from start: Int, runs: Bool) -> Int {
    var position = start
    if runs {
      while position < bytes.count, hasMark(at: position) { position += 3 }
    } else if hasMark(at: position) {
      position += 3
    }
    while position < bytes.count, !hasMark(at: position) { position += 1 }
    return position
  }

  /// The part between two positions.
  func part(_ start: Int, _ end: Int) -> TextView {
    let part = UnsafeBufferPointer(rebasing: bytes[start..<end])
    if let starts, let ends {
      return TextView(bytes: part, origin: origin, starts: starts + start, ends: ends + start)
    }
    return TextView(bytes: part, origin: origin + start)
  }
}
