/// A span that a person marked in a text: characters and a label.
struct CharacterSpan: Equatable {
  /// Unicode code points from the start of the text; the end is behind the last.
  var start: Int
  var end: Int
  var label: String
  /// The text that the file says it covers.
  var text: String?
}

/// A span that could not be read as it stands: none vanishes without one of these.
public struct SpanFault: Equatable, Sendable {
  /// What is wrong, and what became of the span.
  public enum Kind: String, CaseIterable, Sendable {
    /// It starts or ends inside a word: it was widened to whole words.
    case missesBorders = "misses word borders and is widened to whole words"
    /// It shares a word with another span, which was kept: it counts as missed in every score.
    case overlaps = "shares a word with another span and counts as missed"
    /// It has no word inside the text: it counts as missed in every score.
    case lacksWords = "lies outside the text or holds no word and counts as missed"
    /// The file says that it covers another text than stands there: it was taken by its offsets.
    case saysOther = "does not cover the text that its row says"

    /// Whether the span is still there.
    var isKept: Bool { self == .missesBorders || self == .saysOther }
  }

  /// What is wrong.
  public var kind: Kind
  /// Where: file and line.
  public var place: String
  /// The span in words: `3..<9 "PER"`.
  public var span: String

  /// One line for people.
  public var description: String { "\(place): the span \(span) \(kind.rawValue)" }
}

/// The words of a text with tags for its spans.
struct AlignedSpans {
  /// IOB2 tags, one for each word of `WordSplitter`.
  private(set) var tags: [String]
  /// Labels of the spans that no tag stands for.
  private(set) var missed: [String] = []
  /// What could not be read as it stands.
  private(set) var faults: [(kind: SpanFault.Kind, span: CharacterSpan)] = []
  /// How many spans counted UTF-16 units, told by the text that they cover.
  private(set) var inUTF16 = 0

  /// Lays spans over the words of a text. Of spans that share a word the longer one stays, or the first of equals.
  init(_ text: String, _ spans: [CharacterSpan]) {
    let scalars = Array(text.unicodeScalars)
    let words = Self.words(text)
    tags = [String](repeating: "O", count: words.count)
    let ranges = spans.map { inCodePoints($0, scalars) }
    let order = ranges.indices.sorted { a, b in
      let (x, y) = (ranges[a], ranges[b])
      return (y.end - y.start, x.start, a) < (x.end - x.start, y.start, b)
    }
    for index in order { lay(ranges[index], words, scalars.count) }
    faults.sort { ($0.span.start, $0.span.end) < ($1.span.start, $1.span.end) }
  }

  /// The words as ranges of code points.
  static func words(_ text: String) -> [Range<Int>] {
    var position = 0
    var last = text.unicodeScalars.startIndex
    func offset(_ index: String.Index) -> Int {
      position += text.unicodeScalars.distance(from: last, to: index)
      last = index
      return position
    }
    return WordSplitter.words(in: text).map { offset($0.lowerBound)..<offset($0.upperBound) }
  }

  /// The span in code points: where a row says what it covers and only UTF-16 offsets give that, they are meant.
  private mutating func inCodePoints(_ span: CharacterSpan, _ scalars: [Unicode.Scalar]) -> CharacterSpan {
    guard let text = span.text else { return span }
    let wanted = Array(text.unicodeScalars)
    func covers(_ start: Int, _ end: Int) -> Bool {
      0 <= start && start <= end && end <= scalars.count && Array(scalars[start..<end]) == wanted
    }
    if covers(span.start, span.end) { return span }
    var units: [Int] = [0]
    for scalar in scalars { units.append(units.last! + (scalar.value > 0xFFFF ? 2 : 1)) }
    if let start = units.firstIndex(of: span.start), let end = units.firstIndex(of: span.end), covers(start, end) {
      inUTF16 += 1
      return CharacterSpan(start: start, end: end, label: span.label)
    }
    faults.append((.saysOther, span))
    return span
  }

  private mutating func lay(_ span: CharacterSpan, _ words: [Range<Int>], _ length: Int) {
    guard 0 <= span.start, span.start < span.end, span.end <= length,
      let first = words.firstIndex(where: { $0.upperBound > span.start && $0.lowerBound < span.end }),
      let last = words.lastIndex(where: { $0.lowerBound < span.end && $0.upperBound > span.start })
    else { return drop(span, .lacksWords) }
    guard tags[first...last].allSatisfy({ $0 == "O" }) else { return drop(span, .overlaps) }
    if words[first].lowerBound < span.start || words[last].upperBound > span.end {
      faults.append((.missesBorders, span))
    }
    for word in first...last { tags[word] = Tag(word == first ? .begin : .inside, span.label).description }
  }

  private mutating func drop(_ span: CharacterSpan, _ kind: SpanFault.Kind) {
    faults.append((kind, span))
    missed.append(span.label)
  }
}
