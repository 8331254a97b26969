import Formats

/// What a probe found: a score for each mask, number of layers and pooling, and what it proposes.
public struct ProbeReport: Sendable {
  /// One mask, number of layers and pooling.
  public struct Entry: Sendable {
    /// Who saw whom.
    public let attention: AttentionPattern
    /// Layers that ran, before the final norm.
    public let layers: Int
    /// How a text's states became one; `nil`: one for each word.
    public let pooling: Pooling?
    /// The penalty that did best on rows left out.
    public let penalty: Double
    /// Accuracy, or strict F1, on data that the head was not fitted to.
    public let score: Double

    /// `causal mean`, or the mask alone for taggers.
    public var column: String { pooling.map { "\(attention) \($0.rawValue)" } ?? "\(attention)" }
  }

  /// `accuracy` or `strict F1`.
  public let metric: String
  /// The data that judged; `nil`: each text by heads fitted without it.
  public let judged: String?
  /// Texts used, and how many there were.
  public let texts: Int, textsOfAll: Int
  /// Labels, and the base model's layers.
  public let labels: Int, layersOfBase: Int
  /// All scores.
  public let entries: [Entry]
  /// The highest score.
  public let best: Entry
  /// The fewest layers with a score that is no further below than one standard error.
  public let proposal: Entry
  /// One standard error of the best score.
  public let tolerance: Double
  /// Room that the states took, and the folder of the file where that was not memory.
  public let bytes: Int, folder: String?
  /// Seconds of the whole run.
  public let seconds: Double
  /// The proposal's head.
  public let warmStart: WarmStart

  /// The options of `discern train` that follow the proposal.
  public var options: String {
    WarmStart.options(proposal.attention, proposal.layers, proposal.pooling)
  }

  /// Names of masks and poolings in their order.
  public var columns: [String] {
    entries.map(\.column).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// A row for each number of layers, a column for each mask and pooling; `*` the best, `<` the proposal.
  public var table: String {
    var table = TextTable(["layers"] + columns)
    for layers in 1...layersOfBase {
      let row = columns.map { column in
        let entry = entries.first { $0.layers == layers && $0.column == column }
        return entry.map { $0.score.fixed(4) + mark($0) } ?? ""
      }
      table.append(["\(layers)"] + row)
    }
    return table.text
  }

  private func mark(_ entry: Entry) -> String {
    func isSame(_ other: Entry) -> Bool { entry.layers == other.layers && entry.column == other.column }
    return (isSame(best) ? "*" : " ") + (isSame(proposal) ? "<" : " ")
  }

  /// The best score of each number of layers as bars.
  public var plot: String {
    let width = 40.0
    let highest = max(best.score, 1e-9)
    return (1...layersOfBase).map { layers in
      let own = entries.filter { $0.layers == layers }
      let top = own.reduce(own[0]) { $1.score > $0.score ? $1 : $0 }
      let bar = String(repeating: "#", count: Int((width * top.score / highest).rounded()))
      let isProposed = layers == proposal.layers
      return "\(layers)".padded(left: 6) + "  " + bar.padded(right: Int(width)) + "  " + top.score.fixed(4)
        + "  \(top.column)\(isProposed ? "  <" : "")\n"
    }.joined()
  }

  /// What the numbers mean and what follows, in a few lines.
  public var conclusion: String {
    let judge = judged.map { "on \($0)" } ?? "on each text by heads fitted without it"
    return """
      \(metric) \(judge); * the best, < the fewest layers within one standard error (\(tolerance.fixed(4))) of it.
      best:     \(best.score.fixed(4)) after \(best.layers) layers, \(best.column)
      proposal: \(proposal.score.fixed(4)) after \(proposal.layers) of \(layersOfBase) layers, \(proposal.column)

      """
  }

  /// All numbers for machines, and the head where it is asked for.
  public func json(withHead: Bool = false) -> JSON {
    var object: JSONObject = [
      "metric": JSON(metric), "judged_on": judged.map { JSON($0) } ?? .null, "texts": .integer(texts),
      "texts_of_all": .integer(textsOfAll), "labels": .integer(labels), "layers_of_base": .integer(layersOfBase),
      "standard_error": .number(tolerance), "state_bytes": .integer(bytes), "seconds": .number(seconds),
      "best": best.json, "proposal": proposal.json, "options": JSON(options),
      "scores": .array(entries.map(\.json)),
    ]
    if withHead { object["head"] = warmStart.json }
    return .object(object)
  }
}

extension ProbeReport.Entry {
  fileprivate var json: JSON {
    [
      "attention": JSON("\(attention)"), "layers": .integer(layers),
      "pooling": pooling.map { JSON($0.rawValue) } ?? .null, "penalty": .number(penalty), "score": .number(score),
    ]
  }
}
