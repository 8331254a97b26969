/// Splits running text into words for a tagger: runs of letters, digits and marks, and every other visible character by itself.
public enum WordSplitter {
  /// Ranges of the words, in order; white space is left out.
  public static func words(in text: String) -> [Range<String.Index>] {
    let scalars = text.unicodeScalars
    var words: [Range<String.Index>] = []
    var start: String.Index?
    for index in scalars.indices {
      let kind = Kind(scalars[index])
      if kind != .word, let first = start {
        words.append(first..<index)
        start = nil
      }
      switch kind {
      case .word: start = start ?? index
      case .space: break
      case .symbol: words.append(index..<scalars.index(after: index))
      }
    }
    if let start { words.append(start..<scalars.endIndex) }
    return words
  }

  private enum Kind {
    case word, space, symbol

    init(_ scalar: Unicode.Scalar) {
      let properties = scalar.properties
      if properties.isWhitespace {
        self = .space
      } else if properties.isAlphabetic || properties.numericType != nil || scalar == "_" {
        self = .word
      } else {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .format: self = .word
        default: self = .symbol
        }
      }
    }
  }
}
