import Formats

/// One page about a run that needs nothing beside it: no network, no script, no other file.
public struct Report: Sendable {
  /// The run's folder.
  let path: String
  /// `discern.json`.
  let facts: JSON
  /// The lines of `metrics.jsonl`.
  let log: [JSON]
  /// Evaluated data; nil where a run had none.
  let subject: ReportSubject?

  /// The report's name in the folder.
  public static let file = "report.html"

  /// A report about a run that has been saved.
  public init(_ path: String, _ subject: ReportSubject?) throws {
    self.path = path
    self.subject = subject
    facts = try JSON(contentsOf: "\(path)/\(AdapterFolder.factsFile)", limit: 1 << 28)
    log = try Self.lines(of: "\(path)/\(RunFolder.logFile)")
  }

  /// Writes the page.
  public func write(to file: String? = nil) throws {
    try FileSystem.write(html, to: file ?? "\(path)/\(Self.file)")
  }

  /// An evaluation's line has the confusions of up to 500 labels.
  private static let longestLogLine = LineReader.defaultMaximumLength

  /// The numbers in the lines that were written whole: a process that died may have left a part of another one.
  private static func lines(of file: String) throws -> [JSON] {
    guard FileSystem.size(file) > 0 else { return [] }
    return try MappedFile(file).withBytes { bytes in
      var lines: [JSON] = []
      var (position, number) = (0, 0)
      while let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) {
        number += 1
        guard end - position <= longestLogLine else {
          throw FormatError(
            "\(file):\(number)", found: "a line of \(end - position) bytes", expected: "at most \(longestLogLine)")
        }
        let entry = try JSON(parsing: Array(bytes[position..<end]), name: file, firstLine: number)
        var numbers = JSONObject()
        for member in entry.object?.members ?? [] where member.value.double != nil {
          numbers[member.key] = member.value
        }
        lines.append(.object(numbers))
        position = end + 1
      }
      return lines
    }
  }

  /// The page.
  public var html: String {
    let sections = [
      header, curves, numbers, confusion, classes, certainty, intervals, lengths, mistakes, setup,
    ]
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width,initial-scale=1">
      <meta name="robots" content="noindex">
      <title>\(HTML.escaped(title))</title>
      <style>\(ReportStyle.css)</style></head>
      <body>
      \(sections.filter { !$0.isEmpty }.joined(separator: "\n"))
      </body></html>

      """
  }

  private var title: String {
    "\(path.split(separator: "/").last.map(String.init) ?? path): Discern report"
  }

  private var header: String {
    let name = HTML.escaped(path.split(separator: "/").last.map(String.init) ?? path)
    let labels = facts["labels"]?.array?.count ?? 0
    let kind = facts["task"]?.string.flatMap(Dataset.Task.init)?.title(labels: labels) ?? "Adapter"
    var text = HTML.element("h1", [], name)
    let base = facts["base"]?["path"]?.string?.split(separator: "/").last.map(String.init) ?? ""
    text += HTML.element(
      "p", [("class", "dim")],
      "\(kind) on \(HTML.escaped(base)). "
        + (subject.map { "Scores on <b>\(HTML.escaped($0.data))</b>, \($0.evaluation.report.texts) texts." }
          ?? "There was no dev data: nobody knows how good it is."))
    return text + tiles
  }

  private var tiles: String {
    guard let subject else { return "" }
    var tiles = subject.analysis.intervals.prefix(3).map { entry in
      (
        title(of: entry.name), entry.value.fixed(3),
        "\(entry.range.lowerBound.fixed(3)) to \(entry.range.upperBound.fixed(3))"
      )
    }
    if case .regression(let scores) = subject.evaluation.metrics {
      let own = [("R²", scores.mean.r2, "share of the variance"), ("Spearman", scores.mean.spearman, "order")]
      tiles += own.map { ($0.0, $0.1?.fixed(3) ?? "–", $0.2) }
    }
    let probabilities = subject.analysis.probabilities
    if probabilities.count > 0 {
      let before = subject.uncalibrated.map { "\($0.error.fixed(3)) as trained" } ?? "not calibrated"
      tiles.append(("calibration error", probabilities.error.fixed(3), before))
    }
    let boxes = tiles.map { tile in
      "<div class=\"tile\"><span>\(tile.0)</span><b>\(tile.1)</b><span>\(tile.2)</span></div>"
    }
    let note =
      "Ranges: 95 % bootstrap intervals, \(subject.analysis.bootstrap.resamples) resamples of the texts."
      + (subject.isFittedHere && subject.data == facts["data"]?["dev"]?["path"]?.string
        ? " This data chose the best epoch and fitted the calibration: other data will score somewhat lower." : "")
    return HTML.element("div", [("class", "tiles")], boxes.joined())
      + HTML.element("p", [("class", "dim small")], note)
  }

  /// What a score is called on the page.
  func title(of name: String) -> String {
    if name == "accuracy", facts["task"]?.string == "multi-label" { return "exact match" }
    return Self.names[name] ?? name
  }

  private static let names = [
    "accuracy": "accuracy", "f1_macro": "macro F1", "f1_micro": "micro F1", "mcc": "Matthews correlation",
    "f1": "F1 (strict spans)", "precision": "precision", "recall": "recall", "loss": "loss",
    "mse": "mean squared error", "mae": "mean absolute error", "r2": "R²", "spearman": "Spearman",
  ]

  static func section(_ title: String, _ content: String) -> String {
    content.isEmpty ? "" : HTML.element("section", [], HTML.element("h2", [], title) + content)
  }
}
