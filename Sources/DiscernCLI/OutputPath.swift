import Discern
import Formats

/// Files that a command writes at its end.
enum OutputPath {
  /// Throws where a file cannot be made there: before minutes of work is the time to know.
  static func check(_ path: String) throws {
    let parent = FileSystem.parent(of: path)
    guard FileSystem.isFolder(parent) else {
      throw FormatError(
        path, found: "no folder \(parent)", expected: "a file in a folder that is there", kind: .cannotCreate)
    }
    guard !FileSystem.isFolder(path) else {
      throw FormatError(path, found: "a folder", expected: "the name of a file to write", kind: .cannotCreate)
    }
  }
}
