import Foundation
import TestSupport

/// Data and trained adapters that tests share; made once, removed when the process ends.
enum Runs {
  static let model = Paths.fixture("stories260K")

  /// A folder for everything.
  static let folder: String = {
    let path = FileManager.default.temporaryDirectory
      .appending(path: "discern-cli-tests-\(ProcessInfo.processInfo.processIdentifier)").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: Runs.folder) }
    return path
  }()

  /// Writes a file and returns its path.
  static func file(_ name: String, _ content: String) -> String {
    let path = "\(folder)/\(name)"
    try? Data(content.utf8).write(to: URL(filePath: path))
    return path
  }

  /// Texts about the sea and the mountains.
  static let texts: [(text: String, label: String)] = [
    ("The boat sailed over the waves.", "sea"), ("Fish swim in the deep water.", "sea"),
    ("A whale jumped near the ship.", "sea"), ("The tide took the sand away.", "sea"),
    ("They dived to a coral reef.", "sea"), ("Salt dried on the sails.", "sea"),
    ("The goat climbed the rocks.", "hills"), ("Snow lay on the high peak.", "hills"),
    ("We walked up the steep path.", "hills"), ("An eagle flew over the valley.", "hills"),
    ("The hut stood below the summit.", "hills"), ("Stones rolled down the slope.", "hills"),
  ]

  static let sequenceData = file(
    "texts.jsonl",
    texts.map { "{\"text\": \"\($0.text)\", \"label\": \"\($0.label)\"}\n" }.joined())

  static let tokenData = file(
    "sentences.conll",
    ["Anna", "Tom", "Mia"].flatMap { name in
      ["Rome", "New York"].map { city in
        let words = city.split(separator: " ").enumerated().map { index, word in
          "\(word)\t\(index == 0 ? "B" : "I")-PLACE\n"
        }
        return "\(name)\tB-PERSON\nwent\tO\nto\tO\n\(words.joined()).\tO\n\n"
      }
    }.joined())

  /// A trained classifier.
  static let classifier = train("classifier", ["--data", sequenceData, "--dev", sequenceData])

  /// A trained tagger.
  static let tagger = train(
    "tagger", ["--task", "tokens", "--data", tokenData, "--dev", tokenData])

  /// A classifier that transformers can express.
  static let causal = train(
    "causal", ["--attention", "causal", "--data", sequenceData, "--dev", sequenceData])

  static let options = ["--epochs", "2", "--batch-size", "4", "--rank", "4", "--seed", "7"]

  private static func train(_ name: String, _ arguments: [String]) -> String {
    let out = "\(folder)/\(name)"
    let result = try? Command.run(
      ["train", "--model", model, "--out", out] + options + arguments)
    precondition(result?.code == 0, "training \(name): \(result?.errors ?? "no process")")
    return out
  }
}
