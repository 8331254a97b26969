import Formats

extension RunPlan {
  /// All numbers, in bytes and seconds.
  public var json: JSON {
    [
      "texts": .integer(texts), "tokens": .integer(tokens), "epochs": .integer(epochs),
      "steps_of_an_epoch": .integer(steps), "parameters": .integer(parameters), "threads": .integer(threads),
      "lengths": .array(histogram.map { ["longest": .integer($0.longest), "texts": .integer($0.texts)] }),
      "memory": [
        "program": .integer(memory.program), "weights": .integer(memory.weights),
        "copied_weights": .integer(memory.copies), "training": .integer(memory.training),
        "activations": .integer(memory.activations), "states": .integer(memory.states),
        "states_in_file": .bool(memory.statesInFile), "peak": .integer(memory.peak),
        "available": .integer(available), "fits": .bool(fits),
      ],
      "time": time?.json ?? .null,
      "changes": .array(
        changes.map {
          [
            "option": JSON($0.option), "peak_memory": .integer($0.peak), "time_factor": .number($0.time),
            "price": JSON($0.price),
          ]
        }),
    ]
  }
}

extension RunPlan.Time {
  fileprivate var json: JSON {
    [
      "timed_steps": .integer(timedSteps), "timed_seconds": .number(timedSeconds), "loading": .number(loading),
      "keeping_states": .number(keeping), "epoch": .number(epoch), "evaluation": .number(evaluation),
      "evaluations": .integer(evaluations), "run": .number(run),
    ]
  }
}
