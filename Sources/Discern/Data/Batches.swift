import Compute

/// One text as the model sees it.
public struct EncodedExample: Sendable {
  /// Token ids, special tokens included, cut to the longest length, pads of `paper_padding` included.
  public var tokens: [Int32]
  /// Positions among the tokens whose states answer: the last or first token, or the first sub-word of each word kept.
  public var rows: [Int32]
  /// The answers wanted, as label indices: one for a text, one for each kept word; empty where unlabelled.
  public var labels: [Int32]
  /// Wanted numbers, one for each label: 1 and 0 for labels that apply or not, or the targets of a regression; empty in
  /// other tasks and where unlabelled.
  public var targets: [Float] = []
  /// For each row the word that it answers for (tagging).
  public var words: [Int32] = []
  /// Words of the text, kept or not (tagging).
  public var wordCount = 0
  /// Whether tokens were cut off.
  public var isCut = false
  /// Lengths of the windows that the tokens are, one after another; empty where they are one sequence.
  public var windows: [Int] = []

  /// Lengths of the sequences that the model reads.
  public var sequences: [Int] { windows.isEmpty ? [tokens.count] : windows }

  /// Lengths of the runs of words that follow each other: sentences, or their parts where words have no answer.
  var chains: [Int] {
    var chains: [Int] = []
    for (index, word) in words.enumerated() {
      if index > 0, words[index - 1] + 1 == word {
        chains[chains.count - 1] += 1
      } else {
        chains.append(1)
      }
    }
    return chains
  }

  /// Whether there is anything to learn from or to score.
  public var isLabelled: Bool { !targets.isEmpty || labels.contains { $0 >= 0 } }
}

/// Part of a batch that one thread takes through the whole model: whole sequences, laid end to end.
public struct Chunk: Sendable {
  /// Token ids of all sequences.
  public let tokens: [Int32]
  /// Where the sequences lie.
  public let packing: Packing
  /// Rows that answer.
  public let rows: [Int32]
  /// Wanted answers, one for each row or each sequence.
  public let labels: [Int32]
  /// Wanted numbers, for each sequence one for each label.
  public let targets: [Float]
  /// How many sequences, its windows, each example has.
  let windowCounts: [Int]
  /// Lengths of the runs of words (tagging).
  let chains: [Int]
  /// Which examples of the batch, in the order of the sequences.
  public let members: [Int]
  /// Row of the batch that is row 0 here.
  public let firstRow: Int

  init(_ examples: [EncodedExample], members: [Int], firstRow: Int) {
    let own = members.map { examples[$0] }
    packing = Packing(lengths: own.flatMap(\.sequences))
    tokens = own.flatMap(\.tokens)
    var start: Int32 = 0
    rows = own.flatMap { example in
      defer { start += Int32(example.tokens.count) }
      return example.rows.map { [start] in $0 + start }
    }
    windowCounts = own.map(\.sequences.count)
    chains = own.flatMap(\.chains)
    labels = own.flatMap(\.labels)
    targets = own.flatMap(\.targets)
    self.members = members
    self.firstRow = firstRow
  }
}

extension Chunk {
  /// Logits of windows → logits of texts, the mean over the windows of each; those of words stay as they are.
  func pooled(_ logits: Tensor, byWord: Bool) -> (Tensor, Pullback) {
    if byWord || windowCounts.allSatisfy({ $0 == 1 }) { return (logits, { $0 }) }
    return Ops.pool(logits, .mean, Packing(lengths: windowCounts))
  }
}

/// How a batch is cut into chunks, and an epoch into batches.
public enum Batching {
  /// Rows that a chunk aims at: enough that building weight panels is small beside using them.
  public static let chunkRows = 160

  /// Cuts examples into chunks of whole sequences with about equal numbers of rows.
  ///
  /// The cut depends on the lengths alone, never on the number of threads: that keeps every sum in the same order.
  public static func chunks(_ examples: [EncodedExample], rows target: Int = chunkRows) -> [Chunk] {
    let lengths = examples.map(\.tokens.count)
    let total = lengths.reduce(0, +)
    var count = (total + target - 1) / target
    // An even number, so that two cores finish together; a tiny batch is not worth cutting.
    if count % 2 == 1 && total > 48 { count += 1 }
    count = max(1, min(count, examples.count))
    var bins = [(rows: Int, members: [Int])](repeating: (0, []), count: count)
    let byLength = examples.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    for index in byLength {
      let bin = bins.indices.min { (bins[$0].rows, $0) < (bins[$1].rows, $1) }!
      bins[bin].rows += lengths[index]
      bins[bin].members.append(index)
    }
    var firstRow = 0
    return bins.filter { !$0.members.isEmpty }.map { bin in
      defer { firstRow += bin.rows }
      return Chunk(examples, members: bin.members.sorted(), firstRow: firstRow)
    }
  }

  /// The batches of one epoch as lists of example indices, in a random order that seed and epoch decide.
  public static func epoch(_ epoch: Int, lengths: [Int], recipe: Recipe) -> [[Int]] {
    var random = Random(seed: recipe.seed, stream: RandomStream.shuffling + UInt64(epoch))
    var order = Array(lengths.indices)
    random.shuffle(&order)
    guard recipe.bucket else { return cut(order, lengths, recipe) }
    // Sorting inside windows of many batches groups similar lengths and still mixes the data in every epoch.
    let window = max(1, 50 * recipe.batchSize)
    let sorted = stride(from: 0, to: order.count, by: window).flatMap { start in
      order[start..<min(start + window, order.count)].sorted { (lengths[$0], $0) < (lengths[$1], $1) }
    }
    var batches = cut(sorted, lengths, recipe)
    random.shuffle(&batches)
    return batches
  }

  private static func cut(_ order: [Int], _ lengths: [Int], _ recipe: Recipe) -> [[Int]] {
    guard recipe.batchTokens > 0 else {
      return stride(from: 0, to: order.count, by: recipe.batchSize).map {
        Array(order[$0..<min($0 + recipe.batchSize, order.count)])
      }
    }
    var batches: [[Int]] = []
    var tokens = Int.max
    for index in order {
      if tokens > recipe.batchTokens - min(lengths[index], recipe.batchTokens) {
        batches.append([])
        tokens = 0
      }
      batches[batches.count - 1].append(index)
      tokens += lengths[index]
    }
    return batches
  }
}
