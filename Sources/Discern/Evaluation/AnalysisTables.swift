import Formats

extension Analysis {
  /// The intervals, the quality of the probabilities, errors of spans and the scores by length, as lines for people.
  public var table: String {
    var text = "95 % intervals (\(bootstrap.resamples) bootstrap resamples of the texts):\n"
    var scores = TextTable(["score", "value", "from", "to"])
    for entry in intervals {
      scores.append(
        [entry.name, entry.value.fixed(4), entry.range.lowerBound.fixed(4), entry.range.upperBound.fixed(4)])
    }
    text += scores.text
    if probabilities.count > 0 { text += "\nprobabilities: \(probabilityLine)\n" }
    if let tagErrors {
      let kinds = tagErrors.kinds.map { "\($0.name.split(separator: "_").joined(separator: " ")) \($0.count)" }
      text += "errors of spans: \(kinds.joined(separator: ", "))\n"
    }
    return lengths.count > 1 ? text + "\n" + lengthTable : text
  }

  private var probabilityLine: String {
    let area = probabilities.area.map { "AUC \($0.fixed(4)), " } ?? ""
    let mean = probabilities.labelError == nil ? "" : "mean over the labels; "
    return area + "Brier \(probabilities.brier.fixed(4)), log loss \(probabilities.logLoss.fixed(4)), "
      + "calibration error \(probabilities.error.fixed(4)) "
      + "(\(mean)\(ProbabilityMetrics.binCount) bins; of equal counts \(probabilities.adaptive.error.fixed(4)))"
  }

  private var lengthTable: String {
    var table = TextTable(["tokens", "texts"] + scoreNames)
    for group in lengths {
      table.append(
        ["\(group.tokens.lowerBound)-\(group.tokens.upperBound)", "\(group.texts)"]
          + group.scores.map { $0.fixed(4) })
    }
    return table.text
  }

  /// The same for machines, with the bins and the curves.
  public var json: JSON {
    var intervals: JSONObject = [
      "level": 0.95, "resamples": .integer(bootstrap.resamples), "seed": JSON(String(bootstrap.seed)),
    ]
    for entry in self.intervals {
      intervals.append(
        JSONString(entry.name), [.number(entry.range.lowerBound), .number(entry.range.upperBound)])
    }
    var object: JSONObject = ["intervals": .object(intervals), "probabilities": probabilities.json(labels: labels)]
    for entry in self.intervals where entry.name == "mcc" { object["mcc"] = .number(entry.value) }
    if let tagErrors {
      var kinds: JSONObject = ["correct": .integer(tagErrors.correct)]
      for kind in tagErrors.kinds { kinds.append(JSONString(kind.name), .integer(kind.count)) }
      object["span_errors"] = .object(kinds)
    }
    object["by_length"] = .array(
      lengths.map { group in
        var entry: JSONObject = [
          "from": .integer(group.tokens.lowerBound), "to": .integer(group.tokens.upperBound),
          "texts": .integer(group.texts),
        ]
        var intervals = JSONObject()
        for (name, (score, range)) in zip(scoreNames, zip(group.scores, group.ranges)) {
          entry.append(JSONString(name), .number(score))
          intervals.append(JSONString(name), [.number(range.lowerBound), .number(range.upperBound)])
        }
        entry["intervals"] = .object(intervals)
        return .object(entry)
      })
    return .object(object)
  }
}

extension ProbabilityMetrics {
  /// `auc_macro`, `brier`, `log_loss`, `ece`, `ece_adaptive`, `aurc`, the bins and the risk at coverages; where several
  /// labels may apply, `ece` is the mean over the labels and `ece_pooled` that of all decisions together.
  public func json(labels: [String]) -> JSON {
    var areas = JSONObject()
    for (label, area) in zip(labels, self.areas) { areas.append(JSONString(label), area.map(JSON.number) ?? .null) }
    func bins(_ reliability: Reliability) -> JSON {
      .array(
        reliability.bins.map { bin in
          [
            "count": .integer(bin.count), "confidence": .number(bin.confidence),
            "accuracy": .number(bin.accuracy),
          ]
        })
    }
    var object: JSONObject = [
      "answers": .integer(count), "auc_macro": area.map(JSON.number) ?? .null,
      "auc": .object(areas), "brier": .number(brier),
      "log_loss": .number(logLoss), "ece": .number(error),
      "ece_adaptive": .number(adaptive.error), "aurc": .number(riskCoverage.area),
      "bins": bins(reliability), "bins_adaptive": bins(adaptive),
      "risk_coverage": .array(
        riskCoverage.thinned(to: 20).map { point in
          [
            "coverage": .number(point.coverage), "threshold": .number(point.threshold),
            "risk": .number(point.risk),
          ]
        }),
    ]
    if labelError != nil { object["ece_pooled"] = .number(reliability.error) }
    return .object(object)
  }
}
