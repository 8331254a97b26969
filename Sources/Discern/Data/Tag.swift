/// A tag of a span scheme, taken apart: `B-PER` is a beginning of type `PER`.
struct Tag: Equatable, CustomStringConvertible {
  /// Where in its span a token stands.
  enum Position: Equatable {
    case outside, begin, inside, end, single
  }

  var position: Position
  /// The text behind the first hyphen; empty for `O` and for tags without a type.
  var type: String

  init(_ position: Position, _ type: String) {
    self.position = position
    self.type = type
  }

  /// Takes a tag apart; `L` and `U` of BILOU are read as end and single, and what has no known prefix as outside.
  init(_ text: String) {
    guard let prefix = Prefix(text) else {
      self = Tag(.outside, "")
      return
    }
    position = prefix.position
    type = prefix == .outside ? "" : String(text.utf8.dropFirst(2)) ?? ""
  }

  /// The tag in IOB2 letters.
  var description: String {
    let letter =
      switch position {
      case .outside: "O"
      case .begin: "B"
      case .inside: "I"
      case .end: "E"
      case .single: "S"
      }
    return type.isEmpty ? letter : letter + "-" + type
  }

  /// Whether a span starts at this tag, read leniently: each tag but `O` belongs to a span, and a new one starts at the
  /// edges that the tags mark and wherever the type changes.
  func starts(after previous: Tag) -> Bool {
    if position == .outside { return false }
    if previous.position == .outside || previous.type.utf8Differs(from: type) { return true }
    return position == .begin || position == .single || previous.position == .end
      || previous.position == .single
  }

  static func == (a: Tag, b: Tag) -> Bool {
    a.position == b.position && !a.type.utf8Differs(from: b.type)
  }
}

extension Tag {
  /// The letters with which tags of span schemes start.
  enum Prefix: UInt8, CaseIterable {
    case outside = 0x4F  // O
    case begin = 0x42
    case inside = 0x49
    case end = 0x45
    case single = 0x53
    case last = 0x4C
    case unit = 0x55

    /// The prefix of `B-PER` or of a bare `B`; nil for a tag without one.
    init?(_ tag: String) {
      let bytes = tag.utf8
      guard let letter = bytes.first, let prefix = Prefix(rawValue: letter) else { return nil }
      let isBare = bytes.count == 1
      let isTyped = bytes.count > 2 && bytes[bytes.index(after: bytes.startIndex)] == 0x2D
      guard isBare || isTyped && prefix != .outside else { return nil }
      self = prefix
    }

    var position: Position {
      switch self {
      case .outside: .outside
      case .begin: .begin
      case .inside: .inside
      case .end, .last: .end
      case .single, .unit: .single
      }
    }
  }
}

extension String {
  /// Whether the UTF-8 bytes differ; `==` would take canonically equivalent texts for one.
  func utf8Differs(from other: String) -> Bool { !utf8.elementsEqual(other.utf8) }
}
