import Glibc

/// A model on disk: its configuration and its tensors under Hugging Face names.
public protocol Checkpoint: Sendable {
  /// The folder or file, for messages.
  var place: String { get }
  /// The model's sizes and options.
  var configuration: ModelConfiguration { get }
  /// Every file that the model and its tokenizer are read from.
  var files: [String] { get }
  /// What the checkpoint holds.
  var listings: [TensorListing] { get }
  /// Locates a tensor.
  ///
  /// Throws `FormatError` if there is none of that name (it lists the nearest ones) or its type is unsupported.
  func tensor(_ name: String) throws -> StoredTensor
  /// Reads the tokenizer that lies with the model.
  ///
  /// Throws `FormatError` if there is none, or it asks for what this library does not do.
  func tokenizer() throws -> Tokenizer
  /// SHA-256 of all that makes the model besides its weights: configuration and tokenizer, wherever they lie.
  func setupHash() throws -> String
}

extension Checkpoint {
  /// The names of all tensors.
  public var names: [String] { listings.map(\.name) }
}

/// Opens a model: a folder with `config.json` and safetensors, or a `.gguf` file.
///
/// Throws `FormatError` if the path is neither, or if what lies there is malformed or unsupported.
public func openCheckpoint(_ path: String) throws -> any Checkpoint {
  switch FileKind(path) {
  case .folder: return try FolderCheckpoint(path)
  case .file where path.hasSuffix(".safetensors"):
    throw FormatError(
      path, found: "a single safetensors file", expected: "a model folder or a .gguf file",
      remedy: "Give the folder that holds it and its config.json.")
  case .file: return try GGUFCheckpoint(path)
  case .absent:
    throw FormatError(
      path, found: "no such file or folder", expected: "a model folder or a .gguf file",
      remedy: "Check the path.", kind: .noInput)
  }
}

/// What lies at a path, after symbolic links.
enum FileKind {
  case folder, file, absent

  init(_ path: String) {
    var status = stat()
    if path.utf8.contains(0) || stat(path, &status) != 0 {
      self = .absent
    } else {
      self = status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
    }
  }
}
