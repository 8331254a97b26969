import Formats
import Testing

@Suite struct ComparableTextTests {
  func form(_ text: String) -> String {
    String(String.UnicodeScalarView(ComparableText(text).scalars.compactMap(Unicode.Scalar.init)))
  }

  @Test(arguments: [
    ("  Where IS\tmy\n invoice? ", "where is my invoice?"), ("", ""), (" \n ", ""), ("a", "a"),
    ("CAFE\u{301} \u{A0}ÉTÉ", "café été"), ("Straße", "straße"), ("\u{212B}", "å"),
    ("日本 語", "日本 語"), ("İ", "i\u{307}"),
  ])
  func forms(text: String, expected: String) {
    #expect(Array(form(text).unicodeScalars) == Array(expected.unicodeScalars))
  }

  @Test func hashesTellFormsApart() {
    let texts = ["a b", "ab", "a", "", "b a", "a b c", "abcdefgh", "abcdefg", "é", "e"]
    #expect(Set(texts.map { ComparableText($0).hash }).count == texts.count)
    #expect(ComparableText("Cafe\u{301}").hash == ComparableText("  café ").hash)
  }

  @Test func composition() {
    #expect(ComparableText("café").wasComposed && !ComparableText("cafe\u{301}").wasComposed)
    #expect(ComparableText("plain").wasComposed && ComparableText("plain").hasOnlyASCII)
    // A mark that composes with nothing is in NFC; marks in the wrong order are not.
    #expect(ComparableText("x\u{301}").wasComposed)
    #expect(!ComparableText("x\u{301}\u{323}").wasComposed)
  }

  @Test func shinglesAreRunsOfFive() {
    func count(_ text: String) -> Int {
      var count = 0
      ComparableText(text).forEachShingle { _ in count += 1 }
      return count
    }
    #expect(["", "a", "abcde", "abcdef", "  A  b  c  "].map(count) == [0, 1, 1, 2, 1])
  }
}
