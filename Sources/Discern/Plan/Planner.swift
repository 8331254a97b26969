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

  /// Tokens of a batch that takes little memory and still fills a matrix product.
  private static let smallBatch = 128

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
    // What of the program itself is resident; the model's files come on top.
    let mapped = ResidentMemory.mapped
    let checkpoint = try openCheckpoint(model)
    let base = try BaseModel(checkpoint, on: CPUBackend())
    let tokenizer = try checkpoint.tokenizer()
    let encoder = try ExampleEncoder(tokenizer, recipe: recipe, labels: train.labels, model: base.configuration)
    let encoded = try encode(train, encoder)
    let forecast = MemoryForecast(
      base: base, labels: train.labels.names, train: encoded, dev: try dev.map { try encode($0, encoder) } ?? [])
    let own = ResidentMemory.own
    let program = mapped + max(0, own - forecast.copies)
    let memory = try memory(recipe, threads, forecast, program: program)
    // What is resident already need not be found again.
    let available = ResidentMemory.available
    let room = self.room ?? (available == 0 ? 0 : available + own)
    var time: RunPlan.Time?
    if room == 0 || memory.peak <= room {
      let adapter = try Adapter(recipe, labels: train.labels.names, for: base.configuration, on: base.backend)
      let classifier = try Classifier(base, adapter, tokenizer: tokenizer, threads: threads)
      time = try TimeForecast(classifier: classifier, train: encoded, dev: forecast.dev)
        .measured(steps: steps, observe: observe)
    }
    let lengths = encoded.map(\.tokens.count)
    let batches = Batching.epoch(0, lengths: lengths, recipe: recipe).count
    return RunPlan(
      texts: encoded.count, tokens: lengths.reduce(0, +), lengths: lengths, epochs: recipe.epochs,
      steps: (batches + recipe.accumulation - 1) / recipe.accumulation, parameters: try forecast.parameters(recipe),
      threads: threads, memory: memory, available: room, time: time,
      changes: try changes(forecast, program: program, configuration: try base.configuration.cut(for: recipe)))
  }

  private func encode(_ dataset: Dataset, _ encoder: ExampleEncoder) throws -> [EncodedExample] {
    let encoded = try encoder.encode(dataset).examples.filter { $0.labels.contains { $0 >= 0 } }
    guard !encoded.isEmpty else {
      throw FormatError(dataset.name, found: "no text with a label", expected: "labelled texts")
    }
    return encoded
  }

  private func memory(
    _ recipe: Recipe, _ threads: Int, _ forecast: MemoryForecast, program: Int
  ) throws -> RunPlan.Memory {
    RunPlan.Memory(
      program: program,
      weights: forecast.weights(layers: try forecast.base.configuration.cut(for: recipe).layers),
      copies: forecast.copies, training: try forecast.training(recipe, threads: threads),
      activations: try forecast.activations(recipe, threads: threads))
  }

  /// What other settings would make of it.
  private func changes(
    _ forecast: MemoryForecast, program: Int, configuration: ModelConfiguration
  ) throws -> [RunPlan.Change] {
    let lengths = forecast.train.map(\.tokens.count)
    func operations(_ recipe: Recipe) throws -> Double {
      StepCost(try forecast.base.configuration.cut(for: recipe), recipe)
        .operations(lengths: lengths, training: true)
    }
    let now = try operations(recipe)
    let mean = lengths.reduce(0, +) / max(lengths.count, 1)
    let batchTokens = recipe.batchTokens > 0 ? recipe.batchTokens : recipe.batchSize * mean
    return try variants(layers: configuration.layers, batchTokens: batchTokens).map { option, recipe, threads in
      RunPlan.Change(
        option: option, peak: try memory(recipe, threads, forecast, program: program).peak,
        time: try operations(recipe) / now * Double(self.threads) / Double(threads))
    }
  }

  /// Recipes that take less: options as they are typed, and what becomes of the recipe.
  private func variants(
    layers: Int, batchTokens: Int
  ) -> [(option: String, recipe: Recipe, threads: Int)] {
    var variants: [(String, Recipe, Int)] = []
    func add(_ option: String, threads: Int? = nil, _ change: (inout Recipe) -> Void) {
      var changed = recipe
      change(&changed)
      variants.append((option, changed, threads ?? self.threads))
    }
    if !recipe.recompute { add("--recompute") { $0.recompute = true } }
    if batchTokens >= 2 * Self.smallBatch {
      let batches = recipe.accumulation * (batchTokens / Self.smallBatch)
      add("--batch-tokens \(Self.smallBatch) --accumulation \(batches)") {
        ($0.batchTokens, $0.accumulation) = (Self.smallBatch, batches)
      }
    }
    let third = max(1, layers / 3)
    if recipe.topLayers == 0 || recipe.topLayers > third {
      add("--top-layers \(third)") { $0.topLayers = third }
    }
    if third > 1, !recipe.recompute, recipe.topLayers == 0 || recipe.topLayers > third {
      add("--top-layers \(third) --recompute") {
        $0.topLayers = third
        $0.recompute = true
      }
    }
    if threads > 1 { add("--threads 1", threads: 1) { _ in } }
    return variants
  }
}
