/// The byte-pair model: first symbols, then merges in the order of their ranks, leftmost first.
struct BPE: Sendable {
  /// What a first symbol is.
  enum Alphabet { case bytes, scalars }

  var alphabet: Alphabet
  /// `.bytes`: the id of each byte. `.scalars`: the id that each byte of an unknown scalar falls back to. -1: none.
  var byteIDs: [Int32]
  /// `.scalars`: the symbol of each scalar. Symbols from `firstPseudo` on only merge; alone they fall back to bytes.
  var scalarIDs = ScalarTable()
  var firstPseudo = Int32.max
  var pairs: PairTable
  /// The id of what has no other, or -1: such text then belongs to the symbol beside it.
  var unknown: Int32 = -1
  /// Whether neighbouring unknowns make one token.
  var fusesUnknown = false
  /// The words (as raw bytes) that are one token whatever the merges say.
  var wholeWords: Vocabulary?

  /// Tokenizes a word into `symbols` (ids with their lengths in bytes).
  func encode(_ word: UnsafeBufferPointer<UInt8>, into symbols: inout SymbolList) {
    symbols.removeAll()
    if let wholeWords {
      let id = wholeWords.id(of: word)
      if id >= 0 {
        symbols.append(id, word.count)
        return
      }
    }
    // Growing step by step would take twice as much.
    if word.count > 1 << 16 { symbols.reserve(word.count) }
    switch alphabet {
    case .bytes: appendBytes(word, &symbols)
    case .scalars: appendScalars(word, &symbols)
    }
    symbols.merge(pairs)
    if firstPseudo != .max { expandPseudo(word, &symbols) }
  }

  private func appendBytes(_ word: UnsafeBufferPointer<UInt8>, _ symbols: inout SymbolList) {
    byteIDs.withUnsafeBufferPointer { ids in
      for byte in word {
        let id = ids[Int(byte)]
        if id >= 0 { symbols.append(id, 1) } else { appendUnknown(1, &symbols) }
      }
    }
  }

  private func appendScalars(_ word: UnsafeBufferPointer<UInt8>, _ symbols: inout SymbolList) {
    var position = 0
    while position < word.count {
      let (scalar, count) = decodeScalar(word.baseAddress! + position)
      let id = scalarIDs[scalar]
      let bytes = word[position..<position + count]
      if id >= 0 {
        symbols.append(id, count)
      } else if bytes.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
        for byte in bytes { symbols.append(byteIDs[Int(byte)], 1) }
      } else {
        appendUnknown(count, &symbols)
      }
      position += count
    }
  }

  private func appendUnknown(_ count: Int, _ symbols: inout SymbolList) {
    if unknown < 0 {
      // As in Hugging Face's library such text makes no token, and what stood around it may merge.
      symbols.appendGap(count)
    } else if fusesUnknown, symbols.ids.last == unknown {
      symbols.lengths[symbols.lengths.count - 1] += Int32(count)
    } else {
      symbols.append(unknown, count)
    }
  }

  private func expandPseudo(_ word: UnsafeBufferPointer<UInt8>, _ symbols: inout SymbolList) {
    guard symbols.ids.contains(where: { $0 >= firstPseudo }) else { return }
    let (ids, lengths) = (symbols.ids, symbols.lengths)
    symbols.removeAll()
    var position = 0
    for (id, length) in zip(ids, lengths) {
      let bytes = word[position..<position + Int(length)]
      if id < firstPseudo {
        symbols.append(id, Int(length))
      } else if bytes.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
        for byte in bytes { symbols.append(byteIDs[Int(byte)], 1) }
      } else {
        appendUnknown(Int(length), &symbols)
      }
      position += Int(length)
    }
  }
}

/// Scalars and their ids, in open addressing.
struct ScalarTable: Sendable {
  private let seed = HashSeed()
  private var slots: [(scalar: UInt32, id: Int32)] = Array(repeating: (0, -1), count: 256)
  private var used = 0

  /// The id of a scalar, or -1.
  subscript(scalar: UInt32) -> Int32 {
    var slot = Int(truncatingIfNeeded: seed.mix(UInt64(scalar))) & (slots.count - 1)
    while slots[slot].id >= 0 {
      if slots[slot].scalar == scalar { return slots[slot].id }
      slot = (slot + 1) & (slots.count - 1)
    }
    return -1
  }

  /// Adds a scalar that is not there yet.
  mutating func insert(_ scalar: UInt32, id: Int32) {
    if used * 2 >= slots.count {
      let old = slots
      slots = Array(repeating: (0, -1), count: old.count * 2)
      used = 0
      for entry in old where entry.id >= 0 { insert(entry.scalar, id: entry.id) }
    }
    var slot = Int(truncatingIfNeeded: seed.mix(UInt64(scalar))) & (slots.count - 1)
    while slots[slot].id >= 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = (scalar, id)
    used += 1
  }
}
