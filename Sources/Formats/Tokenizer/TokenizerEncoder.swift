/// The storage that one call of `encode` needs; kept for the next call.
struct TokenizerWorkspace: Sendable {
  var tokens: [Token] = []
  var symbols = SymbolList()
  var cache = WordCache()
  var normalized = RewrittenText()
  var rewritten = RewrittenText()
  var spaced: [UInt8] = []
}

/// The way from a text to its tokens (without template), over a workspace.
struct TokenizerEncoder {
  let parts: TokenizerParts
  /// Added tokens that are looked for in the text as it is, and after normalisation.
  let raw: AddedTokenMatcher
  let normalized: AddedTokenMatcher

  /// Appends the tokens of a text to `workspace.tokens`, with the ranges of bytes but not yet of scalars.
  func encode(_ text: UnsafeBufferPointer<UInt8>, _ workspace: inout TokenizerWorkspace) {
    precondition(text.count < Int32.max, "a text to encode must be shorter than 2 GiB")
    if raw.isEmpty {
      normalize(text, origin: 0, &workspace)
      return
    }
    for segment in raw.segments(of: text) {
      if segment.id >= 0 {
        workspace.append(segment.id, segment.start..<segment.end)
      } else {
        let part = UnsafeBufferPointer(rebasing: text[segment.start..<segment.end])
        normalize(part, origin: segment.start, &workspace)
      }
    }
  }

  private func normalize(
    _ text: UnsafeBufferPointer<UInt8>, origin: Int, _ workspace: inout TokenizerWorkspace
  ) {
    if text.isEmpty { return }
    var storage = workspace.normalized
    workspace.normalized = RewrittenText()
    parts.normalizer.apply(to: text, origin: origin, storage: &storage) { view in
      if normalized.isEmpty {
        cut(view, &workspace)
        return
      }
      for segment in normalized.segments(of: view.bytes) {
        if segment.id >= 0 {
          workspace.append(segment.id, view.original(segment.start, segment.end))
        } else {
          cut(view.part(segment.start, segment.end), &workspace)
        }
      }
    }
    storage.shrink()
    workspace.normalized = storage
  }

  /// Cuts a stretch between added tokens into words and encodes them.
  private func cut(_ view: TextView, _ workspace: inout TokenizerWorkspace) {
    switch parts.preTokenizer {
    case .steps(let steps): split(view, steps, 0, 0, view.bytes.count, &workspace)
    case .metaspace(let prefix, let splits):
      let startsText = view.original(0, 1).lowerBound == 0
      let wants = prefix == .always || prefix == .first && startsText
      let has = view.bytes[0] == 0x20 || view.hasMark(at: 0)
      let mark = wants && !has ? RewrittenText.mark : []
      rewrite(view, prefix: mark, marksSpaces: true, &workspace) { view, workspace in
        encodeMarked(view, cuts: splits, runs: false, &workspace)
      }
    case .whole(let cutsAtMarks):
      encodeMarked(view, cuts: cutsAtMarks, runs: true, &workspace)
    }
  }

  private func rewrite(
    _ view: TextView, prefix: [UInt8], marksSpaces: Bool, _ workspace: inout TokenizerWorkspace,
    _ body: (TextView, inout TokenizerWorkspace) -> Void
  ) {
    var storage = workspace.rewritten
    workspace.rewritten = RewrittenText()
    storage.rewrite(view, prefix: prefix, marksSpaces: marksSpaces)
    storage.withView(origin: view.origin) { body($0, &workspace) }
    storage.shrink()
    workspace.rewritten = storage
  }

  private func encodeMarked(
    _ view: TextView, cuts: Bool, runs: Bool, _ workspace: inout TokenizerWorkspace
  ) {
    var start = 0
    while start < view.bytes.count {
      let end = cuts ? view.markedWordEnd(from: start, runs: runs) : view.bytes.count
      encodeWord(view, start, end, &workspace)
      start = end
    }
  }

  /// Applies the steps from `level` on, each to the words of the one before.
  private func split(
    _ view: TextView, _ steps: [SplitStep], _ level: Int, _ start: Int, _ end: Int,
    _ workspace: inout TokenizerWorkspace
  ) {
    if level == steps.count {
      encodeWord(view, start, end, &workspace)
      return
    }
    switch steps[level] {
    case .addSpace:
      if view.bytes[start] == 0x20 {
        split(view, steps, level + 1, start, end, &workspace)
      } else {
        let part = view.part(start, end)
        rewrite(part, prefix: [0x20], marksSpaces: false, &workspace) { view, workspace in
          split(view, steps, level + 1, 0, view.bytes.count, &workspace)
        }
      }
    case .pattern(let pattern):
      let scanner = SplitScanner(
        bytes: view.bytes.baseAddress!, classes: UnicodeClasses.table, end: end)
      var start = start
      while start < end {
        let wordEnd = scanner.wordEnd(pattern, from: start)
        if level + 1 == steps.count {
          encodeWord(view, start, wordEnd, &workspace)
        } else {
          split(view, steps, level + 1, start, wordEnd, &workspace)
        }
        start = wordEnd
      }
    }
  }

  @inline(__always)
  private func encodeWord(
    _ view: TextView, _ start: Int, _ end: Int, _ workspace: inout TokenizerWorkspace
  ) {
    if end - start > WordCache.longest {
      encodeUncached(view, start, end, &workspace)
      return
    }
    let key = WordCache.Key(
      view.bytes.baseAddress! + start, count: end - start, available: view.bytes.count - start)
    let slot = WordCache.slot(key)
    let entry = workspace.cache.entries[slot]
    if entry.low == key.low, entry.high == key.high, Int(entry.byteCount) == key.byteCount {
      var position = start
      for index in 0..<Int(entry.tokenCount) {
        let next = position + Int(entry.lengths[index])
        workspace.append(entry.ids[index], view.original(position, next))
        position = next
      }
      return
    }
    encodeUncached(view, start, end, &workspace)
    store(key, slot, &workspace)
  }

  private func encodeUncached(
    _ view: TextView, _ start: Int, _ end: Int, _ workspace: inout TokenizerWorkspace
  ) {
    let word = UnsafeBufferPointer(rebasing: view.bytes[start..<end])
    parts.model.encode(word, into: &workspace.symbols)
    var position = start
    for index in workspace.symbols.ids.indices {
      let next = position + Int(workspace.symbols.lengths[index])
      workspace.append(workspace.symbols.ids[index], view.original(position, next))
      position = next
    }
    workspace.symbols.shrink()
  }

  /// Remembers the tokens of the word just encoded, where they fit.
  private func store(_ key: WordCache.Key, _ slot: Int, _ workspace: inout TokenizerWorkspace) {
    let ids = workspace.symbols.ids
    if ids.count > WordCache.mostTokens { return }
    var entry = WordCache.Entry()
    entry.low = key.low
    entry.high = key.high
    entry.byteCount = UInt8(key.byteCount)
    entry.tokenCount = UInt8(ids.count)
    for index in ids.indices {
      entry.ids[index] = ids[index]
      entry.lengths[index] = UInt8(workspace.symbols.lengths[index])
    }
    workspace.cache.entries[slot] = entry
  }
}

extension TokenizerWorkspace {
  @inline(__always)
  mutating func append(_ id: Int32, _ bytes: Range<Int>) {
    tokens.append(Token(id: id, bytes: bytes, characters: 0..<0))
  }
}
