import Formats

extension AuditReport {
  /// How many issues the page shows; the CSV file has them all.
  static let issuesOnPage = 1000

  /// Writes the first issues as a page that needs nothing else, readable on a phone, light and dark.
  public func writeHTML(to path: String) throws {
    let shown = issues.prefix(Self.issuesOnPage)
    let rest = issues.count - shown.count
    try writeAtomically(to: path) { sink in
      try sink.write(head)
      for (index, issue) in shown.enumerated() { try sink.write(issue.row(rank: index + 1)) }
      let more = rest > 0 ? "<p>\(rest) less doubtful ones are not shown.</p>\n" : ""
      try sink.write("</tbody></table></div>\n\(more)</body></html>\n")
    }
  }

  private var head: String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>Labels in doubt: \(HTML.escaped(name))</title>
    <style>
    :root { color-scheme: light dark }
    body { font: 15px/1.45 system-ui, sans-serif; max-width: 75em; margin: 1.5em auto; padding: 0 1em }
    div { overflow-x: auto } table { border-collapse: collapse; width: 100% }
    th, td { text-align: left; vertical-align: top; padding: .35em .7em; border-bottom: 1px solid #8884 }
    td.n { text-align: right; font-variant-numeric: tabular-nums } td.t { min-width: 18em }
    tr.likely td:first-child { border-left: 4px solid #d0453a } mark { background: #f6d55c; color: #222 }
    del { color: #d0453a } ins { color: #2e8b57; text-decoration: none }
    </style></head><body>
    <h1>Labels in doubt</h1>
    <p>\(HTML.escaped(summary).replacing("\n", with: "<br>"))</p>
    <p>The confidence is the probability of the label given, by heads that were not fitted to the text; the margin is
    what it has more than the best other label. A red edge: confident learning counts the label as wrong.</p>
    <div><table><thead><tr><th>#</th><th>line</th><th>text</th><th>given</th><th>suggested</th><th>confidence</th>\
    <th>margin</th></tr></thead><tbody>

    """
  }
}

extension AuditReport.Issue {
  fileprivate func row(rank: Int) -> String {
    """
    <tr\(isLikely ? " class=\"likely\"" : "")><td class="n">\(rank)</td><td class="n">\(line)</td>\
    <td class="t">\(marked)</td><td><del>\(HTML.escaped(given))</del></td>\
    <td><ins>\(HTML.escaped(suggested))</ins></td><td class="n">\(selfConfidence.fixed(3))</td>\
    <td class="n">\(margin.fixed(3))</td></tr>

    """
  }

  private var marked: String {
    let all = text.split(separator: " ", omittingEmptySubsequences: false).map { HTML.escaped(String($0)) }
    guard let words, words.upperBound <= all.count else { return HTML.escaped(text) }
    let own = "<mark>" + all[words].joined(separator: " ") + "</mark>"
    return (all[..<words.lowerBound] + [own] + all[words.upperBound...]).joined(separator: " ")
  }
}
