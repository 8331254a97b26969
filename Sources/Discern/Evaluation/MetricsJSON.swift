import Formats

// The metrics under the names that scikit-learn, AutoTrain and seqeval made usual.

extension ClassificationMetrics {
  /// `accuracy`, `f1_macro`, `precision_weighted` …, `per_class` by label, and `confusion` (rows gold, columns
  /// predicted; for more than 500 labels a list of [gold, predicted, count] by positions instead).
  public var json: JSON {
    var object: JSONObject = ["examples": .integer(count), "accuracy": .number(accuracy)]
    for (average, scores) in [("macro", macro), ("micro", micro), ("weighted", weighted)] {
      object.append(scores, suffix: "_" + average)
    }
    if let logLoss { object["log_loss"] = .number(logLoss) }
    object["per_class"] = perClass.json
    var matrix: JSONObject = ["labels": .array(perClass.map { JSON($0.label) })]
    if perClass.count <= Self.matrixLimit {
      matrix["counts"] = .array(confusion.map { .array($0.map { .integer($0) }) })
    } else {
      matrix["pairs"] = .array(
        pairs.map { [.integer($0.gold), .integer($0.predicted), .integer($0.count)] })
    }
    object["confusion"] = .object(matrix)
    return .object(object)
  }

  /// The most labels whose confusions are written as a matrix.
  private static let matrixLimit = 500
}

extension MultiLabelMetrics {
  /// `accuracy` (of whole sets), `hamming_loss`, `f1_micro`, `precision_samples` …, and `per_class` by label.
  public var json: JSON {
    var object: JSONObject = [
      "examples": .integer(count), "accuracy": .number(exactMatch), "hamming_loss": .number(hammingLoss),
    ]
    for (average, scores) in [("micro", micro), ("macro", macro), ("weighted", weighted), ("samples", samples)] {
      object.append(scores, suffix: "_" + average)
    }
    object["per_class"] = perClass.json
    return .object(object)
  }
}

extension RegressionMetrics {
  /// `mse`, `mae`, `r2`, `pearson` and `spearman` on average, null where undefined, and the same in `per_target`.
  public var json: JSON {
    var object: JSONObject = ["examples": .integer(count)]
    object.append(mean)
    var each = JSONObject()
    for target in targets {
      var scores = JSONObject()
      scores.append(target)
      each.append(JSONString(target.name), .object(scores))
    }
    object["per_target"] = .object(each)
    return .object(object)
  }
}

extension TagMetrics {
  /// `overall_precision`, `overall_recall`, `overall_f1` (as conlleval counts) and `overall_accuracy`, then the
  /// objects `conlleval` and `strict` with averages and `per_type`.
  public var json: JSON {
    var object: JSONObject = ["sentences": .integer(sentences), "tokens": .integer(tokens)]
    object.append(conlleval.micro, prefix: "overall_")
    object["overall_accuracy"] = .number(accuracy)
    object["conlleval"] = conlleval.json
    object["strict"] = strict.json
    return .object(object)
  }
}

extension EntityMetrics {
  /// `precision_micro` …, the counts `gold`, `found` and `correct`, and the same in `per_type`.
  public var json: JSON {
    var object = JSONObject()
    for (average, scores) in [("micro", micro), ("macro", macro), ("weighted", weighted)] {
      object.append(scores, suffix: "_" + average)
    }
    object.append(overall)
    var types = JSONObject()
    for entry in perType {
      var scores = JSONObject()
      scores.append(entry.counts.scores)
      scores.append(entry.counts)
      types.append(JSONString(entry.type), .object(scores))
    }
    object["per_type"] = .object(types)
    return .object(object)
  }
}

extension [ClassificationMetrics.PerClass] {
  fileprivate var json: JSON {
    var classes = JSONObject()
    for entry in self {
      var scores = JSONObject()
      scores.append(entry.scores)
      scores["support"] = .integer(entry.support)
      classes.append(JSONString(entry.label), .object(scores))
    }
    return .object(classes)
  }
}

extension JSONObject {
  fileprivate mutating func append(_ target: RegressionMetrics.Target) {
    append("mse", .number(target.squaredError))
    append("mae", .number(target.absoluteError))
    append("r2", target.r2.map(JSON.number) ?? .null)
    append("pearson", target.pearson.map(JSON.number) ?? .null)
    append("spearman", target.spearman.map(JSON.number) ?? .null)
  }

  fileprivate mutating func append(_ scores: Scores, prefix: String = "", suffix: String = "") {
    append(JSONString(prefix + "precision" + suffix), .number(scores.precision))
    append(JSONString(prefix + "recall" + suffix), .number(scores.recall))
    append(JSONString(prefix + "f1" + suffix), .number(scores.f1))
  }

  fileprivate mutating func append(_ counts: EntityMetrics.Counts) {
    append("gold", .integer(counts.gold))
    append("found", .integer(counts.found))
    append("correct", .integer(counts.correct))
  }
}
