import Formats
import Testing

@testable import Discern

@Suite struct ReportTests {
  @Test func whatComesFromDataCannotBecomeMarkup() {
    #expect(HTML.escaped("<b a='1'>&\"") == "&lt;b a=&#39;1&#39;&gt;&amp;&quot;")
    #expect(HTML.escaped("a\u{0}\u{1B}[1m\tb\u{FFFE}") == "a\u{FFFD}\u{FFFD}[1m\tb\u{FFFD}")
    // A combining mark behind a markup character makes one Swift character of both.
    #expect(HTML.escaped("<\u{301}script>") == "&lt;\u{301}script&gt;")
    var svg = SVG(width: 10, height: 10, title: "\"<x>")
    svg.label("</svg><script>", at: (1, 2))
    svg.circle((1, .nan), radius: 1, "s1", note: "<i>")
    #expect(!svg.text.contains("<script>") && !svg.text.contains("<x>") && !svg.text.contains("<i>"))
    #expect(svg.text.contains("cy=\"0\""))
  }

  @Test(arguments: [
    ([0.0, 1.0], [0, 0.25, 0.5, 0.75, 1]), ([0, 0.37], [0, 0.1, 0.2, 0.3, 0.4]), ([12, 381], [0, 100, 200, 300, 400]),
    ([5, 5], [4.5, 4.75, 5, 5.25, 5.5]), ([0, 0], [-1, -0.5, 0, 0.5, 1]),
    ([-3e-5, 1e-5], [-3e-5, -2e-5, -1e-5, 0, 1e-5]),
  ])
  func axesHaveRoundTicks(values: [Double], ticks: [Double]) {
    let axis = Axis(values)
    #expect(agree(axis.ticks, ticks, tolerance: 1e-12 + 1e-9 * ticks.last!), "\(axis.ticks)")
    #expect(axis.low <= values.min()! && axis.high >= values.max()!)
  }

  @Test func ticksAreSpeltAsPreciselyAsTheyLie() {
    #expect(Axis([0, 1]).ticks.map { Axis([0, 1]).text($0) } == ["0.00", "0.25", "0.50", "0.75", "1.00"])
    let steps = Axis([0, 392])
    #expect(steps.ticks.map { steps.text($0) } == ["0", "100", "200", "300", "400"])
    let rates = Axis([0, 2.5e-6])
    #expect(rates.text(1e-6) == "1e-6" && rates.text(0) == "0")
  }

  @Test func calibrationOfACardIsReplaced() {
    let card = "# A\n\n## Calibration\n\nstale\n\n## Limits\n\nlast\n"
    let json: JSON = [
      "method": "temperature", "temperature": 1.5, "fitted": 7, "before": ["ece": 0.2],
      "after": ["ece": 0.05],
    ]
    let new = ModelCard.replacingCalibration(in: card, with: json)
    #expect(new.hasPrefix("# A\n\n## Calibration\n\nMethod: temperature, fitted on 7 texts."))
    #expect(new.contains("0.0500 with factors that have not seen the text, 0.2000 as trained"))
    #expect(new.contains("divide the logits by 1.5"))
    #expect(new.hasSuffix("\n\n## Limits\n\nlast\n") && !new.contains("stale"))
    #expect(ModelCard.replacingCalibration(in: "# A\n", with: json) == "# A\n")
  }
}
