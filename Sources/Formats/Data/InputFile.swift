import Glibc

/// An open file or the standard input, read from front to back; what is packed with gzip comes unpacked.
///
/// That it is packed is told by its first bytes, not by its name.
final class InputFile {
  /// The path, or `stdin`.
  let name: String
  private let descriptor: Int32
  private var isStarted: Bool
  private var gzip: Gunzip?

  /// Opens the file; `-` is the standard input.
  init(path: String) throws {
    isStarted = false
    name = path == "-" ? "stdin" : path
    if path == "-" {
      descriptor = 0
      return
    }
    if path.isEmpty || path.utf8.contains(0) {
      throw FormatError(
        "\"\(path.filter { $0 != "\0" })\"", found: "no usable file name",
        expected: "the path of a file", kind: .noInput)
    }
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw Self.fault(path, errno) }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw Self.fault(path, EISDIR)
    }
  }

  /// Opens a regular file, whose bytes come as they are: no pipe, which may have no writer, and no device without end.
  init(plain path: String) throws {
    isStarted = true
    name = path
    // Non-blocking, so that opening a pipe does not wait for its writer.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 { throw Self.fault(path, errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      if status.st_mode & S_IFMT == S_IFDIR { throw Self.fault(path, EISDIR) }
      throw FormatError(path, found: "a device, pipe or socket", expected: "a regular file", kind: .noInput)
    }
  }

  deinit {
    if descriptor != 0 { close(descriptor) }
  }

  /// Fills `buffer` from its start; the count is 0 at the end of the file only.
  func read(into buffer: inout [UInt8]) throws -> Int {
    if let gzip { return try gzip.read(into: &buffer) { try readRaw(into: &$0) } }
    if isStarted { return try readRaw(into: &buffer) }
    isStarted = true
    var count = 0
    while count < Gunzip.magic.count {
      let more = try readRaw(into: &buffer, from: count)
      if more == 0 { break }
      count += more
    }
    guard buffer[..<count].starts(with: Gunzip.magic) else { return count }
    let gzip = Gunzip(buffer, filled: count, name: name)
    self.gzip = gzip
    return try gzip.read(into: &buffer) { try readRaw(into: &$0) }
  }

  /// What lies in the file as it is.
  private func readRaw(into buffer: inout [UInt8], from start: Int = 0) throws -> Int {
    while true {
      let count = buffer.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress! + start, $0.count - start)
      }
      if count >= 0 { return count }
      if errno != EINTR { throw Self.fault(name, errno) }
    }
  }

  /// Whether reading would have to wait: nothing has come yet, and the end has not been reached.
  var isWaiting: Bool {
    if let gzip, gzip.hasInput { return false }
    var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&event, 1, 0) == 0
  }

  private static func fault(_ path: String, _ code: Int32) -> FormatError {
    switch code {
    case ENOENT:
      return FormatError(
        path, found: "no such file", expected: "a file to read", remedy: "Check the path.",
        kind: .noInput)
    case EISDIR:
      return FormatError(
        path, found: "a directory", expected: "a file to read",
        remedy: "Name one of the files in it.", kind: .noInput)
    case EACCES, EPERM:
      return FormatError(
        path, found: "no permission to read it", expected: "a readable file",
        remedy: "Change its permissions with chmod, or copy it.", kind: .permission)
    default: return FormatError(system: code, at: path, expected: "a readable file")
    }
  }
}
