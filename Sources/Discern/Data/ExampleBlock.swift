/// Some examples in a row as bytes.
///
/// Of each there is the number of its bytes, and then: what kind of input and label it has, its line counted from that
/// of the first, the numbers of its labels, the spans that no tag stands for, and what the model reads. Whole numbers
/// are written in base 128, the lowest digit first, each but the last with the highest bit set.
struct ExampleBlock: Sendable {
  /// As many bytes as a block has before its last example, unless examples with longer labels were put in their places.
  private static let size = 1 << 16
  /// The start of each of so many rows is noted; the others are counted from there.
  private static let stride = 8

  private var bytes: [UInt8] = []
  private var starts: [UInt32] = []
  private(set) var count = 0
  private let file: Int
  private let firstLine: Int

  /// An empty block for an example and those behind it.
  init(startingWith example: Example) {
    file = example.file
    firstLine = example.line
  }

  /// Whether an example can stand in this block.
  func takes(_ example: Example) -> Bool { bytes.count < Self.size && example.file == file }

  /// Gives back the memory that was there for more examples.
  mutating func seal() { bytes = bytes.withUnsafeBufferPointer { Array($0) } }

  /// Adds an example; its labels get numbers.
  mutating func append(_ example: Example, _ labels: inout LabelNumbers) {
    let start = bytes.count
    if count % Self.stride == 0 { starts.append(UInt32(start)) }
    bytes += [0, Form(example).byte]
    bytes.append(signed: example.line &- firstLine)
    bytes.append(example.label, &labels)
    if !example.missed.isEmpty { bytes.append(example.missed, &labels) }
    bytes.append(example.input)
    bytes.replace(start, withNumber: bytes.count - start - 1)
    count += 1
  }

  /// The example of a row.
  func example(_ row: Int, _ labels: LabelNumbers) -> Example {
    var position = Int(starts[row / Self.stride])
    for _ in 0..<row % Self.stride { position = bytes.withUnsafeBytes { ExampleCursor($0, position, labels).end } }
    return example(at: &position, labels)
  }

  /// The example whose bytes start at a position, which moves behind them.
  func example(at position: inout Int, _ labels: LabelNumbers) -> Example {
    bytes.withUnsafeBytes { bytes in
      var cursor = ExampleCursor(bytes, position, labels)
      position = cursor.end
      let form = Form(byte: cursor.byte())
      let line = firstLine &+ cursor.signed()
      let label = cursor.label(form.label)
      let missed = form.hasMissed ? cursor.spans() : []
      var example = Example(input: cursor.input(form.input), label: label, line: line)
      (example.file, example.missed) = (file, missed)
      return example
    }
  }
}

/// What kind of input and label an example has.
private struct Form {
  enum Input: UInt8 { case text, pair, words }
  enum Label: UInt8 { case none, classLabel, labels, values, tags }

  let input: Input
  let label: Label
  let hasMissed: Bool

  init(_ example: Example) {
    input =
      switch example.input {
      case .text: .text
      case .pair: .pair
      case .words: .words
      }
    label =
      switch example.label {
      case .none: .none
      case .classLabel: .classLabel
      case .labels: .labels
      case .values: .values
      case .tags: .tags
      }
    hasMissed = !example.missed.isEmpty
  }

  var byte: UInt8 { input.rawValue | label.rawValue << 2 | (hasMissed ? 1 << 5 : 0) }

  init(byte: UInt8) {
    (input, label) = (Input(rawValue: byte & 3)!, Label(rawValue: byte >> 2 & 7)!)
    hasMissed = byte >> 5 == 1
  }
}

// MARK: - Writing

extension [UInt8] {
  fileprivate mutating func append(number: Int) { append(base128: UInt64(bitPattern: Int64(number))) }

  /// Puts a number where a single byte stands.
  fileprivate mutating func replace(_ position: Int, withNumber number: Int) {
    if number < 128 {
      self[position] = UInt8(number)
    } else {
      var digits: [UInt8] = []
      digits.append(number: number)
      replaceSubrange(position...position, with: digits)
    }
  }

