import Formats
import TestSupport
import Testing

@testable import Discern

/// The record of folds reads back what was written, to the last bit.
@Suite("Folder of folds") struct FoldFolderTests {
  private let data = Dataset(
    name: "texts",
    examples: (0..<12).map { Example(input: .text("text \($0)"), label: .classLabel($0 % 2 == 0 ? "a" : "b")) })

  private func folder(_ path: String) throws -> FoldFolder {
    let split = try SplitRecord(data, names: (0..<3).map { FoldRecord.name($0) }, shares: [1, 1, 1], seed: 4)
    return try FoldFolder(path, recipe: try Recipe.preset("default", task: .sequence), split: split)
  }

  @Test func metricsThatAreNotDefinedStayAbsent() throws {
    let temporary = try TemporaryFolder()
    let path = temporary.path + "/folds"
    do {
      let folder = try folder(path)
      try folder.note([("accuracy", 1.0 / 3), ("loss", 0.1 + 0.2)], of: 0)
      try folder.note([("accuracy", 2.0 / 3)], of: 2)
      try folder.end(.stopped)
    }
    let resumed = try FoldFolder(resuming: path)
    let results = resumed.record.results
    let names: [[String]?] = results.map { $0?.map(\.name) }
    let values: [[Double]?] = results.map { $0?.map(\.value) }
    let sum: Double = 0.1 + 0.2
    #expect(names == [["accuracy", "loss"], nil, ["accuracy"]])
    #expect(values == [[1.0 / 3, sum], nil, [2.0 / 3]])
    #expect(resumed.record.done == 2)
    let outcomes = resumed.record.manifest.sessions.map(\.outcome)
    #expect(outcomes == [.stopped, .running])
    try resumed.note([], of: 1)
    let scores: [[Double?]] = resumed.record.scores.scores.map(\.values)
    #expect(scores == [[1.0 / 3, nil, 2.0 / 3], [sum, nil, nil]])
    try resumed.end(.finished)
    #expect(throws: DiscernError.self) { _ = try FoldFolder(resuming: path) }
  }

  @Test func whatIsNotARunIsNeverReplaced() throws {
    let temporary = try TemporaryFolder()
    let path = temporary.path + "/folds"
    _ = try folder(path)
    #expect(throws: DiscernError.self) { try FoldFolder.check(path) }
    try FoldFolder.check(path, overwrite: true)
    for name in ["notes.txt", "fold-x", "fold-1"] {
      try FileSystem.makeFolder("\(path)/\(name)")
      if name == "fold-1" { try FileSystem.write("mine", to: "\(path)/fold-1/letter.txt") }
      let error = #expect(throws: DiscernError.self) { try FoldFolder.check(path, overwrite: true) }
      #expect(error?.description.contains("\"\(name)") == true, "\(error?.description ?? "")")
      FileSystem.remove(["letter.txt"], in: "\(path)/\(name)")
    }
  }
}
