import Formats
import Foundation
import Testing

@Suite struct FilePatternsTests {
  /// A folder with empty files of these names.
  func withFolder(_ names: [String], _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "discern-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for name in names { try Data().write(to: URL(filePath: "\(folder)/\(name)")) }
    try body(folder)
  }

  @Test func patternsAreSortedByBytes() throws {
    try withFolder(["b.csv", "a2.csv", "a10.csv", "B.csv", "é.csv", "a.txt"]) { folder in
      let found = try matchingFiles(["\(folder)/*.csv"])
      #expect(found == ["B.csv", "a10.csv", "a2.csv", "b.csv", "é.csv"].map { "\(folder)/\($0)" })
      #expect(try matchingFiles(["\(folder)/a?.csv", "-"]) == ["\(folder)/a2.csv", "-"])
    }
  }

  @Test func whatExistsStandsForItself() throws {
    try withFolder(["a[1].csv", "a1.csv"]) { folder in
      let found = try matchingFiles(["\(folder)/a[1].csv"])
      #expect(found == ["\(folder)/a[1].csv"])
    }
    #expect(try matchingFiles(["/nowhere/x.csv"]) == ["/nowhere/x.csv"])
  }

  @Test func nothingAndTwice() throws {
    try withFolder(["a.csv"]) { folder in
      #expect(throws: FormatError.self) { _ = try matchingFiles(["\(folder)/*.json"]) }
      do {
        _ = try matchingFiles(["\(folder)/a.csv", "\(folder)/*.csv"])
        Issue.record("a file was taken twice")
      } catch let error as FormatError {
        #expect(error.found.hasPrefix("the same file twice"))
      }
    }
  }
}
