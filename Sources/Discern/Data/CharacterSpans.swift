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
  /// The spans that no tag stands for, in code points.
  private(set) var missedSpans: [CharacterSpan] = []
  /// Their labels.
  var missed: [String] { missedSpans.map(\.label) }
  /// What could not be read as it stands.
  private(set) var faults: [(kind: SpanFault.Kind, span: CharacterSpan)] = []
  /// How many spans counted UTF-16 units, told by the text that they cover.
  private(set) var inUTF16 = 0

  /// Lays spans over the words of a text. Of spans that share a word the longer one stays, or the first of equals.
  init(_ text: String, _ spans: [CharacterSpan]) {
    let scalars = Array(text.unicodeScalars)
    let words = Self.words(text)
    tags = [String](repeating: "O", count: words.count)
    let text = SpanText(scalars)
    let ranges = spans.map { inCodePoints($0, text) }
    let lengths = ranges.map { text.contains($0.start, $0.end) ? $0.end - $0.start : 0 }
    let order = ranges.indices.sorted { a, b in
      (lengths[b], ranges[a].start, a) < (lengths[a], ranges[b].start, b)
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
  private mutating func inCodePoints(_ span: CharacterSpan, _ text: SpanText) -> CharacterSpan {
    guard let wanted = span.text?.unicodeScalars else { return span }
    if text.covers(span.start, span.end, wanted) { return span }
    if let start = text.position(ofUnit: span.start), let end = text.position(ofUnit: span.end),
      text.covers(start, end, wanted)
    {
      inUTF16 += 1
      return CharacterSpan(start: start, end: end, label: span.label)
    }
    faults.append((.saysOther, span))
    return span
  }

  private mutating func lay(_ span: CharacterSpan, _ words: [Range<Int>], _ length: Int) {
    guard 0 <= span.start, span.start < span.end, span.end <= length else { return drop(span, .lacksWords) }
    let first = words.partition { $0.upperBound > span.start }
    let last = words.partition { $0.lowerBound >= span.end } - 1
    guard first <= last else { return drop(span, .lacksWords) }
    // Those before are at least as long: one that shares a word with this span has its first word or its last.
    guard tags[first] == "O", tags[last] == "O" else { return drop(span, .overlaps) }
    if words[first].lowerBound < span.start || words[last].upperBound > span.end {
      faults.append((.missesBorders, span))
    }
    for word in first...last { tags[word] = Tag(word == first ? .begin : .inside, span.label).description }
  }

  private mutating func drop(_ span: CharacterSpan, _ kind: SpanFault.Kind) {
    faults.append((kind, span))
    missedSpans.append(CharacterSpan(start: span.start, end: span.end, label: span.label))
  }
}

/// A text that many spans are looked up in, each in a time that does not grow with the text.
private struct SpanText {
  private let scalars: [Unicode.Scalar]
  /// By code point, and for the end: how many units of UTF-16 come before it.
  private let units: [Int]

  init(_ scalars: [Unicode.Scalar]) {
    self.scalars = scalars
    var units = [0]
    units.reserveCapacity(scalars.count + 1)
    for scalar in scalars { units.append(units.last! + (scalar.value > 0xFFFF ? 2 : 1)) }
    self.units = units
  }

  /// Whether there is a stretch from one place to the other.
  func contains(_ start: Int, _ end: Int) -> Bool { 0 <= start && start <= end && end <= scalars.count }

  /// Whether a stretch reads like that.
  func covers(_ start: Int, _ end: Int, _ wanted: String.UnicodeScalarView) -> Bool {
    contains(start, end) && scalars[start..<end].elementsEqual(wanted)
  }

  /// The code point that starts at a unit of UTF-16, or nil where none does.
  func position(ofUnit unit: Int) -> Int? {
    let position = units.partition { $0 >= unit }
    return position < units.count && units[position] == unit ? position : nil
  }
}
