import Compute

/// Times a few steps of a run and scales them up by counted operations.
///
/// Steps differ in size, and small ones are slower for each operation: the steps that are timed stand in the middle of
/// equal shares of all steps, ordered by cost, and each speaks for its share.
struct TimeForecast {
  let classifier: Classifier
  let train: [EncodedExample]
  let dev: [EncodedExample]

  private static let slowStep = 10.0
  private static let devSample = 48

  private var recipe: Recipe { classifier.adapter.recipe }
  private var cost: StepCost { StepCost(classifier.configuration, recipe) }

  /// Times at most so many steps.
  func measured(steps count: Int, observe: (_ done: Int, _ of: Int) -> Void) throws -> RunPlan.Time {
    let trainer = try StepTrainer(
      recipe, classifier.base, labels: classifier.labels.names, threads: classifier.threads)
    let steps = self.steps().map { step in (step, operations(step.joined(), training: true)) }
      .sorted { $0.1 < $1.1 }
    let shares = min(count, steps.count)
    var (seconds, epoch) = (0.0, 0.0)
    for share in 0..<shares {
      observe(share, shares)
      let members = steps[share * steps.count / shares..<(share + 1) * steps.count / shares]
      let (step, operations) = members[members.startIndex + members.count / 2]
      var elapsed = time { trainer.step(step) }
      // The first step fills caches and the memory pool; where that is not much of it, once will do.
      if share == 0 && elapsed < Self.slowStep { elapsed = time { trainer.step(step) } }
      seconds += elapsed
      epoch += elapsed / operations * members.reduce(0) { $0 + $1.1 }
    }
    let evaluation = evaluationSeconds()
    let evaluations =
      recipe.evaluateEvery == 0 ? recipe.epochs : recipe.epochs * steps.count / recipe.evaluateEvery
    return RunPlan.Time(
      timedSteps: shares, timedSeconds: seconds, epoch: epoch, evaluation: evaluation,
      run: Double(recipe.epochs) * epoch + Double(evaluations) * evaluation)
  }

  /// The first epoch's steps, each as the batches that it accumulates.
  private func steps() -> [[[EncodedExample]]] {
    let batches = Batching.epoch(0, lengths: train.map(\.tokens.count), recipe: recipe)
    return stride(from: 0, to: batches.count, by: recipe.accumulation).map { first in
      batches[first..<min(first + recipe.accumulation, batches.count)].map { $0.map { train[$0] } }
    }
  }

  /// Times answers to some of the dev texts, of all lengths.
  private func evaluationSeconds() -> Double {
    guard !dev.isEmpty else { return 0 }
    let sorted = dev.sorted { $0.tokens.count < $1.tokens.count }
    let count = min(Self.devSample, sorted.count)
    let sample = (0..<count).map { sorted[($0 * 2 + 1) * sorted.count / (2 * count)] }
    let elapsed = time { _ = classifier.logits(sample) }
    return elapsed * operations(dev, training: false) / operations(sample, training: false)
  }

  private func operations(_ examples: some Sequence<EncodedExample>, training: Bool) -> Double {
    cost.operations(lengths: examples.map(\.tokens.count), training: training)
  }

  private func time(_ body: () -> Void) -> Double {
    let start = Clock.seconds
    body()
    return Clock.seconds - start
  }
}
