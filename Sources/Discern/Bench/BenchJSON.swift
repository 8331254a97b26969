import Formats

extension BenchReport {
  /// All numbers, in units of seconds, bytes and operations.
  public var json: JSON {
    var object: JSONObject = [
      "model": JSON(model), "parameters": .integer(parameters), "processor": JSON(processor),
      "instruction_set": JSON(instructionSet), "threads": .integer(threads), "repeats": .integer(repeats),
      "peak_flops_of_one_thread": .number(peakOfOne), "peak_flops": .number(peak),
      "memory_bytes_per_second": .number(bandwidth),
      "cases": .array(measurements.map(\.json)),
    ]
    if let loading {
      object["load"] = [
        "open_seconds": .number(loading.open), "weights_seconds": .number(loading.weights),
        "tokenizer_seconds": .number(loading.tokenizer), "seconds": .number(loading.total),
        "peak_memory": .integer(loading.peakMemory),
      ]
    }
    if let tokenising {
      object["tokenise"] = [
        "texts": .integer(tokenising.texts), "bytes": .integer(tokenising.bytes),
        "tokens": .integer(tokenising.tokens), "seconds": .number(tokenising.seconds),
        "bytes_per_second": .number(tokenising.speed),
      ]
    }
    return .object(object)
  }
}

extension BenchReport.Measurement {
  fileprivate var json: JSON {
    var object: JSONObject = [
      "name": JSON(what.rawValue),
      "lengths": .array(lengths.map { .array($0.map { .integer($0) }) }),
      "tokens": .integer(tokens), "operations": .number(operations),
      "seconds": .number(seconds), "tokens_per_second": .number(speed),
      "flops": .number(operationsPerSecond), "percent_of_peak": .number(percentOfPeak),
      "peak_memory": .integer(peakMemory),
      "repetitions": .array(repetitions.map { .number($0) }),
      "percents": .array(percents.map { .number($0) }),
    ]
    if let profile { object["profile"] = profile.json }
    return .object(object)
  }
}

extension KernelProfile {
  fileprivate var json: JSON {
    var groups = JSONObject()
    for group in KernelGroup.allCases {
      guard let entry = entries[group] else { continue }
      groups.append(
        JSONString(group.rawValue),
        [
          "calls": .integer(entry.calls), "seconds": .number(entry.seconds),
          "operations": .number(entry.operations),
        ])
    }
    return [
      "thread_seconds": .number(threadSeconds), "outside_kernels": .number(remainder),
      "kernels": .object(groups),
    ]
  }
}
