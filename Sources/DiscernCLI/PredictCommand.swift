import ArgumentParser
import Discern
import Formats

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Labels texts, or tags their words.",
    discussion: """
      A classifier prints label, probability and text, separated by tabs; one of several labels those \
      that apply, with ; between them; a regressor its numbers. A tagger prints a line for \
      each entity (start, end, type, text, probability) and a blank line after each text; offsets \
      count Unicode scalars, as Python's strings do.

      Examples:
        discern predict runs/tickets "Where is my invoice?" "The brake is broken"
        cut -f 3 mails.tsv | discern predict runs/tickets - --top 3
        discern predict runs/entities --data articles.jsonl --json > entities.jsonl
        discern predict runs/tickets --data mails.csv --min-precision 0.99

      With - each line of the standard input is a text. Where the lines are JSON objects, the text is \
      read from --text-column and the objects come back with the answers; a member whose name an \
      answer needs is kept as input_NAME. Answers are the same in any company and in any order. Texts \
      that start with a hyphen go behind --.

      With --min-precision, uncertain answers are withheld: the label is abstain, in JSON null, and \
      spans of a tagger and single ones of several labels are left out and counted, in JSON listed as \
      abstained. With --coverage, the labels of a set stand in place of one, and behind each number where its \
      interval begins and ends. Both rest on the data that calibrated the \
      adapter, and hold for texts of its kind.
      """)

  @Argument(help: ArgumentHelp("Adapter folder.", valueName: "run"))
  var adapter: String
  @Argument(
    help: ArgumentHelp("Texts, or - for the lines of the standard input.", valueName: "text"))
  var texts: [String] = []
  @Option(
    help: ArgumentHelp(
      "File of texts, or a pattern; labels in it are not looked at. Can be given more than once.",
      valueName: "file"))
  var data: [String] = []
  @OptionGroup var opening: AdapterOptions
  @OptionGroup var decoding: DecodingOptions
  @Flag(help: "Print a JSON object for each text.")
  var json = false
  @Flag(help: "Print logits too; implies --json.")
  var logits = false
  @Option(help: ArgumentHelp("Print the K most probable labels.", valueName: "k"))
  var top: Int?
  @OptionGroup var promises: PromiseOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var input: DataOptions

  func validate() throws {
    guard texts.isEmpty != data.isEmpty else {
      throw ValidationError(
        data.isEmpty
          ? "There is no text: give some, or - for the standard input, or --data FILE."
          : "Give texts or --data, not both.")
    }
    guard texts.count <= 1 || !texts.contains("-") else {
      throw ValidationError("- stands for the standard input and goes alone.")
    }
    if top != nil, promises.minPrecision != nil || promises.coverage != nil {
      throw ValidationError("--top does not go with --min-precision or --coverage.")
    }
    if let top, top < 1 { throw ValidationError("--top: found \(top); expected 1 or more.") }
  }

  func run() throws {
    let classifier = try opening.classifier(
      adapter, decoding: decoding.decode, threads: threads.threads)
    try decoding.check(classifier, verb: "predict")
    let task = classifier.adapter.recipe.task
    if top != nil, task == .tokens || task == .regression {
      let kind = task == .tokens ? "a tagger" : "for numbers"
      throw WrongUsage(verb: "predict", message: "--top is for classifiers; \(adapter) is \(kind).")
    }
    let promise = try promises.promise(classifier, adapter: adapter)
    let paths = try DataOptions.files(texts == ["-"] ? texts : data)
    let input =
      paths.isEmpty
      ? PredictInput(texts: texts, task: task)
      : try PredictInput(
        paths: paths, format: self.input.format, columns: self.input.columns, task: task)
    var format = AnswerFormat(classifier, top: top, logits: logits)
    format.promise = promise
    var withheld = 0
    var pairs = try PairExpectation(adapter: adapter)
    var printer = AnswerPrinter(
      format: format, isJSON: json || logits || input.isJSON, types: classifier.entityTypes)
    var cut = CutReport()
    while case let items = try input.batch(), !items.isEmpty {
      let dataset = Dataset(files: input.files, examples: items.map(\.example))
      let (encoded, logits, report) = try classifier.checkedLogits(dataset)
      cut.add(report)
      for (item, (encoded, logits)) in zip(items, zip(encoded, logits)) {
        let answer = format.answer(classifier, item.example, encoded, logits)
        withheld += format.withheldCount(answer)
        pairs.add(item.example.input)
        try printer.print(answer, fields: item.fields)
      }
      try printer.flush()
    }
    if !data.isEmpty, cut.texts == 0 {
      throw FormatError(input.name, found: "no rows", expected: "at least one text")
    }
    for note in input.skipped.skips { Messages.note("\(input.name): \(note)") }
    if let warning = pairs.warning { Messages.warning("\(input.name): \(warning)") }
    if let note = promise.note { Messages.warning(note) }
    if withheld > 0 {
      let answers = withheld == 1 ? "answer" : "answers"
      Messages.note("\(input.name): \(withheld) \(answers) withheld for --min-precision")
    }
    for warning in cut.warnings(classifier) { Messages.warning("\(input.name): \(warning)") }
  }
}

