import Glibc

/// An open file or the standard input, read from front to back.
final class InputFile {
  /// The path, or `stdin`.
  let name: String
  private let descriptor: Int32

  /// Opens the file; `-` is the standard input.
  init(path: String) throws {
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
      close(descriptor)
      throw Self.fault(path, EISDIR)
    }
  }

  deinit {
    if descriptor != 0 { close(descriptor) }
  }

  /// Fills `buffer` from its start; the count is 0 at the end of the file only.
  func read(into buffer: inout [UInt8]) throws -> Int {
    while true {
      let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 { return count }
      if errno != EINTR { throw Self.fault(name, errno) }
    }
  }

  /// Whether reading would have to wait: nothing has come yet, and the end has not been reached.
  var isWaiting: Bool {
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
    default:
      return FormatError(
        path, found: "a failure of reading it (\(String(cString: strerror(code))))",
        expected: "a readable file", kind: .io)
    }
  }
}
