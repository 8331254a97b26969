import Formats
import Foundation
import TestSupport
import Testing

/// The help pages. `DISCERN_RECORD=1` writes them anew.
@Suite struct HelpTests {
  /// The command's verbs, as its own configuration has them.
  static let verbs: [String] = {
    let dump = try? Command.run(["--experimental-dump-help"]).json()
    let verbs = dump?["command"]?["subcommands"]?.array?.compactMap { $0["commandName"]?.string } ?? []
    return verbs.filter { $0 != "help" }
  }()

  @Test func everyVerbHasASnapshot() throws {
    #expect(Self.verbs.contains("train"))
    let folder = "\(Paths.root)/Tests/CLITests/Snapshots"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).map { $0.replacing(".txt", with: "") }
    #expect(Set(names) == Set(Self.verbs + ["discern"]))
  }

  @Test(arguments: [""] + verbs) func helpIsAsRecorded(verb: String) throws {
    let result = try Command.run((verb.isEmpty ? [] : [verb]) + ["--help"])
    #expect(result.code == 0)
    #expect(result.errors.isEmpty)
    let path = "\(Paths.root)/Tests/CLITests/Snapshots/\(verb.isEmpty ? "discern" : verb).txt"
    if ProcessInfo.processInfo.environment["DISCERN_RECORD"] != nil {
      try Data(result.output.utf8).write(to: URL(filePath: path))
    }
    let recorded = try String(contentsOf: URL(filePath: path), encoding: .utf8)
    #expect(result.output == recorded)
  }

  @Test func everySettingHasAnOption() throws {
    let help = try Command.run(["train", "--help"]).output
    let recipe = try String(
      contentsOf: URL(filePath: Runs.classifier + "/recipe.yaml"), encoding: .utf8)
    let names = recipe.split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { $0.prefix { $0 != ":" }.replacing("_", with: "-") }
    #expect(names.count > 25)
    for name in names { #expect(help.contains("--\(name)"), "\(name)") }
  }

  @Test func planTakesTheSettingsOfTrain() throws {
    func settings(_ verb: String) throws -> Substring {
      let help = try Command.run([verb, "--help"]).output
      let start = try #require(help.range(of: "SETTINGS OF THE RECIPE:")?.lowerBound)
      let end = try #require(help[start...].range(of: "\n\n")?.lowerBound)
      return help[start..<end]
    }
    #expect(try settings("plan") == settings("train"))
  }

  @Test func versionIsPrinted() throws {
    let result = try Command.run(["--version"])
    #expect(result.code == 0)
    #expect(result.output.hasPrefix("discern "))
  }

  @Test func helpFitsTheScreen() throws {
    for verb in Self.verbs {
      let help = try Command.run([verb, "--help"]).output
      for line in help.split(separator: "\n") where !line.hasPrefix("USAGE") {
        #expect(line.count <= 80, "\(line)")
      }
    }
  }
}
