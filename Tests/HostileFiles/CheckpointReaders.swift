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

  /// `adapter_config.json`, `discern.json`, `adapter_model.safetensors`; an empty second one is left out.
  func readAdapter(_ input: [UInt8], _ folder: HostileFolder) throws {
    var parts = parts(input)
    if parts.count > 2, parts[1].isEmpty { parts.remove(at: 1) }
    let names = ["adapter_config.json", "discern.json", "adapter_model.safetensors"]
    folder.write(parts, parts.count == 2 ? [names[0], names[2], names[1]] : names)
    let adapter = try AdapterFolder(folder.path)
    _ = try adapter.adapter(for: HostileFixtures.shared.base, otherBase: true)
  }

  /// Reads every byte, so that one outside the file is seen.
  private func touch(_ tensor: StoredTensor) {
    precondition(tensor.format.byteCount(shape: tensor.shape) == tensor.bytes.count)
    tensor.withBytes { bytes in _ = bytes.reduce(0, &+) }
  }
}
