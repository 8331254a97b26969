import ArgumentParser
import Discern
import Formats

/// How an adapter is opened: where its base model is, and what adapters of PEFT do not say of themselves.
struct AdapterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The base model, where it is not where it was.", valueName: "path"))
  var model: String?
  @Flag(help: "Allow a base model with other weights of the same shapes, such as the original of a GGUF file.")
  var otherBase = false
  @Option(help: ArgumentHelp("The mask of an adapter that PEFT wrote. (default: causal)", valueName: "pattern"))
  var attention: String?
  @Option(help: ArgumentHelp("The pooling of an adapter that PEFT wrote. (default: last)", valueName: "name"))
  var pooling: String?

  @Flag(help: "Leave the calibration aside: logits and probabilities as trained.")
  var uncalibrated = false

  func classifier(
    _ adapter: String, decoding: Decoding? = nil, threads: Int? = nil, calibrated: Bool = true
  ) throws -> Classifier {
    let pooling = try pooling.map { name in
      guard let pooling = Pooling(rawValue: name) else {
        let names = Pooling.allCases.map(\.rawValue).joined(separator: ", ")
        throw DiscernError(.configuration, "--pooling: found \"\(name)\"; expected one of \(names)")
      }
      return pooling
    }
    let classifier = try Classifier(
      adapter: adapter, model: model, attention: attention.map { try AttentionPattern($0) }, pooling: pooling,
      otherBase: otherBase, calibrated: calibrated && !uncalibrated, decoding: decoding,
      threads: threads)
    if otherBase, let trained = try AdapterFolder(adapter).fingerprint, trained != classifier.base.fingerprint {
      Messages.warning(
        "\(classifier.base.place): not the weights that \(adapter) was trained on; answers will differ somewhat")
    }
    return classifier
  }
}
