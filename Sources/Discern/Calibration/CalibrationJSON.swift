import Formats

extension Calibration {
  /// The calibration as `discern.json` holds it.
  public var json: JSON {
    func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }
    func quality(_ quality: Quality?) -> JSON {
      quality.map { ["log_loss": .number($0.logLoss), "ece": .number($0.error)] } ?? .null
    }
    func points(_ points: [PrecisionThresholds.Point]) -> JSON {
      .array(points.map { [.number($0.threshold), .number($0.precision)] })
    }
    var object: JSONObject = ["method": JSON(method.rawValue)]
    if let temperature { object["temperature"] = .number(temperature) }
    object["scales"] = numbers(scaling.scales)
    object["biases"] = scaling.biases.map(numbers) ?? .null
    object["data"] = JSON(data)
    object["fitted"] = .integer(fitted)
    object["before"] = quality(before)
    object["after"] = quality(after)
    object["thresholds"] = [
      "classes": .array(thresholds.classes.map { JSON($0) }),
      "counts": .array(thresholds.counts.map { .integer($0) }),
      "points": .array(thresholds.points.map(points)), "all": points(thresholds.all),
    ]
    object["conformal"] =
      conformal.map {
        ["count": .integer($0.count), "scores": numbers($0.scores), "scales": numbers($0.scales)]
      } ?? .null
    if let intervals {
      object["intervals"] = [
        "count": .integer(intervals.count), "errors": .array(intervals.errors.map { numbers($0.scores) }),
      ]
    }
    return .object(object)
  }

  /// Reads what `json` wrote, for a head with so many labels; throws a `FormatError` where it is something else.
  init(json: JSON, labels: Int, name file: String) throws {
    let reader = CalibrationReader(json: json, file: file)
    guard let text = json["method"]?.string, let method = Method(rawValue: text) else {
      throw reader.fault("method", "temperature, vector or interval")
    }
    self.method = method
    scaling = LogitScaling(scales: try reader.factors(json["scales"], "scales", count: labels), biases: nil)
    if let values = json["biases"], values != .null {
      let biases = try reader.numbers(values, "biases")
      guard biases.count == labels else { throw reader.fault("biases", "\(labels) numbers") }
      scaling.biases = biases
    }
    data = json["data"]?.string ?? ""
    fitted = json["fitted"]?.int ?? 0
    before = method == .interval ? nil : try reader.quality("before")
    after = method == .interval ? nil : try reader.quality("after")
    thresholds = try reader.thresholds()
    conformal = try reader.conformal(labels)
    intervals = method == .interval ? try reader.intervals(labels) : nil
  }
}

/// Takes a saved calibration apart.
private struct CalibrationReader {
  let json: JSON
  let file: String

  func fault(_ name: String, _ expected: String) -> FormatError {
    FormatError(
      file, found: "something else in calibration.\(name)", expected: expected,
      remedy: "Calibrate the adapter again with discern calibrate.")
  }

  func numbers(_ json: JSON?, _ name: String) throws -> [Double] {
    guard let values = json?.array?.map(\.double), !values.contains(nil) else { throw fault(name, "a list of numbers") }
    return values.map { $0! }
  }

  func factors(_ json: JSON?, _ name: String, count: Int) throws -> [Double] {
    let values = try numbers(json, name)
    guard values.count == count, values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw fault(name, "\(count) positive numbers")
    }
    return values
  }

  func quality(_ name: String) throws -> Calibration.Quality {
    guard let loss = json[name]?["log_loss"]?.double, let error = json[name]?["ece"]?.double else {
      throw fault(name, "log_loss and ece")
    }
    return Calibration.Quality(logLoss: loss, error: error)
  }

  func thresholds() throws -> PrecisionThresholds {
    let saved = json["thresholds"]
    let classes = saved?["classes"]?.array?.compactMap(\.string)
    let counts = saved?["counts"]?.array?.compactMap(\.int)
    guard let classes, let counts, let lists = saved?["points"]?.array, counts.count == classes.count,
      lists.count == classes.count, counts.allSatisfy((0...OrderStatistics.mostCount).contains)
    else { throw fault("thresholds", "classes with counts and points") }
    return PrecisionThresholds(
      classes: classes, counts: counts, points: try lists.map(points), all: try points(saved?["all"]))
  }

  private func points(_ json: JSON?) throws -> [PrecisionThresholds.Point] {
    guard let pairs = json?.array else { throw fault("thresholds", "lists of [probability, precision]") }
    return try pairs.map { pair in
      let values = try numbers(pair, "thresholds")
      guard values.count == 2 else { throw fault("thresholds", "pairs of [probability, precision]") }
      return PrecisionThresholds.Point(threshold: values[0], precision: values[1])
    }
  }

  func conformal(_ labels: Int) throws -> ConformalScores? {
    guard let saved = json["conformal"], saved != .null else { return nil }
    let scores = try numbers(saved["scores"], "conformal")
    guard let count = saved["count"]?.int, OrderStatistics.canKeep(scores.count, of: count) else {
      throw fault("conformal", "a count and as many scores")
    }
    let scales = try factors(saved["scales"], "conformal", count: labels)
    return ConformalScores(count: count, scores: scores, scales: scales)
  }

  func intervals(_ labels: Int) throws -> ConformalIntervals {
    guard let count = json["intervals"]?["count"]?.int, let lists = json["intervals"]?["errors"]?.array,
      lists.count == labels
    else { throw fault("intervals", "a count, and errors of \(labels) targets") }
    return ConformalIntervals(
      errors: try lists.map { list in
        let errors = try numbers(list, "intervals")
        guard OrderStatistics.canKeep(errors.count, of: count) else { throw fault("intervals", "as many errors") }
        return OrderStatistics(count: count, kept: errors)
      })
  }
}
