import ArgumentParser
import Discern
import Formats

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Says how much memory and time a training run will take.",
    discussion: """
      Memory follows from the model's shapes and the lengths of these very texts, time from a few steps that are \
      timed. Below stands what other settings would make of it. Nothing is written.

      Examples:
        discern plan models/SmolLM2.gguf --data train.jsonl
        discern plan models/Llama-2-7b --data train.jsonl --rank 8 --recompute
        discern plan models/SmolLM2.gguf --task tokens --data train.conll --json
      """)

  @Argument(help: "Model folder or .gguf file.")
  var model: String
  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Training data: \(DataOptions.filesHelp).", valueName: "file"))
  var data: [String]
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Data that the run would be evaluated on.", valueName: "file"))
  var dev: [String] = []
  @Option(help: ArgumentHelp("Steps to time, at most.", valueName: "n"))
  var steps = 6
  @OptionGroup(title: "Data") var input: DataOptions
  @OptionGroup(title: "Recipe") var choice: RecipeChoice
  @OptionGroup(title: "Settings of the recipe") var settings: RecipeOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var printing: OutputOptions

  func validate() throws {
    guard (1...1000).contains(steps) else {
      throw ValidationError("--steps: found \(steps); expected a number from 1 to 1000.")
    }
    if (data + dev).count(where: { $0 == "-" }) > 1 {
      throw ValidationError("The standard input can be read only once.")
    }
  }

  func run() throws {
    let recipe = try choice.recipe(with: settings, verb: "plan")
    try DataOptions.require(model)
    let train = try input.read(data, task: recipe.task)
    let dev = dev.isEmpty ? nil : try input.read(dev, task: recipe.task)
    let planner = Planner(model: model, recipe: recipe, threads: threads.threads, steps: steps)
    let plan = try planner.plan(train: train, dev: dev) { done, count in
      if !printing.quiet { Messages.note("timing step \(done + 1) of \(count)") }
    }
    var output = StandardOutput()
    try output.write(printing.json ? plan.json.serialized() + "\n" : plan.table)
    try output.flush()
    if !plan.fits {
      Messages.warning(
        "this run needs \(plan.memory.peak.abbreviated)B and there are \(plan.available.abbreviated)B: "
          + (plan.remedy.map { "\($0) would fit" } ?? "none of the settings above would be enough"))
    }
  }
}

extension RunPlan {
  /// The first change that fits.
  fileprivate var remedy: String? { changes.first { $0.peak <= available }?.option }
}
