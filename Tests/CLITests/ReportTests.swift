import Formats
import Foundation
import Testing

/// The page that a run leaves, and the one made by hand.
@Suite struct ReportTests {
  private func page(_ path: String) throws -> String { try String(contentsOf: URL(filePath: path), encoding: .utf8) }

  /// Nothing is loaded: no element that fetches, no address but in text.
  private func isSelfContained(_ html: String) -> Bool {
    let loading = ["<script", "<link", "<img", "<iframe", "src=", "href=", "url(", "@import", "http:", "https:"]
    return !loading.contains { html.contains($0) }
  }

  @Test func trainingLeavesAPage() throws {
    for run in [Runs.classifier, Runs.tagger] {
      let html = try page(run + "/report.html")
      #expect(isSelfContained(html))
      for part in ["<svg", "Loss", "How sure it is", "Setup", "prefers-color-scheme:dark", "width=device-width"] {
        #expect(html.contains(part), "\(part)")
      }
    }
    #expect(try page(Runs.classifier + "/report.html").contains("What is taken for what"))
    #expect(try page(Runs.tagger + "/report.html").contains("Errors of spans"))
  }

  @Test func withoutDevThereAreCurvesOnly() throws {
    let out = "\(Runs.folder)/report-no-dev"
    let result = try Command.run(
      ["train", "--model", Runs.model, "--data", Runs.sequenceData, "--out", out] + Runs.options)
    #expect(result.code == 0)
    let html = try page(out + "/report.html")
    #expect(html.contains("There was no dev data") && html.contains("<svg") && !html.contains("Mistakes"))
    let again = try Command.run(["report", out])
    #expect(again.code == 65 && again.errors.contains("--data"))
    #expect(try Command.run(["report", out, "--data", Runs.sequenceData]).code == 0)
    #expect(try page(out + "/report.html").contains("Matthews"))
  }

  @Test func onOtherDataWithHostileTexts() throws {
    let data = Runs.file(
      "hostile.jsonl",
      [("<script>alert(1)</script> & \\u0000 \\\"q\\\"", "sea"), ("</style><b>", "hills"), ("", "sea"), ("x", "hills")]
        .map { "{\"text\": \"\($0.0)\", \"label\": \"\($0.1)\"}\n" }.joined())
    let out = "\(Runs.folder)/hostile.html"
    let result = try Command.run(["report", Runs.classifier, "--data", data, "--out", out])
    #expect(result.code == 0)
    #expect(result.output == "\(out): a report on 4 texts of \(data)\n")
    let html = try page(out)
    #expect(isSelfContained(html) && !html.contains("<b>\n") && !html.contains("\u{0}"))
    #expect(html.contains("hostile.jsonl:"))
    #expect(try Command.run(["report", Runs.classifier, "--data", Runs.folder + "/absent.jsonl"]).code == 66)
  }

  @Test func theCardTellsScoresAndCalibration() throws {
    let card = try page(Runs.classifier + "/README.md")
    for part in ["- accuracy on dev: ", "95 % bootstrap intervals", "Not calibrated", "`hills`, `sea`", "12 rows"] {
      #expect(card.contains(part), "\(part)")
    }
  }
}
