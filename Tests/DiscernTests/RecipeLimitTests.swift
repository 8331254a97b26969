import Formats
import Testing

@testable import Discern

/// Recipes that would take memory or time without bound are refused by name.
@Suite struct RecipeLimitTests {
  private func message(_ yaml: String) -> String {
    do {
      _ = try Recipe.resolved(file: RecipeFile(yaml: yaml, name: "r.yaml"))
      return "no error"
    } catch { return "\(error)" }
  }

  /// The "billion laughs": each line of a dozen would stand for ten of the one before.
  @Test func aliasesAreRefused() {
    var yaml = "x0: &x0 [lol, lol]\n"
    for level in 1..<40 { yaml += "x\(level): &x\(level) [*x\(level - 1), *x\(level - 1)]\n" }
    #expect(message(yaml).hasPrefix("r.yaml:1: found the anchor or alias \"&x0\"; expected settings without anchors"))
    #expect(message("rank: 4\nseed: *x\n").hasPrefix("r.yaml:2: found the anchor or alias \"*x\""))
    // A quote may hold what looks like a comment, and other signs than \n end a line.
    #expect(message("? [\" #\", &x y]\n: 1").contains("\"&x\""))
    #expect(message("[\"a\n# b\", &x y]").contains("\"&x\""))
    #expect(message("# a\u{2028}? &x y\n: 1").contains("\"&x\""))
  }

  @Test func quotesMayHoldWhatLooksLikeAnAlias() {
    for yaml in [
      "class_weights: '{\"*rare\": 2}'", "class_weights: {\"*rare\": 2, '&b':3, \"c\": 1} # '*x", "rank: '4' # &x 'y",
      "warm_start: \"a\\\" *b\"\n# 'tis *this*\nrank: 4", "targets: ['q', \"v\"]",
    ] {
      #expect(message(yaml) == "no error")
    }
  }

  @Test(arguments: [
    "x: 'a' &x b", "x: 'a\ny: ', &x b]", "x: a'b\ny: 'c &x d'", "x: [a'b, 'c &x d']", "x: {a:'b &x c'}", "'x': '&x y'",
    "x: \"a\n# \" &x b", "x: 'it''s' &x b", "x: \"a\\\\\" &x b", "x: [\"a\", &x b]", "x: a, 'b &x c'", " x: 'a &x b'",
    "x:\t'a &x b'", "- 'a &x b'", "x: \"a\u{2028}y: '\", &x b'", "x: 'a' # b\ny: &x c",
  ])
  func whatMayStandOutsideOfQuotesIsAnAnchor(yaml: String) {
    #expect(message(yaml).contains("\"&x\""))
  }

  @Test func commentsMaySayAnything() {
    #expect(message("# see *this* & &that\nrank: 4 # &more\n") == "no error")
  }

  @Test func sizesAreNamed() {
    #expect(message("# " + String(repeating: "x", count: 65_535)).contains("at most 65536 for a recipe"))
    let layers = repeatElement("0-4095", count: 1000).joined(separator: ",")
    #expect(message("attention: 'layers:\(layers)'").contains("a value of at most 4096 bytes"))
    #expect(message("attention: 'layers:0-4096'").contains("expected causal, unmasked"))
    #expect(message("attention: 'layers:0-4095'") == "no error")
  }

  @Test func listsHoldValues() {
    #expect(message("targets: [[q], v]").contains("expected a value or a list of values"))
    #expect(message("targets: [q, v]") == "no error")
    #expect(message(String(repeating: "[", count: 5000)).contains("expected YAML"))
  }
}
