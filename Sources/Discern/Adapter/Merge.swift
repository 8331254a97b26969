import Compute
import Formats

/// Writes a base model and an adapter as one stock Hugging Face folder: each adapted weight is W + scale·B·A, the head
/// stands under `score`.
public struct Merge: Sendable {
  /// How the merged weights are written.
  public enum Format: String, CaseIterable, Sendable {
    /// Exactly the weights that the classifier computes with.
    case f32
    /// Half the size; each weight is rounded to 8 significant bits.
    case bf16
  }

  /// What was written, and what is not the same in transformers.
  public struct Report: Sendable {
    /// Tensors written.
    public var tensors = 0
    /// Their bytes.
    public var bytes = 0
    /// Files of weights.
    public var shards = 0
    /// Tokenizer files that were copied.
    public var copied: [String] = []
    /// What the stock classes of transformers cannot express, and what to do about it; one sentence or two each.
    public var notes: [String] = []
  }

  let classifier: Classifier
  let format: Format
  let shardBytes: Int

  /// A merge of a classifier's adapter into its base model.
  public init(_ classifier: Classifier, format: Format = .f32, shardBytes: Int = 5_000_000_000) {
    self.classifier = classifier
    self.format = format
    self.shardBytes = shardBytes
  }

  /// Writes the folder, which must not exist; a merge that fails leaves nothing.
  ///
  /// Weights are decoded, merged and written in blocks of rows, so that memory holds one block. Where `shouldStop`
  /// answers true it ends with a `CancellationError`.
  public func write(
    to path: String, progress: @escaping (_ done: Int, _ of: Int) -> Void = { _, _ in },
    shouldStop: @escaping () -> Bool = { false }
  ) throws -> Report {
    guard !FileSystem.exists(path) else {
      throw DiscernError(
        .cannotCreate,
        "\(path): found something of that name; expected a new folder. Choose another name.")
    }
    let partial = FileSystem.withoutSlash(path) + ".partial"
    guard !FileSystem.exists(partial) else {
      throw DiscernError(
        .cannotCreate,
        "\(partial): found what an interrupted merge left; expected no such folder. Remove it.")
    }
    var report = Report()
    let configuration = MergedConfiguration(classifier, format: format)
    let json = try configuration.json()
    report.notes = configuration.notes
    try FileSystem.makeFolder(partial)
    do {
      try writeWeights(to: partial, &report, progress, shouldStop)
      try copyTokenizer(to: partial, &report)
      try FileSystem.write(json.serialized(pretty: true) + "\n", to: "\(partial)/config.json")
      try FileSystem.move(partial, to: path)
    } catch {
      FileSystem.remove(FileSystem.names(in: partial), in: partial)
      throw error
    }
    return report
  }

  private func writeWeights(
    to folder: String, _ report: inout Report, _ progress: @escaping (Int, Int) -> Void,
    _ shouldStop: @escaping () -> Bool
  ) throws {
    let shards = sharded(tensors())
    let total = shards.joined().reduce(0) { $0 + $1.byteCount(format) }
    let written = Counter()
    var map: [(String, JSON)] = []
    for (index, shard) in shards.enumerated() {
      let name =
        shards.count == 1
        ? "model.safetensors"
        : "model-\(Self.digits(index + 1))-of-\(Self.digits(shards.count)).safetensors"
      let entries = shard.map { tensor in
        tensor.toWrite(format) { bytes in
          if shouldStop() { throw CancellationError() }
          progress(written.add(bytes), total)
        }
      }
      try writeSafetensors(entries, to: "\(folder)/\(name)")
      map += shard.map { ($0.name, JSON(name)) }
    }
    report.bytes = total
    report.tensors = map.count
    report.shards = shards.count
    guard shards.count > 1 else { return }
    var weightMap = JSONObject()
    for (name, file) in map.sorted(by: { JSONString($0.0) < JSONString($1.0) }) {
      weightMap.append(JSONString(name), file)
    }
    let index: JSON = [
      "metadata": ["total_size": .integer(total)], "weight_map": .object(weightMap),
    ]
    try FileSystem.write(
      index.serialized(pretty: true) + "\n", to: "\(folder)/model.safetensors.index.json")
  }

  private static func digits(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 5 - String(number).count)) + String(number)
  }

  /// The tensors in files of at most `shardBytes`, in order.
  private func sharded(_ tensors: [MergedTensor]) -> [[MergedTensor]] {
    var shards: [[MergedTensor]] = [[]]
    var size = 0
    for tensor in tensors {
      let bytes = tensor.byteCount(format)
      if size > 0, size + bytes > shardBytes {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(tensor)
      size += bytes
    }
    return shards
  }

  private static let tokenizerFiles = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "tokenizer.model", "chat_template.jinja",
  ]

  private func copyTokenizer(to folder: String, _ report: inout Report) throws {
    for name in Self.tokenizerFiles where FileSystem.exists("\(classifier.base.place)/\(name)") {
      let file = try MappedFile("\(classifier.base.place)/\(name)")
      try file.withBytes { bytes in
        try writeAtomically(to: "\(folder)/\(name)") { try $0.write(bytes) }
      }
      report.copied.append(name)
    }
    if !report.copied.contains("tokenizer.json") {
      report.notes.append(
        "No tokenizer.json was written: the base model is a GGUF file. "
          + "Copy tokenizer.json and tokenizer_config.json from the original model into the folder."
      )
    }
  }
}
