import Discern

/// A tagged text for a terminal: its entities coloured, each followed by its type.
struct InlineView {
  let terminal: Terminal
  private static let colors: [Terminal.Style] = [.cyan, .green, .yellow, .magenta, .blue, .red]

  /// The text on one line.
  func text(_ text: String, _ entities: [TaggedText.Entity], types: [String]) -> String {
    let scalars = Array(text.unicodeScalars)
    func slice(_ range: Range<Int>) -> String {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars[range])
      return String(view).onOneLine
    }
    var line = ""
    var position = 0
    for entity in entities {
      let place = types.firstIndex(of: entity.label) ?? 0
      let color = Self.colors[place % Self.colors.count]
      line += slice(position..<entity.characters.lowerBound)
      line += terminal.styled(slice(entity.characters), .bold, color)
      line += terminal.styled("[\(entity.label.onOneLine)]", color)
      position = entity.characters.upperBound
    }
    return line + slice(position..<scalars.count) + "\n"
  }
}
