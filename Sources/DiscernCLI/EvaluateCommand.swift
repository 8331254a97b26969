import ArgumentParser
import Discern
import Formats

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measures an adapter on labelled data.",
    discussion: """
      For classifiers: accuracy, precision, recall and F1 by class and on average, and what is taken \
      for what. For several labels: exact matches, Hamming loss and F1; for numbers: errors, R2 and \
      correlations. For taggers: the report of conlleval, and spans counted strictly (IOB2). For \
      classifiers and taggers: bootstrap intervals, how good the probabilities are, and the scores by \
      length.

      Examples:
        discern evaluate runs/tickets --data test.jsonl
        discern evaluate runs/entities --data test.conll --json | jq .strict.f1_micro
        discern evaluate runs/tickets --data test.csv --predictions answers.jsonl
      """)

  @Argument(help: ArgumentHelp("Adapter folder.", valueName: "run"))
  var adapter: String
  @Option(help: ArgumentHelp(DataOptions.labelledHelp, valueName: "file"))
  var data: [String]
  @OptionGroup var opening: AdapterOptions
  @OptionGroup var decoding: DecodingOptions
  @Option(
    help: ArgumentHelp("Also write each text with its label and the answer.", valueName: "file"))
  var predictions: String?
  @OptionGroup var work: WorkOptions

  func run() throws {
    let folder = try AdapterFolder(adapter)
    let dataset = try work.input.read(
      data, task: folder.recipe.task, known: folder.labels ?? [], trained: folder.scheme)
    var pairs = try PairExpectation(adapter: adapter)
    for example in dataset.examples { pairs.add(example.input) }
    if let warning = pairs.warning { Messages.warning("\(dataset.name): \(warning)") }
    let classifier = try opening.classifier(
      adapter, decoding: decoding.decode, threads: work.threads)
    try decoding.check(classifier, verb: "evaluate")
    let progress = EvaluationProgress(count: dataset.examples.count, isQuiet: work.quiet)
    let (evaluation, encoded, logits) = try classifier.evaluateWithLogits(dataset) {
      progress.add($0)
    }
    progress.finish()
    if let warning = evaluation.report.warning {
      Messages.warning(
        "\(dataset.name): \(warning); max_length is \(classifier.adapter.recipe.maxLength)")
    }
    if let warning = evaluation.report.warning(beyond: classifier.base.configuration.maximumPositions) {
      Messages.warning("\(dataset.name): \(warning)")
    }
    if let predictions {
      try write(to: predictions, classifier, dataset, encoded, logits)
    }
    let analysis = classifier.analysis(dataset, encoded, logits, evaluation.report)
    var output = StandardOutput()
    if work.json {
      var object = evaluation.json.object ?? JSONObject()
      for member in analysis.json.object?.members ?? [] { object[member.key] = member.value }
      try output.write(JSON.object(object).serialized() + "\n")
    } else {
      try output.write(text(evaluation) + "\n" + analysis.table)
    }
    try output.flush()
  }

  private func text(_ evaluation: Evaluation) -> String {
    switch evaluation.metrics {
    case .sequence(let scores), .tags(let scores):
      return evaluation.table + "\n" + scores.confusionTable()
    case .multiLabel, .regression: return evaluation.table
    case .tokens(let scores):
      return scores.conllevalReport + "\nSpans counted strictly (IOB2):\n" + scores.strict.table
        + "\nloss \(evaluation.loss.fixed(4))\n"
    }
  }

  private func write(
    to path: String, _ classifier: Classifier, _ dataset: Dataset, _ encoded: [EncodedExample],
    _ logits: [[[Float]]]
  ) throws {
    let format = AnswerFormat(classifier, top: nil, logits: false)
    try writeAtomically(to: path) { sink in
      for (example, (encoded, logits)) in zip(dataset.examples, zip(encoded, logits)) {
        let answer = format.answer(classifier, example, encoded, logits)
        var object = format.json(answer)
        switch example.label {
        case .none: break
        case .classLabel(let label): object["gold"] = JSON(label)
        case .labels(let names): object["gold"] = .array(names.map { JSON($0) })
        case .values(let values): object["gold"] = .object(format.members(values))
        case .tags(let tags):
          object["tokens"] = .array(answer.words.map { JSON($0.text) })
          object["gold"] = .array(tags.map { JSON($0) })
          object["tags"] = .array(answer.words.map { $0.tag.isEmpty ? .null : JSON($0.tag) })
        }
        try sink.write(JSON.object(object).serialized() + "\n")
      }
    }
  }
}

/// How far an evaluation is, on a terminal.
final class EvaluationProgress: Sendable {
  private let line = ProgressLine()
  private let done = Counter()
  private let count: Int
  private let isQuiet: Bool

  init(count: Int, isQuiet: Bool) {
    self.count = count
    self.isQuiet = isQuiet
  }

  func add(_ texts: Int) {
    let done = done.add(texts)
    if !isQuiet {
      line.show(Double(done) / Double(max(count, 1)), "evaluating: \(done) of \(count) texts")
    }
  }

  func finish() { line.clear() }
}
