import Compute
import Formats

/// Finds out what a run will take: memory from shapes and lengths, time from a few steps.
///
/// ```swift
/// let plan = try Planner(model: "models/a.gguf", recipe: recipe).plan(train: train, dev: dev)
/// print(plan.memory.peak, plan.time?.epoch ?? 0)
/// ```
public struct Planner {
  let model: String
  let recipe: Recipe
  let threads: Int
  let steps: Int
  /// Bytes that the run may take; `nil`: what the machine has free.
  var room: Int?

  /// A planner for the model at a path; at most `steps` steps are timed.
  public init(model: String, recipe: Recipe, threads: Int? = nil, steps: Int = 6) {
    precondition(steps > 0, "at least one step")
    self.model = model
    self.recipe = recipe
    self.threads = threads ?? Processors.count
    self.steps = steps
  }

  /// Plans a run over these data; `observe` hears of the steps that are timed.
  public func plan(
    train: Dataset, dev: Dataset?, observe: (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) throws -> RunPlan {
    try train.labels.checkTrainable(place: train.name)
    for dataset in [train, dev].compactMap({ $0 }) { try dataset.checkLabelled(for: recipe.task) }
    let start = Clock.seconds
    // What of the program itself is resident; the model's files come on top.
    let mapped = ResidentMemory.mapped
    let checkpoint = try openCheckpoint(model)
    let base = try BaseModel(checkpoint, on: CPUBackend())
    let tokenizer = try checkpoint.tokenizer()
    func forecast(_ recipe: Recipe) throws -> MemoryForecast {
      let encoder = try ExampleEncoder(tokenizer, recipe: recipe, labels: train.labels, model: base.configuration)
      return MemoryForecast(
        base: base, labels: train.labels.names, train: try encode(train, encoder),
        dev: try dev.map { try encode($0, encoder) } ?? [])
    }
    let present = try forecast(recipe)
    let loading = Clock.seconds - start
    let own = ResidentMemory.own
    let program = mapped + max(0, own - present.copies)
    let memory = try present.memory(recipe, threads, program: program)
    // What is resident already need not be found again.
    let available = ResidentMemory.available
    let room = self.room ?? (available == 0 ? 0 : available + own)
    var time: RunPlan.Time?
    if room == 0 || memory.peak <= room {
      let adapter = try Adapter(recipe, labels: train.labels.names, for: base.configuration, on: base.backend)
      let classifier = try Classifier(base, adapter, tokenizer: tokenizer, threads: threads)
      time = try TimeForecast(classifier: classifier, train: present.train, dev: present.dev)
        .measured(steps: steps, observe: observe)
      time?.loading = loading
    }
    let lengths = present.train.map(\.tokens.count)
    let batches = Batching.epoch(0, lengths: lengths, recipe: recipe).count
    return RunPlan(
      texts: lengths.count, tokens: lengths.reduce(0, +), lengths: lengths, epochs: recipe.epochs,
      steps: (batches + recipe.accumulation - 1) / recipe.accumulation, parameters: try present.parameters(recipe),
      threads: threads, memory: memory, available: room, time: time,
      changes: try PlanChanges(
        recipe: recipe, threads: threads, present: present, memory: memory, forecast: forecast
      ).all())
  }

  private func encode(_ dataset: Dataset, _ encoder: ExampleEncoder) throws -> [EncodedExample] {
    let encoded = try encoder.encode(dataset).examples.filter { $0.labels.contains { $0 >= 0 } }
    guard !encoded.isEmpty else {
      throw FormatError(dataset.name, found: "no text with a label", expected: "labelled texts")
    }
    return encoded
  }
}