/// Prints answers as lines or as JSON Lines.
private struct AnswerPrinter: ~Copyable {
  let format: AnswerFormat
  let isJSON: Bool
  let types: [String]
  private var output = StandardOutput()

  init(format: AnswerFormat, isJSON: Bool, types: [String]) {
    self.format = format
    self.isJSON = isJSON
    self.types = types
  }

  mutating func print(_ answer: Answer, fields: JSONObject?) throws {
    if isJSON {
      let answer = format.json(answer)
      let object = fields.map { Self.joined($0, answer) } ?? answer
      try output.write(JSON.object(object).serialized() + "\n")
      return
    }
    if case .tags(let tagged, let text) = answer, format.hasSpans, Terminal.output.hasColor {
      let view = InlineView(terminal: .output)
      try output.write(view.text(text, format.given(tagged.entities), types: types))
    }
    try output.write(format.lines(answer))
  }

  mutating func flush() throws { try output.flush() }

  /// The input's members with the answer's behind them; one whose name is taken becomes `input_NAME`.
  private static func joined(_ fields: JSONObject, _ answer: JSONObject) -> JSONObject {
    var object = JSONObject()
    for member in fields.members {
      let isTaken = answer[member.key].map { $0 != member.value } ?? false
      let isSame = answer[member.key] != nil && !isTaken
      if isSame { continue }
      object[isTaken ? JSONString("input_" + member.key.text) : member.key] = member.value
    }
    for member in answer.members { object[member.key] = member.value }
    return object
  }
}

/// What was cut, over all batches.
private struct CutReport {
  var texts: Int { total.texts }
  private var total = ExampleEncoder.Report()

  mutating func add(_ report: ExampleEncoder.Report) {
    total.texts += report.texts
    total.cutTexts += report.cutTexts
    total.lostWords += report.lostWords
    total.longest = max(total.longest, report.longest)
    total.longestRead = max(total.longestRead, report.longestRead)
  }

  func warnings(_ classifier: Classifier) -> [String] {
    [
      cutWarning(maximum: classifier.adapter.recipe.maxLength),
      total.warning(beyond: classifier.base.configuration.maximumPositions),
    ].compactMap { $0 }
  }

  private func cutWarning(maximum: Int) -> String? {
    guard total.cutTexts > 0 || total.lostWords > 0 else { return nil }
    return "\(total.cutTexts) of \(texts) texts cut at \(maximum) tokens (longest: \(total.longest))"
      + (total.lostWords > 0 ? "; \(total.lostWords) words without an answer" : "")
  }
}

extension Classifier {
  /// Types of the entities that its tags spell.
  fileprivate var entityTypes: [String] {
    labels.names.filter { $0.hasPrefix("B-") }.map { String($0.dropFirst(2)) }
  }
}
