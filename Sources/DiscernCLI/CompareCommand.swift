import ArgumentParser
import Discern
import Formats

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Says how two runs differ, and whether the better one is really better.",
    discussion: """
      Shows in what the runs' making differs (recipe, model, data, machine), answers the same data with \
      both, and tests the difference: the interval is that of a paired bootstrap, the probability that of \
      McNemar's exact test for texts with one label, of approximate randomisation for F1 and for tags.

      Examples:
        discern compare runs/a runs/b --data test.jsonl
        discern compare runs/a runs/b --json | jq .p
      """)

  @Argument(help: ArgumentHelp("A run.", valueName: "first"))
  var first: String
  @Argument(help: ArgumentHelp("Another run on the same labels.", valueName: "second"))
  var second: String
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Labelled data to compare on: \(DataOptions.filesHelp). (default: the runs' own dev data, where "
        + "they are the same)", valueName: "file"))
  var data: [String] = []
  @Option(help: ArgumentHelp("Resamples of the bootstrap, and rounds of the randomisation.", valueName: "n"))
  var resamples = 10_000
  @Option(help: ArgumentHelp("Decides the resamples.", valueName: "n"))
  var seed: UInt64 = 1
  @OptionGroup var work: WorkOptions

  func validate() throws {
    guard (100...10_000_000).contains(resamples) else {
      throw ValidationError("--resamples: found \(resamples); expected a number from 100 to 10000000.")
    }
  }

  func run() throws {
    let (differences, same) = try RunComparison.setup(first, second)
    var outcome: RunComparison.Outcome?
    if let dataset = try dataset() {
      let classifiers = try [first, second].map { try Classifier(adapter: $0, threads: work.threads) }
      let progress = EvaluationProgress(count: 2 * dataset.examples.count, isQuiet: work.quiet)
      outcome = try RunComparison.outcome(
        classifiers[0], classifiers[1], on: dataset, seed: seed, resamples: resamples, progress: { progress.add($0) })
      progress.finish()
    } else {
      Messages.note("the runs have no dev data in common; --data says on what to compare them")
    }
    var output = StandardOutput()
    try output.write(
      work.json
        ? object(differences, outcome).serialized() + "\n"
        : text(differences, same, outcome))
    try output.flush()
  }

  /// The data given, or the dev data of both runs, where they are the same and still there.
  private func dataset() throws -> Dataset? {
    let folder = try AdapterFolder(first)
    if !data.isEmpty {
      return try work.input.read(
        data, task: folder.recipe.task, known: folder.labels ?? [], trained: folder.scheme)
    }
    let manifests = [first, second].compactMap { try? RunManifest(ofRun: $0) }
    guard manifests.count == 2, let dev = manifests[0].dev, dev.examplesHash == manifests[1].dev?.examplesHash else {
      return nil
    }
    let dataset: Dataset
    do {
      dataset = try TrainCommand.readDev(ofRun: first, manifests[0])
    } catch is TrainCommand.NoDevData {
      return nil
    } catch let error as FormatError where error.kind == .noInput {
      Messages.note("\(error.place): found \(error.found); say with --data on what to compare the answers")
      return nil
    }
    guard RunManifest.Source(dataset).examplesHash == dev.examplesHash else {
      throw FormatError(
        dataset.name, found: "other examples than when the runs were trained",
        expected: "the \(dev.examples) dev examples",
        remedy: "Say with --data on what to compare.")
    }
    return dataset
  }

  private func text(
    _ differences: [RunComparison.Difference], _ same: [String], _ outcome: RunComparison.Outcome?
  ) -> String {
    var setup = TextTable(["setup", first, second], alignments: [.left, .left, .left])
    for difference in differences { setup.append([difference.name, difference.first, difference.second]) }
    var text = differences.isEmpty ? "" : setup.text
    text += differences.isEmpty ? "The runs were made alike.\n" : "The same: \(same.joined(separator: ", ")).\n"
    guard let outcome else { return text }
    var metrics = TextTable(["on \(outcome.examples) examples", first, second, "difference"])
    let summaries = outcome.evaluations.map(\.summary)
    for (own, other) in zip(summaries[0], summaries[1]) {
      let difference = other.value - own.value
      metrics.append([
        own.name, own.value.fixed(4), other.value.fixed(4), (difference > 0 ? "+" : "") + difference.fixed(4),
      ])
    }
    metrics.append(["right in one alone", "\(outcome.onlyFirst)", "\(outcome.onlySecond)", ""])
    return text + "\n" + metrics.text + "\n" + outcome.verdict((first, second)) + "\n"
  }

  private func object(_ differences: [RunComparison.Difference], _ outcome: RunComparison.Outcome?) -> JSON {
    var setup = JSONObject()
    for difference in differences {
      setup.append(JSONString(difference.name), [JSON(difference.first), JSON(difference.second)])
    }
    var object: JSONObject = ["runs": [JSON(first), JSON(second)], "setup": .object(setup)]
    guard let outcome else { return .object(object) }
    object["examples"] = .integer(outcome.examples)
    object["metric"] = JSON(outcome.metric)
    object["scores"] = [.number(outcome.first), .number(outcome.second)]
    object["difference"] = .number(outcome.second - outcome.first)
    object["interval"] = [.number(outcome.interval.lowerBound), .number(outcome.interval.upperBound)]
    object["test"] = JSON(outcome.test)
    object["p"] = .number(outcome.p)
    object["real"] = .bool(outcome.isReal)
    object["only_right"] = [.integer(outcome.onlyFirst), .integer(outcome.onlySecond)]
    object["verdict"] = JSON(outcome.verdict((first, second)))
    object["metrics"] = .array(outcome.evaluations.map(\.json))
    return .object(object)
  }
}
