import Formats

/// What a run was made of, as names and values that can be compared.
struct RunSetup {
  private(set) var facts: [(name: String, value: String)] = []

  /// Reads the manifest of a run; an adapter that has none tells its recipe and its model alone.
  init(_ path: String) throws {
    let folder = try AdapterFolder(path)
    let manifest = FileSystem.exists("\(path)/\(RunManifest.file)") ? try RunManifest(ofRun: path) : nil
    for setting in Recipe.settings { add(setting.name, setting.text(manifest?.recipe ?? folder.recipe)) }
    add("model", manifest?.model?.fingerprint ?? folder.fingerprint)
    add("labels", folder.labels?.joined(separator: ","))
    guard let manifest else { return }
    add("training data", Self.text(manifest.train))
    add("dev data", Self.text(manifest.dev) ?? "none")
    guard let session = manifest.sessions.last else { return }
    add("version", session.version)
    add("instruction set", session.instructionSet)
    add("processor", session.processor)
    add("threads", String(session.threads))
    add("sessions", String(manifest.sessions.count))
    add("peak memory", manifest.sessions.compactMap(\.peakMemory).max().map { "\(($0 + 500_000) / 1_000_000) MB" })
    add("seconds", manifest.result?["seconds"]?.double.map { $0.fixed(1) })
  }

  private mutating func add(_ name: String, _ value: String?) {
    if let value { facts.append((name, value)) }
  }

  /// Data are the same where the examples are, whatever the file is called.
  private static func text(_ source: RunManifest.Source?) -> String? {
    source.map { "\($0.examples) examples, SHA-256 \($0.examplesHash.prefix(12))…" }
  }
}