  /// Numbers near zero are short, whatever their sign.
  fileprivate mutating func append(signed number: Int) { append(number: number << 1 ^ number >> 63) }

  fileprivate mutating func append(counted text: String) {
    append(number: text.utf8.count)
    append(contentsOf: text.utf8)
  }

  fileprivate mutating func append(_ label: Example.Label, _ labels: inout LabelNumbers) {
    switch label {
    case .none: break
    case .classLabel(let name): append(number: labels.number(name))
    case .labels(let names), .tags(let names):
      append(number: names.count)
      for name in names { append(number: labels.number(name)) }
    case .values(let values):
      append(number: values.count)
      for value in values { Swift.withUnsafeBytes(of: value.bitPattern.littleEndian) { append(contentsOf: $0) } }
    }
  }

  fileprivate mutating func append(_ spans: [CharacterSpan], _ labels: inout LabelNumbers) {
    append(number: spans.count)
    for span in spans {
      append(signed: span.start)
      append(signed: span.end)
      append(number: labels.number(span.label))
      append(span.text == nil ? 0 : 1)
      if let text = span.text { append(counted: text) }
    }
  }

  /// Texts and words; what is last goes to the end of the row.
  fileprivate mutating func append(_ input: Example.Input) {
    switch input {
    case .text(let text): append(contentsOf: text.utf8)
    case .pair(let first, let second):
      append(counted: first)
      append(contentsOf: second.utf8)
    case .words(let words): for word in words { append(counted: word) }
    }
  }
}

// MARK: - Reading

/// Reads what `ExampleBlock` wrote of one example.
private struct ExampleCursor {
  private let bytes: UnsafeRawBufferPointer
  private let labels: LabelNumbers
  private var position: Int
  /// The position behind the example.
  private(set) var end: Int

  /// At the example that starts at a position.
  init(_ bytes: UnsafeRawBufferPointer, _ position: Int, _ labels: LabelNumbers) {
    (self.bytes, self.labels, self.position, end) = (bytes, labels, position, bytes.count)
    let length = number()
    end = self.position + length
  }

  mutating func byte() -> UInt8 {
    defer { position += 1 }
    return bytes[position]
  }

  mutating func number() -> Int {
    var (number, shift) = (UInt(0), UInt(0))
    while true {
      let digit = byte()
      number |= UInt(digit & 127) << shift
      if digit < 128 { return Int(bitPattern: number) }
      shift += 7
    }
  }

  mutating func signed() -> Int {
    let number = UInt(bitPattern: number())
    return Int(bitPattern: number >> 1) ^ -Int(number & 1)
  }

  private mutating func text(_ count: Int) -> String {
    defer { position += count }
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]), as: UTF8.self)
  }

  private mutating func name() -> String { labels.names[number()] }

  mutating func label(_ kind: Form.Label) -> Example.Label {
    switch kind {
    case .none: return .none
    case .classLabel: return .classLabel(name())
    case .labels: return .labels((0..<number()).map { _ in name() })
    case .tags: return .tags((0..<number()).map { _ in name() })
    case .values:
      return .values(
        (0..<number()).map { _ in
          defer { position += 8 }
          let bits = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
          return Double(bitPattern: UInt64(littleEndian: bits))
        })
    }
  }

  mutating func spans() -> [CharacterSpan] {
    (0..<number()).map { _ in
      let (start, end) = (signed(), signed())
      return CharacterSpan(start: start, end: end, label: name(), text: byte() == 0 ? nil : text(number()))
    }
  }

  mutating func input(_ kind: Form.Input) -> Example.Input {
    switch kind {
    case .text: return .text(text(end - position))
    case .pair:
      let first = text(number())
      return .pair(first, text(end - position))
    case .words:
      var words: [String] = []
      while position < end { words.append(text(number())) }
      return .words(words)
    }
  }
}
