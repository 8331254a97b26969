import Formats
import Foundation
import TestSupport
import Testing

@testable import Discern

@Suite struct CheckTests {
  /// A check of rows of text and label as train, dev and test.
  func report(
    _ parts: [[(String, String)]], threads: Int = 2, _ change: (inout DataCheck.Options) -> Void = { _ in }
  ) throws -> CheckReport {
    var options = DataCheck.Options()
    options.threads = threads
    options.rareBelow = 0
    change(&options)
    var check = DataCheck(task: .sequence, options: options)
    for (part, rows) in zip(DataCheck.Part.allCases, parts) where !rows.isEmpty {
      let lines = rows.map { text, label in
        JSON.object(["text": JSON(text), "label": JSON(label)]).serialized() + "\n"
      }
      try withDataFile(lines.joined(), extension: "jsonl") { try check.read([$0], as: part) }
    }
    return check.report()
  }

  func finding(_ report: CheckReport, _ code: String, _ part: String = "") -> CheckFinding? {
    report.findings.first { $0.code == code && (part.isEmpty || $0.part == part) }
  }

  /// The lines of a finding's places.
  func lines(_ finding: CheckFinding?) -> [[Int]] {
    (finding?.places ?? []).map { place in
      place.split(separator: " and ").compactMap { $0.split(separator: ":").last.flatMap { Int($0) } }
    }
  }

  @Test func soundDataHaveNoFindings() throws {
    let words = "the quick brown fox jumps over a lazy dog while seven wizards mix potions".split(separator: " ")
    let rows = (0..<13).map { start in
      (words[start...].joined(separator: " ") + words[..<start].joined(), ["a", "b", "c"][start % 3])
    }
    // Rotations share most of their shingles, so only one of them is a text of its own here.
    #expect(try report([[rows[0], ("something else entirely", "b")]]).findings.isEmpty)
    #expect(finding(try report([rows]), "near-duplicates") != nil)
  }

  @Test func duplicatesConflictsAndLeaks() throws {
    let report = try report([
      [("Where is my invoice?", "a"), ("The brake is broken", "b"), ("where is  my INVOICE?", "b"), ("x", "a")],
      [("the brake is broken", "b"), ("Another thing", "a")],
      [("Something new", "a"), ("Another thing", "a"), ("X ", "a"), ("x", "a")],
    ])
    #expect(lines(finding(report, "conflicting-labels")) == [[1, 3]])
    #expect(lines(finding(report, "duplicates", "train")) == [[3, 1]])
    #expect(lines(finding(report, "leak", "dev")) == [[1, 2]])
    #expect(report.findings.filter { $0.code == "leak" && $0.part == "test" }.map(\.count) == [2, 1])
    #expect(finding(report, "leak", "dev")?.severity == .error)
    #expect(lines(finding(report, "duplicates", "test")) == [[4, 3]])
  }

  @Test func nearDuplicatesAreThoseOfACompleteComparison() throws {
    // Texts of made-up words; some differ from an earlier one in a word or a mark.
    var random = SystemSeed(7)
    func word() -> String {
      String((0..<(3 + random.below(6))).map { _ in "abcdefghijklmnop".randomElement(using: &random)! })
    }
    var texts: [String] = []
    for index in 0..<300 {
      if index > 10, random.below(5) == 0 {
        var words = texts[random.below(texts.count)].split(separator: " ").map(String.init)
        words[random.below(words.count)] = word()
        texts.append(words.joined(separator: " "))
      } else {
        texts.append((0..<30).map { _ in word() }.joined(separator: " "))
      }
    }
    func shingles(_ text: String) -> Set<String> {
      let letters = Array(text)
      return Set((0...(letters.count - 5)).map { String(letters[$0..<($0 + 5)]) })
    }
    let sets = texts.map(shingles)
    var expected = 0
    for (index, set) in sets.enumerated() {
      let isNear = sets[..<index].contains { other in
        Double(set.intersection(other).count) / Double(set.union(other).count) >= 0.8
      }
      if isNear { expected += 1 }
    }
    #expect(expected > 30)
    let report = try report([texts.map { ($0, "a") } + [("another", "b")]]) { $0.similarity = 0.75 }
    // Below the threshold by the estimate's error, so that all true ones are found, and few others.
    let found = try #require(finding(report, "near-duplicates", "train")?.count)
    #expect(found >= expected && found <= expected + expected / 5, "\(found) for \(expected)")
  }

