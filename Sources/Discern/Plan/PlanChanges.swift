import Formats

/// What other settings would make of a run, by the same forecast of memory and the same count of operations.
struct PlanChanges {
  let recipe: Recipe
  let threads: Int
  /// The run as it is planned.
  let present: MemoryForecast
  let memory: RunPlan.Memory
  /// The texts as another recipe encodes them.
  let forecast: (Recipe) throws -> MemoryForecast

  /// Tokens of a batch that takes little memory and still fills a matrix product.
  private static let smallBatch = 128
  /// The share of texts that a shorter limit should leave whole.
  private static let wholeTexts = 0.95

  private var lengths: [Int] { present.train.map(\.tokens.count) }

  /// All that make it smaller or faster, and apply.
  func all() throws -> [RunPlan.Change] {
    let layers = try present.base.configuration.cut(for: recipe).layers
    return try [
      recomputing(), smallBatches(), shorterTexts(), topLayers(layers), fewerLayers(layers), roundedStates(),
      eightBits(), oneThread(),
    ].joined().map { $0 }
  }

  private func recomputing() throws -> [RunPlan.Change] {
    recipe.recompute ? [] : [try change("--recompute", "the same bytes") { $0.recompute = true }]
  }

  private func smallBatches() throws -> [RunPlan.Change] {
    let mean = lengths.reduce(0, +) / max(lengths.count, 1)
    let tokens = recipe.batchTokens > 0 ? recipe.batchTokens : recipe.batchSize * mean
    guard tokens >= 2 * Self.smallBatch else { return [] }
    let batches = recipe.accumulation * (tokens / Self.smallBatch)
    return [
      try change("--batch-tokens \(Self.smallBatch) --accumulation \(batches)") {
        ($0.batchTokens, $0.accumulation) = (Self.smallBatch, batches)
      }
    ]
  }

  /// A limit that most texts are within.
  private func shorterTexts() throws -> [RunPlan.Change] {
    let sorted = lengths.sorted()
    guard recipe.overflow == .truncate, recipe.paperPadding == 0, let longest = sorted.last else { return [] }
    let most = sorted[min(sorted.count - 1, Int(Double(sorted.count) * Self.wholeTexts))]
    let limit = (most + 7) / 8 * 8
    guard limit < longest else { return [] }
    let cut = lengths.count { $0 > limit }
    return [try change("--max-length \(limit)", "cuts \(cut) of \(lengths.count) texts") { $0.maxLength = limit }]
  }

  private func topLayers(_ layers: Int) throws -> [RunPlan.Change] {
    let third = max(1, layers / 3)
    guard third < layers, recipe.topLayers == 0 || recipe.topLayers > third else { return [] }
    let options = "--top-layers \(third)"
    let price = "the layers below do not learn"
    var changes = [try change(options, price) { $0.topLayers = third }]
    if recipe.cache == .f32, recipe.epochs > 1 {
      changes.append(
        try change(options + " --cache bf16", price + "; their states are rounded") {
          ($0.topLayers, $0.cache) = (third, .bf16)
        })
    }
    if third > 1, !recipe.recompute {
      changes.append(
        try change(options + " --recompute", price) { ($0.topLayers, $0.recompute) = (third, true) })
    }
    return changes
  }

  private func fewerLayers(_ layers: Int) throws -> [RunPlan.Change] {
    let half = layers / 2
    guard half > 0, recipe.topLayers <= half, (try? recipe.attention.validate(layers: half)) != nil else { return [] }
    return [
      try change("--layers \(half)", "the layers above are left out") {
        $0.layers = half
      }
    ]
  }

  private func roundedStates() throws -> [RunPlan.Change] {
    guard memory.states > 0, recipe.cache == .f32 else { return [] }
    return [try change("--cache bf16", "the kept states are rounded") { $0.cache = .bf16 }]
  }

  private func eightBits() throws -> [RunPlan.Change] {
    let peak = try present.memory(recipe, threads, program: memory.program, eightBits: true).peak
    guard Double(peak) < 0.95 * Double(memory.peak) else { return [] }
    return [RunPlan.Change(option: "the model as Q8_0 GGUF", peak: peak, time: 1, price: "its weights are rounded")]
  }

  private func oneThread() throws -> [RunPlan.Change] {
    guard threads > 1 else { return [] }
    let peak = try present.memory(recipe, 1, program: memory.program).peak
    return [RunPlan.Change(option: "--threads 1", peak: peak, time: Double(threads), price: "the same bytes")]
  }

  private func change(
    _ option: String, _ price: String = "", _ edit: (inout Recipe) -> Void
  ) throws -> RunPlan.Change {
    var changed = recipe
    edit(&changed)
    let forecast = changed.maxLength == recipe.maxLength ? present : try forecast(changed)
    let peak = try forecast.memory(changed, threads, program: memory.program).peak
    let time = try operations(changed, forecast) / operations(recipe, present)
    return RunPlan.Change(option: option, peak: peak, time: time, price: price)
  }

  private func operations(_ recipe: Recipe, _ forecast: MemoryForecast) throws -> Double {
    RunWork(forecast.train, forecast.dev, recipe)
      .operations(StepCost(try forecast.base.configuration.cut(for: recipe), recipe))
  }
}
