/// A model folder as Hugging Face lays it out: `config.json` beside one or several safetensors files.
public struct FolderCheckpoint: Checkpoint {
  public let place: String
  public let configuration: ModelConfiguration
  public let files: [String]
  public let listings: [TensorListing]
  private let tensors: SafetensorsSet
  private let storedNames: [String: String]

  /// Opens the folder. Throws `FormatError` if a file is missing, malformed or unsupported.
  public init(_ folder: String) throws {
    func path(_ name: String) -> String { "\(folder)/\(name)" }
    func has(_ name: String) -> Bool { FileKind(path(name)) == .file }
    guard has("config.json") else {
      throw FormatError(
        folder, found: "no config.json", expected: "a model folder",
        remedy: has("adapter_config.json") ? "This is an adapter; give its base model here." : "")
    }
    let json = try JSON(contentsOf: path("config.json"), limit: 1 << 24)
    configuration = try ModelConfiguration(config: json, name: path("config.json"))
    if has("model.safetensors") {
      tensors = try SafetensorsSet(file: path("model.safetensors"))
    } else if has("model.safetensors.index.json") {
      tensors = try SafetensorsSet(index: path("model.safetensors.index.json"))
    } else {
      let hasPickle = has("pytorch_model.bin") || has("pytorch_model.bin.index.json")
      throw FormatError(
        folder, found: hasPickle ? "weights in pytorch_model.bin only" : "no weights",
        expected: "model.safetensors or model.safetensors.index.json",
        remedy: hasPickle ? "Save the model with safe_serialization=True." : "")
    }
    place = folder
    let named = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json"]
    files = (named.filter(has).map(path) + tensors.files.map(\.file.name)).sorted()
    (listings, storedNames) = Self.named(tensors)
  }

  public func tensor(_ name: String) throws -> StoredTensor {
    guard let stored = storedNames[name] else {
      throw missingTensor(name, in: place, having: names)
    }
    return try tensors.tensor(stored).renamed(name)
  }

  /// Reads `tokenizer.json`, and from `tokenizer_config.json` which tokens begin, end and pad a text.
  ///
  /// Throws `FormatError` if the file is missing, malformed or asks for what this library does not do.
  public func tokenizer() throws -> Tokenizer {
    let path = "\(place)/tokenizer.json"
    guard FileKind(path) == .file else {
      throw FormatError(
        place, found: "no tokenizer.json", expected: "the model's tokenizer beside its weights",
        remedy: "Save it there with AutoTokenizer.from_pretrained(…).save_pretrained(…).")
    }
    let options = "\(place)/tokenizer_config.json"
    let configuration =
      FileKind(options) == .file ? try JSON(contentsOf: options, limit: 1 << 26) : nil
    let json = try JSON(contentsOf: path, limit: 1 << 28)
    return try Tokenizer(json: json, name: path, configuration: configuration)
  }

  public func setupHash() throws -> String {
    var hash = SHA256()
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] where files.contains("\(place)/\(name)") {
      hash.add("\(try SHA256.hexDigest(ofFile: "\(place)/\(name)"))  \(name)\n")
    }
    return hash.hexDigest
  }

  /// The tensors under their full names, and the names that the files give them.
  private static func named(
    _ tensors: SafetensorsSet
  ) -> (listings: [TensorListing], storedNames: [String: String]) {
    // The bare decoder, saved alone, leaves out the leading `model.`.
    let isBare =
      tensors.contains("embed_tokens.weight") && !tensors.contains("model.embed_tokens.weight")
    var storedNames: [String: String] = [:]
    let listings = tensors.listings.map { listing in
      let name = isBare && isDecoderName(listing.name) ? "model." + listing.name : listing.name
      storedNames[name] = listing.name
      return TensorListing(
        name: name, shape: listing.shape, format: listing.format, byteCount: listing.byteCount)
    }
    return (listings, storedNames)
  }

  /// Whether a tensor belongs to the decoder when it stands without `model.`.
  private static func isDecoderName(_ name: String) -> Bool {
    name == "embed_tokens.weight" || name == "norm.weight" || name.hasPrefix("layers.")
  }
}
