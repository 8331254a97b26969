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

  /// Appends bytes to a file, which is made where it isn't there: all of them or, where the system takes no more, none.
  static func append(to path: String, _ content: (_ isNew: Bool) -> [UInt8]) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw fault("\(path): it cannot be written") }
    defer { close(descriptor) }
    let end = lseek(descriptor, 0, SEEK_END)
    var rest = content(end == 0)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        let fault = fault("\(path): it cannot be written")
        // What is left of a line where this fails too, readers pass over.
        ftruncate(descriptor, end)
        throw fault
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Makes a folder that must not exist yet, and those above it, to stay.
  package static func makeFolder(_ path: String) throws {
    let parent = parent(of: path)
    if parent != "." && !exists(parent) { try makeFolder(parent) }
    guard mkdir(path, 0o777) == 0 else { throw fault("\(path): the folder cannot be made") }
    try syncFolder(parent, for: path)
  }

  /// Renames a file or folder within its folder, to stay.
  static func move(_ path: String, to other: String) throws {
    guard rename(path, other) == 0 else {
      throw fault("\(path): it cannot be renamed to \(other)")
    }
    try syncFolder(parent(of: other), for: other)
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
