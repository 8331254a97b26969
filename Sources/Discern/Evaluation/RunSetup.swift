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
    add("model files", Self.text(manifest?.model?.files ?? []))
    add("configuration and tokenizer", manifest?.model?.setupHash.map { "SHA-256 \($0.prefix(12))…" })
    add("head to start from", manifest?.warmStart?.hash.map { "SHA-256 \($0.prefix(12))…" })
    add("labels", folder.labels?.joined(separator: ","))
    guard let manifest else { return }
    add("training data", Self.text(manifest.train))
    add("dev data", Self.text(manifest.dev) ?? "none")
    guard let session = manifest.sessions.last else { return }
    // All that were at work, in their order: a run of several is not one of its last.
    add("version", Self.text(manifest.sessions.map(\.version)))
    add("instruction set", Self.text(manifest.sessions.map(\.instructionSet)))
    add("processor", Self.text(manifest.sessions.map(\.processor)))
    add("threads", String(session.threads))
    add("sessions", String(manifest.sessions.count))
    add("peak memory", manifest.sessions.compactMap(\.peakMemory).max().map { "\(($0 + 500_000) / 1_000_000) MB" })
    add("seconds", manifest.result?["seconds"]?.double.map { $0.fixed(1) })
  }

  private mutating func add(_ name: String, _ value: String?) {
    if let value { facts.append((name, value)) }
  }

  private static func text(_ values: [String]) -> String {
    values.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.joined(separator: ", ")
  }

  /// Models are the same where their files are, wherever they lie; nil where their hashes are not known.
  private static func text(_ files: [RunManifest.File]) -> String? {
    let hashes = files.compactMap(\.hash)
    guard let first = hashes.first, hashes.count == files.count else { return nil }
    guard files.count > 1 else { return "SHA-256 \(first.prefix(12))…" }
    var all = SHA256()
    for file in files { all.add("\(file.hash ?? "")  \(file.path.split(separator: "/").last ?? "")\n") }
    return "SHA-256 of \(files.count) sums \(all.hexDigest.prefix(12))…"
  }

  /// Data are the same where the examples are, whatever the file is called.
  private static func text(_ source: RunManifest.Source?) -> String? {
    source.map { "\($0.examples) examples, SHA-256 \($0.examplesHash.prefix(12))…" }
  }
}
