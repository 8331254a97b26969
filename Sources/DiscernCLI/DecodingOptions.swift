import ArgumentParser
import Discern

/// How tags are chosen, where the adapter's own way is not wanted.
struct DecodingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How tags are chosen: viterbi (the best sequence that the scheme allows) or greedy (each word by itself). "
        + "(default: the run's)", valueName: "name"))
  var decode: Decoding?

  /// Throws where it is given for an adapter that tags nothing.
  func check(_ classifier: Classifier, verb: String) throws {
    guard decode != nil, !classifier.adapter.recipe.task.tagsWords else { return }
    throw WrongUsage(verb: verb, message: "--decode is for taggers.")
  }
}

extension Decoding: ExpressibleByArgument {}
