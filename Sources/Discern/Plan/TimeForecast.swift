import Compute

/// Times a few steps of a run and scales them up by counted operations.
///
/// Steps differ in size, and small ones are slower for each operation: the steps that are timed stand in the middle of
/// equal shares of all steps, ordered by cost, and each speaks for its share. All that is timed is timed in rounds, and
/// the median counts: what else the machine does for a while spoils one round and not one share.
struct TimeForecast {
  let classifier: Classifier
  let train: [EncodedExample]
  let dev: [EncodedExample]

  private static let slowStep = 10.0
  private static let devSample = 48
  /// Rounds go on until so many seconds are spent, but not beyond so many.
  private static let patience = 6.0, rounds = 5

  private var recipe: Recipe { classifier.adapter.recipe }
  private var cost: StepCost { StepCost(classifier.configuration, recipe) }

  /// A step that stands for others.
  private struct Share {
    let step: [[EncodedExample]]
    /// By how much the time of the step is to be multiplied for all steps of its share.
    let scale: Double
  }

  /// Times at most so many steps, each some times over.
  func measured(steps count: Int, observe: (_ done: Int, _ of: Int) -> Void) throws -> RunPlan.Time {
    let shares = shares(count)
    let sample = devSample
    let trainer = try StepTrainer(
      recipe, classifier.base, labels: classifier.labels.names, threads: classifier.threads)
    let work = RunWork(train, dev, recipe)
    var classifier = classifier
    var keeping = 0.0
    if let (states, seconds) = try states(of: shares.flatMap { $0.step.joined() } + sample) {
      trainer.use(states)
      classifier = Classifier(classifier, frozen: states)
      keeping = seconds
    }
    var times = [[Double]](repeating: [], count: shares.count)
    var answers: [Double] = []
    let start = Clock.seconds
    for round in 0..<Self.rounds where round == 0 || Clock.seconds - start < Self.patience {
      for (index, share) in shares.enumerated() {
        if round == 0 { observe(index, shares.count) }
        var elapsed = time { trainer.step(share.step) }
        // The first step fills caches and the memory pool; where that is not much of it, once will do.
        if round == 0, index == 0, elapsed < Self.slowStep { elapsed = time { trainer.step(share.step) } }
        times[index].append(elapsed)
      }
      if !sample.isEmpty { answers.append(time { _ = classifier.logits(sample) }) }
    }
    let scale = operations(dev, .answering) / max(operations(sample, .answering), 1)
    return RunPlan.Time(
      timedSteps: times.reduce(0) { $0 + $1.count }, timedSeconds: times.joined().reduce(0, +), keeping: keeping,
      epoch: zip(times, shares).reduce(0) { $0 + $1.0.median * $1.1.scale },
      evaluation: answers.median * scale, epochs: work.epochs,
      evaluations: work.evaluations)
  }

  /// The steps to time, and for how many others they stand.
  private func shares(_ count: Int) -> [Share] {
    let steps = self.steps().map { step in (step, operations(step.joined(), .training)) }.sorted { $0.1 < $1.1 }
    let shares = min(count, steps.count)
    return (0..<shares).map { share in
      let members = steps[share * steps.count / shares..<(share + 1) * steps.count / shares]
      let (step, operations) = members[members.startIndex + members.count / 2]
      return Share(step: step, scale: members.reduce(0) { $0 + $1.1 } / operations)
    }
  }

  /// The first epoch's steps, each as the batches that it accumulates.
  private func steps() -> [[[EncodedExample]]] {
    let batches = Batching.epoch(0, lengths: train.map(\.tokens.count), recipe: recipe)
    return stride(from: 0, to: batches.count, by: recipe.accumulation).map { first in
      batches[first..<min(first + recipe.accumulation, batches.count)].map { $0.map { train[$0] } }
    }
  }

  /// Some of the dev texts, of all lengths.
  private var devSample: [EncodedExample] {
    let sorted = dev.sorted { $0.tokens.count < $1.tokens.count }
    let count = min(Self.devSample, sorted.count)
    return (0..<count).map { sorted[($0 * 2 + 1) * sorted.count / (2 * count)] }
  }

  /// The frozen states of some texts, where the run keeps any, and the seconds that those of all texts will take.
  private func states(of examples: [EncodedExample]) throws -> (FrozenStates, Double)? {
    let model = classifier.runner.model
    guard recipe.keepsStates(below: model.lowestAdapted) else { return nil }
    func states() throws -> FrozenStates {
      try FrozenStates(of: examples, model: model, format: recipe.cache.format, threads: classifier.threads) { _, _ in }
    }
    // Once without looking at the clock: the weights have to come from the disk first.
    _ = try states()
    let start = Clock.seconds
    let kept = try states()
    let elapsed = Clock.seconds - start
    let all = cost.operations(lengths: RunWork(train, dev, recipe).distinct, .keeping)
    return (kept, elapsed * all / cost.operations(lengths: RunWork(examples, [], recipe).distinct, .keeping))
  }

  private func operations(_ examples: some Sequence<EncodedExample>, _ work: StepCost.Work) -> Double {
    cost.operations(lengths: examples.map(\.tokens.count), work)
  }

  private func time(_ body: () -> Void) -> Double {
    let start = Clock.seconds
    body()
    return Clock.seconds - start
  }
}