  @Test(arguments: [0.3, 0.6, 0.9])
  func estimateIsTheSimilarity(share: Double) {
    var random = SystemSeed(3)
    var error = 0.0
    for _ in 0..<20 {
      // Texts of one run of letters: the shares of their shingles are those of the runs in common.
      let letters = (0..<2000).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement(using: &random)! }
      let common = Int(1000 * share)
      let a = String(letters[..<1000])
      let b = String(letters[..<common]) + String(letters[1000..<(2000 - common)])
      var (hash, signatures) = (MinHash(), [UInt8]())
      hash.append(ComparableText(a), to: &signatures)
      hash.append(ComparableText(b), to: &signatures)
      let estimate = signatures.withUnsafeBufferPointer {
        MinHash.similarity($0.baseAddress!, $0.baseAddress! + MinHash.places)
      }
      func shingles(_ text: String) -> Set<String> {
        let letters = Array(text)
        return Set((0...(letters.count - 5)).map { String(letters[$0..<($0 + 5)]) })
      }
      let (x, y) = (shingles(a), shingles(b))
      let truth = Double(x.intersection(y).count) / Double(x.union(y).count)
      // Five standard deviations of a share over so many places.
      #expect(abs(estimate - truth) < 5 * (truth * (1 - truth) / Double(MinHash.places)).squareRoot() + 0.01)
      error += (estimate - truth) / 20
    }
    #expect(abs(error) < 0.04, "biased by \(error)")
  }

  @Test func labels() throws {
    let train = (0..<12).map { ("text number \($0) \($0 * 7919)", $0 < 10 ? "common" : "rare") }
    let report = try report([train, [("a new one", "unseen"), ("and a second", "common")]]) { $0.rareBelow = 5 }
    #expect(finding(report, "rare-labels")?.message.contains("rare 2") == true)
    #expect(finding(report, "unknown-labels")?.severity == .error)
    #expect(finding(report, "unknown-labels")?.message.contains("unseen 1") == true)
    #expect(finding(report, "missing-labels")?.message.hasSuffix("rare") == true)
    #expect(finding(try self.report([[("a", "x"), ("b", "x")]]), "one-label") != nil)
  }

  @Test func rowsThatCannotBeReadAreCounted() throws {
    let text =
      "{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \n{\"text\": \"b\", \"label\": \"\"}\n[1]\n"
      + "{\"text\": \"c\", \"label\": \"y\"}\n"
    var check = DataCheck(task: .sequence)
    try withDataFile(text, extension: "jsonl") { try check.read([$0], as: .train) }
    let found = finding(check.report(), "unreadable")
    #expect(found?.count == 3 && found?.severity == .error)
    #expect(check.parts[0].rows.count == 2)
  }

  @Test(
    arguments: [
      ("plain text\twith\nbreaks", []), ("naïve café – “quoted” €5", []), ("ÉCOLE «À LÃ”", []),
      ("cafÃ© au lait", .mojibake), ("itâ€™s", .mojibake), ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", .mojibake),
      ("lost \u{FFFD} here", .replacement), ("bell\u{7}", .control), ("next\u{9B}line", .control),
      ("zero\u{200B}width", .invisible), ("\u{FEFF}mark", .invisible), ("привет", []), ("日本語", []),
    ] as [(String, TextFaults)])
  func characters(text: String, expected: TextFaults) {
    #expect(TextFaults(of: text) == expected)
  }

  @Test func mixedNormalisation() throws {
    let report = try report([[("café", "a"), ("the cafe\u{301}s", "b")]])
    #expect(finding(report, "mixed-normalisation")?.severity == .warning)
    let alone = try self.report([[("plain", "a"), ("the cafe\u{301}s", "b")]])
    #expect(finding(alone, "mixed-normalisation")?.severity == .note)
  }

  @Test func tagsAndEntities() throws {
    let text = "a\tB-X\nb\tI-X\n.\tI-X\n\nc\tO\nd\tI-Y\n\ne\tB-X\nf\tI-X\n\n"
    var check = DataCheck(task: .tokens)
    try withDataFile(text, extension: "conll") { path in
      try check.read([path], as: .train)
      let facts = try Dataset.read(path, task: .tokens).facts
      #expect(check.parts[0].scheme == facts.scheme)
      #expect(finding(check.report(), "illegal-tags")?.count == facts.tagFaultCount)
    }
    let report = check.report()
    #expect(finding(report, "illegal-tags")?.places.first?.contains(":5 (I-Y after O)") == true)
    #expect(finding(report, "entity-edges")?.count == 1)
    #expect(report.labels.map(\.label) == ["X", "Y"] && report.labels.map(\.counts) == [[2], [1]])
    var mixed = DataCheck(task: .tokens)
    try withDataFile("a\tB-X\nb\tfoo\n\n", extension: "conll") { try mixed.read([$0], as: .train) }
    #expect(finding(mixed.report(), "mixed-tags")?.severity == .error)
  }

  @Test(arguments: [Dataset.Task.sequence, .tokens])
  func cutsAreThoseOfTraining(task: Dataset.Task) throws {
    let checkpoint = try openCheckpoint(Paths.fixture("stories260K"))
    let tokenizer = try checkpoint.tokenizer()
    let path = Paths.root + (task == .tokens ? "/Examples/entities/dev.conll" : "/Examples/tickets/dev.jsonl")
    let dataset = try Dataset.read(path, task: task)
    var options = DataCheck.Options()
    options.tokenizer = tokenizer
    var check = DataCheck(task: task, options: options)
    try check.read([path], as: .train)
    var seen = 0
    for cut in check.report().cuts {
      var recipe = try Recipe.preset("default", task: task)
      recipe.maxLength = cut.limit
      let encoder = try ExampleEncoder(
        tokenizer, recipe: recipe, labels: dataset.labels, model: checkpoint.configuration)
      let report = try encoder.encode(dataset).report
      #expect(cut.texts == report.cutTexts && cut.allTexts == report.texts)
      #expect(cut.entities == report.lostEntities && cut.allEntities == report.entities)
      seen += cut.texts
    }
    #expect(seen > 0)
  }

  @Test func anyNumberOfThreads() throws {
    let rows = (0..<9000).map { index in
      ("row \(index % 3000) says \(index * 7919 % 1000) and \(index * 104_729 % 500)", "label \(index % 7)")
    }
    let reports = try [1, 2, 5].map { try report([rows, Array(rows[100..<400])], threads: $0) }
    let texts = reports.map { report in
      report.findings.map { ($0.code, $0.count) }.map { "\($0)" }
    }
    #expect(texts[0].count > 2, "\(texts[0])")
    #expect(texts[1] == texts[0])
    #expect(texts[2] == texts[0])
  }
}

/// A small generator whose numbers are the same in every run.
private struct SystemSeed: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 33
  }
  mutating func below(_ bound: Int) -> Int { Int(next() >> 16) % bound }
}
