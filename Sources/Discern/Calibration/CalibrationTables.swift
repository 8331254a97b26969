extension Calibration {
  /// What was fitted, what it did, and what can be promised, as lines for people.
  public var table: String {
    var text = "\(headline), fitted on \(fitted) texts of \(data)\n\n"
    if let intervals { return text + Self.widths(intervals) }
    var table = TextTable(["by factors that had not seen the text", "calibration error", "log loss"])
    for (name, quality) in [("as trained", before), ("calibrated", after)] {
      table.append([name, quality?.error.fixed(4) ?? "", quality?.logLoss.fixed(4) ?? ""])
    }
    text += table.text + "\n"
    var promises = TextTable(["--min-precision", "threshold (all classes together)"])
    for precision in Self.shownPrecisions {
      let point = thresholds.all.first { $0.precision >= precision }
      promises.append([precision.fixed(2), point.map { $0.threshold.fixed(4) } ?? "not reached"])
    }
    text += promises.text
    return text
  }

  private static func widths(_ intervals: ConformalIntervals) -> String {
    var table = TextTable(["--coverage"] + intervals.errors.indices.map { "± target \($0 + 1)" })
    for coverage in shownCoverages {
      let widths = intervals.halfWidths(coverage: coverage)?.map { $0.fixed(4) }
      table.append([coverage.fixed(2)] + (widths ?? intervals.errors.map { _ in "not reached" }))
    }
    return table.text
  }

  static let shownCoverages = [0.5, 0.8, 0.9, 0.95, 0.99]
  private static let shownPrecisions = [0.8, 0.9, 0.95, 0.99]

  /// `temperature 1.83`, or the range of the factors.
  public var headline: String {
    if method == .interval { return "intervals" }
    if let temperature { return "temperature \(temperature.fixed(4))" }
    let shifts = scaling.biases == nil ? "" : ", and shifts"
    let (least, most) = (scaling.scales.min() ?? 1, scaling.scales.max() ?? 1)
    return "a factor for each label, \(least.fixed(3)) to \(most.fixed(3))\(shifts)"
  }

  /// What the numbers cannot say.
  public var notes: [String] {
    var notes: [String] = []
    if let temperature,
      !LogitScaling.temperatures.contains(temperature * 1.000001)
        || !LogitScaling.temperatures.contains(temperature / 1.000001)
    {
      notes.append(
        "the temperature is at the end of its range: the answers to \(data) are all right or say nothing; "
          + "probabilities mean little")
    }
    if method == .interval { return notes }
    let known = 1 - 1 / Double(fitted + 1)
    if known < 0.99 {
      notes.append(
        "\(fitted) texts can show a precision of \(known.fixed(3)) at most; more data makes more precise "
          + "promises")
    }
    return notes
  }
}
