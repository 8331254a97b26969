import Compute
import Discern
import Formats

extension HostileReader {
  func readSafetensors(_ path: String) throws {
    let file = try Safetensors(path)
    for name in file.names { attempt { touch(try file.tensor(name)) } }
    attempt { _ = try file.tensor("no such tensor") }
  }

  /// `model.safetensors.index.json`, `a.safetensors`, `b.safetensors`.
  func readIndex(_ input: [UInt8], _ folder: HostileFolder) throws {
    folder.write(
      parts(input), ["model.safetensors.index.json", "a.safetensors", "b.safetensors"])
    let set = try SafetensorsSet(index: folder.path + "/model.safetensors.index.json")
    for name in set.names { attempt { touch(try set.tensor(name)) } }
    attempt { _ = try set.tensor("no such tensor") }
  }

  func readGGUF(_ path: String) throws {
    let file = try GGUF(path)
    for name in file.names { attempt { touch(try file.tensor(name)) } }
    for key in file.metadata.keys { attempt { _ = try file.metadata.elements(key) } }
    attempt { _ = try ModelConfiguration(file) }
    use(try Tokenizer(gguf: file.vocabulary(), name: path))
  }

  /// `config.json`, `model.safetensors`.
  func readModel(_ input: [UInt8], _ folder: HostileFolder) throws {
    folder.write(parts(input), ["config.json", "model.safetensors"])
    _ = try BaseModel(FolderCheckpoint(folder.path), on: CPUBackend())
  }

  /// `adapter_config.json`, `discern.json`, `adapter_model.safetensors`, `crf.safetensors`; an empty second one is left
  /// out.
  func readAdapter(_ input: [UInt8], _ folder: HostileFolder) throws {
    var parts = parts(input)
    if parts.count > 2, parts[1].isEmpty { parts.remove(at: 1) }
    let names = ["adapter_config.json", "discern.json", "adapter_model.safetensors", "crf.safetensors"]
    folder.write(parts, parts.count == 2 ? [names[0], names[2], names[1], names[3]] : names)
    let saved = try AdapterFolder(folder.path)
    let base = HostileFixtures.shared.base
    let adapter = try saved.adapter(for: base, otherBase: true)
    let calibration = try saved.calibration()
    try use(try Classifier(base, adapter, tokenizer: HostileFixtures.shared.tokenizers[0], threads: 1), calibration)
  }

  /// Judges answers to two texts, as trained and calibrated, and makes the promises that a calibration can make.
  private func use(_ classifier: Classifier, _ calibration: Calibration?) throws {
    let examples = ["the sea", ""].map { text in
      let label: Example.Label =
        switch classifier.adapter.recipe.task {
        case .sequence: .classLabel(classifier.labels.names[0])
        case .multiLabel: .labels([])
        case .regression: .values(classifier.labels.names.map { _ in 0.5 })
        case .tokens: .tags(text.split(separator: " ").map { _ in classifier.labels.names[0] })
        }
      return Example(input: .words(text.split(separator: " ").map(String.init)), label: label)
    }
    let isPlain = classifier.adapter.recipe.task == .tokens && !classifier.labels.spellsSpans
    let data = Dataset(name: "two", examples: examples, scheme: isPlain ? .plain : .iob2)
    let evaluation = try classifier.evaluateWithLogits(data).evaluation
    _ = ReportSubject(classifier, data, evaluation, calibration)
    guard let calibration else { return }
    for share in [0.01, 0.5, 0.999] {
      for index in calibration.thresholds.classes.indices {
        _ = calibration.thresholds.threshold(index, precision: share)
      }
      _ = calibration.conformal?.limit(coverage: share)
      _ = calibration.intervals?.halfWidths(coverage: share)
    }
  }

  /// Reads every byte, so that one outside the file is seen.
  private func touch(_ tensor: StoredTensor) {
    precondition(tensor.format.byteCount(shape: tensor.shape) == tensor.bytes.count)
    tensor.withBytes { bytes in _ = bytes.reduce(0, &+) }
  }
}
