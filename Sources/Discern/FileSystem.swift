import Formats
import Glibc

/// The few file operations that a run needs, with errors in words.
package enum FileSystem {
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether a folder lies there.
  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  package static func write(_ text: String, to path: String) throws {
    try writeAtomically(to: path) { try $0.write(text) }
  }

  /// Makes a folder that must not exist yet, and those above it.
  package static func makeFolder(_ path: String) throws {
    let parent = parent(of: path)
    if parent != "." && !exists(parent) { try makeFolder(parent) }
    guard mkdir(path, 0o777) == 0 else { throw fault("\(path): the folder cannot be made") }
  }

  /// Renames a file or folder.
  static func move(_ path: String, to other: String) throws {
    guard rename(path, other) == 0 else {
      throw fault("\(path): it cannot be renamed to \(other)")
    }
  }

  /// Names of what lies in a folder, sorted; empty where it cannot be read.
  package static func names(in folder: String) -> [String] { SealedFolder.names(in: folder) }

  /// Bytes of a file; 0 where there is none.
  static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Whether a plain file lies there, not a pipe or a device.
  static func isRegularFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// A name beside a path that nobody else has.
  static func temporaryPath(beside path: String) -> String { SealedFolder.temporaryPath(in: parent(of: path)) }

  /// Whether a name is one under which files are written before they take their places.
  static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(SealedFolder.temporaryPrefix) && name.hasSuffix(SealedFolder.temporarySuffix)
  }

  /// Removes the temporary files that a process which died has left in a folder.
  static func removeTemporaries(in folder: String) {
    for name in names(in: folder) where isTemporary(name) { unlink("\(folder)/\(name)") }
  }

  /// Removes the named files of a folder, and the folder where nothing else is left; answers whether it is gone.
  @discardableResult
  static func remove(_ names: [String], in folder: String) -> Bool {
    for name in names { unlink("\(folder)/\(name)") }
    return rmdir(folder) == 0
  }

  /// The path without slashes at its end.
  static func withoutSlash(_ path: String) -> String {
    var path = path[...]
    while path.utf8.count > 1, path.last == "/" { path.removeLast() }
    return String(path)
  }

  /// The folder that holds a path; `.` for a bare name.
  package static func parent(of path: String) -> String {
    var parent = path[...]
    while parent.last == "/" { parent.removeLast() }
    while let last = parent.last, last != "/" { parent.removeLast() }
    while parent.count > 1, parent.last == "/" { parent.removeLast() }
    return parent.isEmpty ? "." : String(parent)
  }

  /// The path with links and dots resolved; the path itself where that fails.
  package static func absolute(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The error of the last system call.
  static func fault(_ what: String) -> DiscernError {
    let code = errno
    let kind: DiscernError.Kind =
      switch code {
      case EACCES, EPERM: .permission
      case ENOSPC, EDQUOT, EIO, EFBIG: .io
      default: .cannotCreate
      }
    return DiscernError(kind, "\(what): \(String(cString: strerror(code)))")
  }
}
