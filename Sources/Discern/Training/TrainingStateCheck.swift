import Formats

extension TrainingRun {
  /// Throws a `FormatError` that names the member where `state` is none that this run comes through.
  ///
  /// Sums that fit say that a file is as somebody wrote it, not that it is of this run; nor can one that names this run
  /// (`isIdentified`) be trusted with more. Nearly all of a state follows from where in which epoch it stands.
  func checkState(place: String, isIdentified: Bool) throws {
    func check(_ name: String, _ found: Any, _ isSound: Bool, _ expected: String) throws {
      if isSound { return }
      throw FormatError(
        "\(place): \(name)", found: "\(found)", expected: expected,
        remedy: isIdentified
          ? "It names this run, so those before it will not fit either: go on with the version of Discern that wrote it."
          : "Move this checkpoint away, and --resume takes the one before it.")
    }
    try check("epoch", state.epoch, state.epoch < recipe.epochs, "an epoch from 0 to \(recipe.epochs - 1)")
    let order = batches(of: state.epoch)
    let batch = state.batch
    try check("batch", batch, batch <= order.count, "from 0 to the \(order.count) batches of an epoch")
    try check(
      "batch", batch, batch == order.count || batch % recipe.accumulation == 0,
      "batches of whole steps, which have \(recipe.accumulation) each")
    let ownSteps = recipe.steps(of: batch)
    let steps = (0..<state.epoch).reduce(ownSteps) { $0 + recipe.steps(of: batches(of: $1).count) }
    try check("step", state.step, state.step == steps, "\(steps), that of batch \(batch) in epoch \(state.epoch)")
    let lengths = train.map(\.tokens.count)
    let tokens = order[..<batch].joined().reduce(state.epoch * lengths.reduce(0, +)) { $0 + lengths[$1] }
    try check("tokens", state.tokens, state.tokens == tokens, "\(tokens), as many as \(steps) steps have")
    try check("loss_count", state.lossCount, state.lossCount == ownSteps, "\(ownSteps), the steps of this epoch")
    for (name, seconds) in [("seconds", state.seconds), ("evaluation_seconds", state.evaluationSeconds)] {
      try check(name, seconds, (0...Self.longest).contains(seconds), "from 0 to \(Self.longest)")
    }
    try checkEvaluations(isLast: batch == order.count, check)
  }

  /// What the evaluations so far have left.
  private func checkEvaluations(
    isLast: Bool, _ check: (String, Any, Bool, String) throws -> Void
  ) throws {
    let isDue = dev != nil && isEvaluationDue(atEndOfEpoch: isLast)
    try check(
      "evaluation_pending", state.isEvaluationPending, isDue || !state.isEvaluationPending,
      "false where none is due")
    let isEnd = isLast && state.epoch == recipe.epochs - 1
    let every = recipe.evaluateEvery
    let due =
      every == 0 ? state.epoch + (isLast ? 1 : 0) : state.step / every + (isEnd && state.step % every > 0 ? 1 : 0)
    let done = dev == nil ? 0 : due - (state.isEvaluationPending ? 1 : 0)
    try check(
      "best", state.best == nil ? "nothing" : "an adapter", (state.best != nil) == (done > 0),
      done > 0 ? "the best of \(done) evaluations" : "nothing before the first evaluation")
    let bestStep = state.best?.step ?? 0
    try check("best: step", bestStep, bestStep <= state.step, "at most \(state.step), the steps done")
    try check(
      "evaluations_since_best", state.evaluationsSinceBest, state.evaluationsSinceBest < max(done, 1),
      "fewer than the evaluations done (\(done))")
  }

  /// Three centuries: longer than any run, short enough to count with.
  private static let longest = 1e10
}
