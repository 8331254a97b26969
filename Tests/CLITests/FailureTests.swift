import Foundation
import Testing

/// Wrong uses: each ends with its own exit code, a message that names the place, and nothing left behind.
@Suite struct FailureTests {
  /// A wrong use, what its message must contain, and its exit code.
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let code: Int32
    let message: String
    let arguments: @Sendable () -> [String]
    var input = ""

    init(
      _ name: String, _ code: Int32, _ message: String, input: String = "",
      _ arguments: @escaping @Sendable () -> [String]
    ) {
      (self.name, self.code, self.message) = (name, code, message)
      (self.input, self.arguments) = (input, arguments)
    }

    var testDescription: String { name }

    /// Training on a file of this content.
    static func data(
      _ name: String, _ code: Int32, _ message: String, _ content: String,
      _ suffix: String = "jsonl",
      _ more: String...
    ) -> Case {
      Case(name, code, message) {
        train(Runs.file("\(name.replacing(" ", with: "-")).\(suffix)", content)) + more
      }
    }

    static func train(_ data: String, _ more: String...) -> [String] {
      ["train", "--model", Runs.model, "--data", data, "--out", "\(Runs.folder)/never"] + more
    }
  }

  static let usage: [Case] = [
    Case("no verb", 64, "frobnicate") { ["frobnicate"] },
    Case("no model", 64, "--model") { ["train", "--data", "x", "--out", "y"] },
    Case("unknown option", 64, "--rnak") { Case.train("x", "--rnak", "4") },
    Case("unknown option for a needed one", 64, "Unknown option '--modle'") {
      ["train", "--modle", "m", "--data", "x", "--out", "y"]
    },
    Case("needed options", 64, "Missing expected argument '--model <path>'") { ["train"] },
    Case("value of a setting", 64, "--rank: found \"lots\"") { Case.train("x", "--rank", "lots") },
    Case("unknown preset", 64, "default or paper") { Case.train("x", "--preset", "mine") },
    Case("unknown attention", 64, "expected causal") { Case.train("x", "--attention", "both") },
    Case("threads", 64, "--threads") { Case.train("x", "--threads", "0") },
    Case("no text", 64, "There is no text") { ["predict", Runs.classifier] },
    Case("text and data", 64, "not both") { ["predict", Runs.classifier, "a", "--data", "x.txt"] },
    Case("top of a tagger", 64, "is a tagger") { ["predict", Runs.tagger, "a", "--top", "2"] },
    Case("format of merge", 64, "q4") { ["merge", Runs.causal, "--out", "x", "--format", "q4"] },
  ]

  static let inputs: [Case] = [
    Case("missing data", 66, "no such file") { Case.train("/nowhere/texts.jsonl") },
    Case("missing model", 66, "/nowhere/model") {
      ["train", "--model", "/nowhere/model", "--data", Runs.sequenceData, "--out", "x"]
    },
    Case("missing recipe", 66, "/nowhere/recipe") {
      Case.train(Runs.sequenceData, "--recipe", "/nowhere/recipe.yaml")
    },
    Case("missing adapter", 66, "adapter_config.json") { ["predict", "/nowhere/run", "a"] },
    Case("missing base", 66, "/nowhere/base") {
      ["predict", Runs.classifier, "a", "--model", "/nowhere/base"]
    },
    Case("nothing to inspect", 66, "no such file") { ["inspect", "/nowhere/at-all"] },
    Case("folder as data", 66, "directory") { Case.train(Runs.model, "--format", "jsonl") },
  ]

  static let data: [Case] = [
    .data("broken JSON", 65, ".jsonl:2", "{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \n"),
    .data("empty file", 65, "no rows", ""),
    .data("one label", 65, "only the label", "{\"text\": \"a\", \"label\": \"x\"}\n"),
    .data("no label column", 65, "target", "{\"text\": \"a\", \"target\": \"x\"}\n"),
    .data("empty label", 65, ":1: found an empty label", "{\"text\": \"a\", \"label\": \"\"}\n"),
    .data("NUL byte", 65, "NUL", "{\"text\": \"a\u{0}\", \"label\": \"x\"}\n"),
    .data("no extension known", 65, "extension", "a\n", "xyz"),
    .data("mixed tags", 65, "tag", "a\tB-X\nb\tfoo\n\n", "conll", "--task", "tokens"),
    .data(
      "long text", 65, "max_length",
      "{\"text\": \"a b c d\", \"label\": \"x\"}\n{\"text\": \"b\", \"label\": \"y\"}\n", "jsonl",
      "--max-length", "3", "--overflow", "error"),
    Case("unknown label", 65, "unknown label \"sky\"") {
      [
        "evaluate", Runs.classifier, "--data",
        Runs.file("sky.jsonl", "{\"text\": \"a\", \"label\": \"sky\"}\n"),
      ]
    },
    Case("unknown label of dev", 65, "unknown label \"sky\"") {
      Case.train(
        Runs.sequenceData, "--dev",
        Runs.file("sky-dev.jsonl", "{\"text\": \"a\", \"label\": \"sky\"}\n"))
    },
    Case("object without text", 65, "stdin:1", input: "{\"body\": \"a\"}\n") {
      ["predict", Runs.classifier, "-"]
    },
    Case("text that looks like JSON", 65, "--format lines", input: "{curly}\n") {
      ["predict", Runs.classifier, "-"]
    },
    Case("broken adapter", 65, "adapter_model.safetensors") {
      let copy = "\(Runs.folder)/broken"
      try? FileManager.default.copyItem(atPath: Runs.classifier, toPath: copy)
      _ = Runs.file("broken/adapter_model.safetensors", "not tensors at all")
      return ["predict", copy, "a"]
    },
    Case("another base", 65, "another base model") {
      ["predict", Runs.causal, "a", "--model", FailureTests.otherModel]
    },
  ]

  static let outputs: [Case] = [
    Case("existing run", 73, "--overwrite") {
      ["train", "--model", Runs.model, "--data", Runs.sequenceData, "--out", Runs.classifier]
    },
    Case("overwriting what is no run", 73, "README.md") {
      [
        "train", "--model", Runs.model, "--data", Runs.sequenceData, "--out", Runs.model,
        "--overwrite",
      ]
    },
    Case("existing merge", 73, "something of that name") {
      ["merge", Runs.causal, "--out", Runs.model]
    },
    Case("folder below a file", 73, "cannot be made") {
      Case.train(Runs.sequenceData).dropLast() + ["\(Runs.sequenceData)/run"]
    },
    Case("unknown setting", 78, ":2") {
      Case.train(
        Runs.sequenceData, "--recipe", Runs.file("unknown.yaml", "rank: 4\nlearning_rat: 3\n"))
    },
    Case("value in a recipe", 78, "lots") {
      Case.train(Runs.sequenceData, "--recipe", Runs.file("value.yaml", "rank: lots\n"))
    },
    Case("no YAML", 78, "YAML") {
      Case.train(Runs.sequenceData, "--recipe", Runs.file("broken.yaml", "rank: [4\n"))
    },
    Case("layers that are not there", 78, "has 5") {
      Case.train(Runs.sequenceData, "--attention", "unmasked:9")
    },
  ]

  /// The same model with one weight changed.
  static let otherModel: String = {
    let path = "\(Runs.folder)/other-model"
    try? FileManager.default.copyItem(atPath: Runs.model, toPath: path)
    let file = URL(filePath: path + "/model.safetensors")
    if var data = try? Data(contentsOf: file) {
      data.replaceSubrange(data.count - 4..<data.count, with: [0, 0, 0, 0])
      try? data.write(to: file)
    }
    return path
  }()

  @Test(arguments: usage + inputs + data + outputs)
  func endsWithItsCode(use: Case) throws {
    let result = try Command.run(use.arguments(), input: use.input)
    #expect(result.code == use.code, "\(result.errors)")
    #expect(result.errors.hasPrefix("discern: error: "), "\(result.errors)")
    #expect(result.errors.contains(use.message), "\(result.errors)")
    #expect(result.output.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: "\(Runs.folder)/never"))
  }

  @Test func bytesThatAreNotUTF8() throws {
    let path = "\(Runs.folder)/latin.jsonl"
    try Data(Array("{\"text\": \"".utf8) + [0xFC] + Array("\", \"label\": \"x\"}\n".utf8))
      .write(to: URL(filePath: path))
    let result = try Command.run(Case.train(path))
    #expect(result.code == 65)
    #expect(result.errors.contains("not UTF-8"))
  }

  @Test func aFullDiskIsAnError() throws {
    let result = try Command.run(["predict", Runs.classifier, "a"], output: "/dev/full")
    #expect(result.code == 74)
    #expect(result.errors.contains("standard output"))
  }

  @Test(.disabled(if: Command.isSanitized, "a sanitizer is no good under ulimit"))
  func aRunThatCannotBeSavedIsRemoved() throws {
    let out = "\(Runs.folder)/never-saved"
    let result = try Command.shell(
      """
      trap '' XFSZ; ulimit -f 16
      exec "$discern" train --model '\(Runs.model)' --data '\(Runs.sequenceData)' --out '\(out)' --epochs 1
      """)
    #expect(result.code == 74)
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
  func aFolderWithoutPermission() throws {
    let folder = "\(Runs.folder)/locked"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder)
    let result = try Command.run([
      "train", "--model", Runs.model, "--data", Runs.sequenceData, "--out", folder + "/run",
    ])
    #expect(result.code == 77)
  }
}
