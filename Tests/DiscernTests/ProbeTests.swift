import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// Probing a real little model: every view is scored, and the head that is kept answers as it did in the probe.
@Suite("Probe") struct ProbeTests {
  private let base: BaseModel
  private let tokenizer: Tokenizer

  init() throws { (base, tokenizer) = try tinyModel() }

  static let animals = ["cat", "dog", "bird", "fish"]
  static let things = ["ball", "car", "box", "hat"]

  static func texts(_ name: String, _ verbs: [String]) -> Dataset {
    let examples = verbs.flatMap { verb in
      [("animal", animals), ("thing", things)].flatMap { label, names in
        names.map { Example(input: .text("Tom \(verb) the \($0)."), label: .classLabel(label)) }
      }
    }
    return Dataset(name: name, examples: examples)
  }

  static func sentences(_ verbs: [String]) -> Dataset {
    let examples = verbs.flatMap { verb in
      (animals + things).map { name in
        let tag = animals.contains(name) ? "B-ANIMAL" : "O"
        return Example(input: .words(["Tom", verb, "the", name]), label: .tags(["B-NAME", "O", "O", tag]))
      }
    }
    return Dataset(name: "sentences", examples: examples)
  }

  private func probe(_ task: Dataset.Task, threads: Int = 2, limit: Int = 1000) throws -> Probe {
    try Probe(
      base, tokenizer: tokenizer, recipe: try Recipe.preset("default", task: task),
      attentions: [.causal, .unmasked(from: 0)], limit: limit, threads: threads)
  }

  private let train = texts("train", ["saw", "liked", "wanted", "found", "lost"])
  private let dev = texts("dev", ["took", "hid"])

  @Test func everyMaskLayerAndPoolingIsScored() throws {
    let report = try probe(.sequence).run(train: train, dev: nil)
    #expect(report.entries.count == 2 * 5 * 4)
    #expect(report.metric == "accuracy" && report.judged == nil && report.texts == 40)
    #expect(report.entries.allSatisfy { (0...1).contains($0.score) })
    #expect(report.best.score == report.entries.map(\.score).max())
    // The words differ in every text: a head over some pooling must find them.
    #expect(report.best.score > 0.9)
    // Under the causal mask the first token has seen nothing: it cannot do better than chance.
    #expect(report.entries.filter { $0.column == "causal first" }.allSatisfy { $0.score <= 0.5 })
    #expect(report.proposal.score >= report.best.score - report.tolerance)
    #expect(report.proposal.layers <= report.best.layers)
    #expect(report.table.split(separator: "\n").count == 6)
    #expect(report.plot.split(separator: "\n").count == 5)
  }

  @Test func theNumberOfThreadsDoesNotMatter() throws {
    let one = try probe(.sequence, threads: 1).run(train: train, dev: dev)
    let two = try probe(.sequence, threads: 2).run(train: train, dev: dev)
    #expect(one.entries.map(\.score) == two.entries.map(\.score))
    #expect(one.warmStart.weight == two.warmStart.weight)
  }

  @Test func statesAreThoseOfTheModel() throws {
    let views = [
      LayerStates.View(attention: .causal, layers: 3, pooling: .mean),
      LayerStates.View(attention: .unmasked(from: 2), layers: 5, pooling: .last),
    ]
    let encoder = try ExampleEncoder(tokenizer, recipe: Recipe(), labels: train.labels, model: base.configuration)
    let examples = try encoder.encode(train).examples
    let states = try LayerStates(examples, views: views, width: base.configuration.width, on: base.backend)
    try states.fill(examples, base, threads: 2) { _, _ in }
    for (index, view) in views.enumerated() {
      let model = base.frozen(view.attention, layers: view.layers)
      let tokens = examples[7].tokens
      let pass = Pass(packing: Packing(lengths: [tokens.count]), rope: model.ropeTable(positions: tokens.count))
      let hidden = model(tokens, pass).0.values
      let width = base.configuration.width
      let wanted = (0..<width).map { column in
        let own = stride(from: column, to: hidden.count, by: width).map { hidden[$0] }
        return view.pooling == .mean ? own.reduce(0, +) / Float(own.count) : own.last!
      }
      let found = Array(states[index].values[7 * width..<8 * width])
      #expect(largestDifference(found, wanted) < 1e-5)
    }
  }

  @Test(arguments: [Dataset.Task.sequence, .tokens]) func theHeadAnswersAsInTheProbe(task: Dataset.Task) throws {
    let (train, dev) =
      task == .tokens ? (Self.sentences(["saw", "liked", "found"]), Self.sentences(["took"])) : (train, dev)
    let report = try probe(task).run(train: train, dev: dev)
    let folder = try TemporaryFolder()
    let path = folder.path + "/probe.json"
    try report.save(to: path)
    var recipe = try Recipe.preset("default", task: task, attention: report.proposal.attention)
    recipe.layers = report.proposal.layers
    recipe.pooling = report.proposal.pooling ?? recipe.pooling
    let adapter = try Adapter(recipe, labels: train.labels.names, for: base.configuration, on: base.backend)
    try WarmStart(path).begin(adapter, over: base)
    let evaluation = try Classifier(base, adapter, tokenizer: tokenizer).evaluate(dev)
    #expect(evaluation.value(of: "auto") == report.proposal.score)
    #expect(report.metric == (task == .tokens ? "strict F1" : "accuracy"))
    #expect(report.proposal.score > 0.7)
  }

  @Test func aHeadForOtherStatesOrLabelsIsRefused() throws {
    let report = try probe(.sequence).run(train: train, dev: dev)
    func begin(_ labels: [String], _ change: (inout Recipe) -> Void) throws {
      var recipe = try Recipe.preset("default", task: .sequence, attention: report.proposal.attention)
      recipe.layers = report.proposal.layers
      recipe.pooling = report.proposal.pooling!
      change(&recipe)
      try report.warmStart.begin(
        try Adapter(recipe, labels: labels, for: base.configuration, on: base.backend), over: base)
    }
    try begin(["thing", "animal"]) { _ in }
    #expect(throws: DiscernError.self) { try begin(["thing", "plant"]) { _ in } }
    #expect(throws: DiscernError.self) { try begin(["thing"]) { _ in } }
    #expect(throws: DiscernError.self) { try begin(["animal", "thing"]) { $0.pooling = .max } }
    #expect(throws: DiscernError.self) { try begin(["animal", "thing"]) { $0.layers = $0.layers == 1 ? 2 : 1 } }
    #expect(throws: DiscernError.self) { try begin(["animal", "thing"]) { $0.task = .tokens } }
  }

  @Test func someOfManyTextsAreDrawnBySeed() throws {
    let report = try probe(.sequence, limit: 20).run(train: train, dev: dev)
    #expect(report.texts == 20 && report.textsOfAll == 40)
  }

  @Test func drawingsAreWholeAndEscaped() throws {
    let report = try probe(.sequence).run(train: train, dev: Self.texts("a <b> & \"c\"", ["took"]))
    let plot = ProbePlot(report: report)
    #expect(plot.svg.hasPrefix("<svg") && plot.svg.hasSuffix("</svg>\n"))
    #expect(plot.svg.split(separator: "<polyline").count == 9)
    #expect(plot.html.contains("a &lt;b&gt; &amp;") && !plot.html.contains("<b>"))
    #expect(!plot.html.contains("http://") || plot.html.split(separator: "http").count == 2)
  }
}
