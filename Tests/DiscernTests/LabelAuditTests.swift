import Compute
import Formats
import Glibc
import TestSupport
import Testing

@testable import Discern

/// Labels that were changed by hand come first.
@Suite("Label audit") struct LabelAuditTests {
  private let base: BaseModel
  private let tokenizer: Tokenizer

  init() throws { (base, tokenizer) = try tinyModel() }

  /// Over states that are known to tell these words apart: which depth does best is not the question here.
  private func audit(_ dataset: Dataset, _ task: Dataset.Task, threads: Int = 2) throws -> AuditReport {
    try LabelAudit(
      base, tokenizer: tokenizer, recipe: try Recipe.preset("default", task: task), attention: .unmasked(from: 0),
      layers: 3, pooling: .mean, threads: threads
    ).run(dataset)
  }

  private func flipped(_ dataset: Dataset, _ rows: [Int]) -> Dataset {
    var examples = Array(dataset.examples)
    for row in rows {
      let isAnimal = examples[row].label == .classLabel("animal")
      examples[row].label = .classLabel(isAnimal ? "thing" : "animal")
    }
    return Dataset(name: "flipped", examples: examples)
  }

  private let verbs = ["saw", "liked", "wanted", "found", "lost", "took", "hid", "got"]
  private let moreVerbs = ["had", "gave", "held", "made", "kept", "met", "left", "drew"]

  @Test func flippedTextsComeFirst() throws {
    let rows = [3, 20, 41]
    let report = try audit(flipped(ProbeTests.texts("texts", verbs), rows), .sequence)
    #expect(report.issues.count == 64)
    #expect(report.issues.prefix(3).map(\.row).sorted() == rows)
    #expect(report.issues.prefix(3).allSatisfy { $0.isLikely && $0.margin < 0 })
    #expect(report.issues.first { $0.row == 3 }?.suggested == "animal")
    let margins = report.issues.map(\.margin)
    #expect(margins == margins.sorted())
    #expect(
      try audit(flipped(ProbeTests.texts("texts", verbs), rows), .sequence, threads: 1).issues.map(\.margin) == margins)
  }

  @Test func missingWrongAndSpuriousSpansComeFirst() throws {
    var examples = Array(ProbeTests.sentences(verbs + moreVerbs).examples)
    examples[1].label = .tags(["B-NAME", "O", "O", "O"])  // the dog is missing
    examples[9].label = .tags(["B-ANIMAL", "O", "O", "B-ANIMAL"])  // Tom is no animal
    examples[23].label = .tags(["B-NAME", "O", "B-NAME", "O"])  // "the" is no name
    let report = try audit(Dataset(name: "sentences", examples: examples), .tokens)
    let first = report.issues.prefix(3)
    #expect(first.map(\.row).sorted() == [1, 9, 23])
    let missing = try #require(first.first { $0.row == 1 })
    #expect(missing.given == "no span" && missing.suggested == "ANIMAL: dog" && missing.words == 3..<4)
    let wrong = try #require(first.first { $0.row == 9 })
    #expect(wrong.given == "ANIMAL" && wrong.suggested == "NAME: Tom")
    let spurious = try #require(first.first { $0.row == 23 })
    #expect(spurious.given == "NAME" && spurious.suggested == "no span" && spurious.words == 2..<3)
  }

  /// On few texts accuracy ties, and the first of equals need not be the one that knows most.
  @Test func theStatesThatFindTheLabelsMostProbableJudge() throws {
    let dataset = flipped(ProbeTests.texts("texts", verbs), [3, 20, 41])
    func audit(_ layers: Int?, _ pooling: Pooling?) throws -> AuditReport {
      try LabelAudit(
        base, tokenizer: tokenizer, recipe: try Recipe.preset("default", task: .sequence),
        attention: .unmasked(from: 0), layers: layers, pooling: pooling, threads: 2
      ).run(dataset)
    }
    var losses: [Double] = []
    var scores: [Double] = []
    for layers in [1, 2, 3, 4] {
      for pooling in [Pooling.mean, .last] {
        let report = try audit(layers, pooling)
        let naive = report.issues.reduce(0) { $0 - log($1.selfConfidence) } / Double(report.issues.count)
        #expect(abs(report.logLoss - naive) < 1e-4)
        losses.append(naive)
        scores.append(report.score)
      }
    }
    let free = try audit(nil, nil)
    #expect(abs(free.logLoss - losses.min()!) < 1e-6)
    #expect(free.layers == losses.firstIndex(of: losses.min()!)! / 2 + 1)
    // The case that matters: by accuracy alone others were as good.
    #expect(scores.count { $0 >= free.score } > 1)
  }

  @Test func plainTagsAreJudgedWordByWord() throws {
    var examples = ProbeTests.sentences(verbs).examples.map { example in
      var example = example
      example.label = .tags(["NOUN", "VERB", "DET", "NOUN"])
      return example
    }
    examples[5].label = .tags(["NOUN", "NOUN", "DET", "NOUN"])
    let report = try audit(Dataset(name: "words", examples: examples, scheme: .plain), .tokens)
    let first = try #require(report.issues.first)
    #expect(first.row == 5 && first.words == 1..<2 && first.given == "NOUN" && first.suggested == "VERB")
  }

  /// By hand: rows labelled 0 have p₀ 0.9, 0.7, 0.2 (mean 0.6), rows labelled 1 have p₁ 0.8, 0.4 (mean 0.6).
  @Test func thresholdsAreThoseOfConfidentLearning() {
    let probabilities: [Float] = [0.9, 0.1, 0.7, 0.3, 0.2, 0.8, 0.2, 0.8, 0.6, 0.4]
    let confidence = LabelConfidence(probabilities, given: [0, 0, 0, 1, 1], classes: 2)
    #expect(confidence.own == [0.9, 0.7, 0.2, 0.8, 0.4])
    #expect(confidence.other == [1, 1, 1, 0, 0])
    #expect(confidence.isLikely[2])
    #expect(!confidence.isLikely[0] && !confidence.isLikely[1] && !confidence.isLikely[3])
    #expect(abs(confidence.margin(2) + 0.6) < 1e-6)
  }

  @Test func filesAreWholeAndEscaped() throws {
    var examples = Array(ProbeTests.texts("texts", verbs).examples)
    examples[1].input = .text("a \"quoted\", <b>bold</b> text")
    let report = try audit(flipped(Dataset(name: "x", examples: examples), [1]), .sequence)
    let folder = try TemporaryFolder()
    try report.writeCSV(to: folder.path + "/a.csv")
    try report.writeHTML(to: folder.path + "/a.html")
    func read(_ name: String) throws -> String {
      try String(decoding: MappedFile(folder.path + name).withBytes { Array($0) }, as: UTF8.self)
    }
    let csv = try read("/a.csv")
    #expect(csv.split(separator: "\n").count == 65)
    #expect(csv.contains("\"a \"\"quoted\"\", <b>bold</b> text\""))
    let page = try read("/a.html")
    #expect(page.contains("a &quot;quoted&quot;, &lt;b&gt;bold") && !page.contains("<b>"))
    #expect(page.hasSuffix("</html>\n") && page.split(separator: "<tr").count == 66)
    #expect(!page.contains("http"))
  }
}
