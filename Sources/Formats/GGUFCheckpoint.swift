/// A model in one GGUF file.
public struct GGUFCheckpoint: Checkpoint {
  /// The file, for what a checkpoint does not tell: metadata and vocabulary.
  public let gguf: GGUF
  public let configuration: ModelConfiguration

  public var place: String { gguf.file.name }
  public var files: [String] { [place] }
  public var listings: [TensorListing] { gguf.listings }

  /// Opens the file. Throws `FormatError` if it is malformed or its model unsupported.
  public init(_ path: String) throws {
    gguf = try GGUF(path)
    configuration = try ModelConfiguration(gguf)
  }

  /// Reads the tokenizer from the metadata.
  ///
  /// Throws `FormatError` if there is none, or it asks for what this library does not do.
  public func tokenizer() throws -> Tokenizer {
    try Tokenizer(gguf: gguf.vocabulary(), name: place)
  }

  public func tensor(_ name: String) throws -> StoredTensor { try gguf.tensor(name) }

  public func setupHash() throws -> String {
    var hash = SHA256()
    gguf.file.withBytes { hash.add(UnsafeRawBufferPointer(rebasing: $0[gguf.metadataRange])) }
    return hash.hexDigest
  }
}
