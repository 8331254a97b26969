import Formats
import Glibc

/// The few file operations that a run needs, with errors in words.
enum FileSystem {
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func write(_ text: String, to path: String) throws {
    try writeAtomically(to: path) { try $0.write(text) }
  }

  /// Makes a folder that must not exist yet, and those above it.
  static func makeFolder(_ path: String) throws {
    let parent = String(path.reversed().drop { $0 == "/" }.drop { $0 != "/" }.dropFirst().reversed())
    if !parent.isEmpty && !exists(parent) { try makeFolder(parent) }
    guard mkdir(path, 0o777) == 0 else {
      let reason = String(cString: strerror(errno))
      throw DiscernError(.cannotCreate, "\(path): the folder cannot be made: \(reason)")
    }
  }

  /// The path with links and dots resolved; the path itself where that fails.
  static func absolute(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
