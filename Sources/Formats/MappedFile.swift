import CFaults
import Glibc

/// A whole file, mapped read-only into memory.
///
/// The mapping lives as long as the object: whoever keeps a pointer into `bytes` must keep the object as well, and
/// `withBytes` does so for the length of a call.
/// The file must not be shortened meanwhile; writers of this project replace files instead of changing them.
public final class MappedFile: @unchecked Sendable {
  // Unchecked: both properties are constants and nothing ever writes to the mapping.

  /// The path as it was given, for messages.
  public let name: String
  /// The content; its address is a multiple of the page size. Never empty.
  public let bytes: UnsafeRawBufferPointer
  /// Whether the bytes are still to be had from the file when their pages are given back.
  private let isBackedByFile: Bool

  /// Maps the file at `path`.
  ///
  /// Throws `FormatError` if there is no regular file with at least one byte, or if it cannot be read.
  public init(_ path: String) throws {
    guard !path.utf8.isEmpty, !path.utf8.contains(0) else {
      throw FormatError(
        quoted(path), found: "an empty path or one with a zero byte", expected: "a path",
        kind: .noInput)
    }
    // Non-blocking, so that opening a pipe does not wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw FormatError(system: errno, at: path, expected: "a readable file")
    }
    defer { close(descriptor) }
    let size = try Self.size(of: descriptor, at: path)
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      address != MAP_FAILED
    else {
      throw FormatError(system: errno, at: path, expected: "a file that can be mapped")
    }
    name = path
    isBackedByFile = true
    bytes = UnsafeRawBufferPointer(start: address, count: size)
    df_watch(address, size, path)
  }

  /// Holds a copy of `content` in memory of its own, aligned like a mapped file.
  ///
  /// Throws `FormatError` if `content` is empty or memory is short.
  public init(copying content: UnsafeRawBufferPointer, name: String) throws {
    guard content.count > 0 else {
      throw FormatError(name, found: "no bytes", expected: "some content")
    }
    let access = PROT_READ | PROT_WRITE
    let mapping = mmap(nil, content.count, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address = mapping, address != MAP_FAILED else {
      throw FormatError(system: errno, at: name, expected: "\(content.count) bytes of memory")
    }
    UnsafeMutableRawBufferPointer(start: address, count: content.count).copyMemory(from: content)
    self.name = name
    isBackedByFile = false
    bytes = UnsafeRawBufferPointer(start: address, count: content.count)
  }

  /// Calls `body` with the content, which stays mapped until the call returns.
  public func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(self) { try body(bytes) }
  }

  /// Gives the memory of a part back to the system; whoever reads it again gets it from the file again.
  func releasePages(of part: UnsafeRawBufferPointer) {
    guard isBackedByFile, let start = part.baseAddress else { return }
    let page = sysconf(Int32(_SC_PAGESIZE))
    // Only whole pages: what lies at the edges belongs to the neighbours too.
    let first = (UInt(bitPattern: start) + UInt(page) - 1) / UInt(page) * UInt(page)
    let last = (UInt(bitPattern: start) + UInt(part.count)) / UInt(page) * UInt(page)
    guard last > first else { return }
    madvise(UnsafeMutableRawPointer(bitPattern: first), Int(last - first), MADV_DONTNEED)
  }

  deinit {
    df_unwatch(bytes.baseAddress)
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }

  /// The size in bytes of an open regular file.
  private static func size(of descriptor: Int32, at path: String) throws -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FormatError(system: errno, at: path, expected: "a readable file")
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR:
      throw FormatError(path, found: "a folder", expected: "a file", kind: .noInput)
    default:
      throw FormatError(
        path, found: "a device, pipe or socket", expected: "a regular file", kind: .noInput)
    }
    guard status.st_size > 0 else {
      throw FormatError(
        path, found: "an empty file", expected: "some content",
        remedy: "A download or a copy may have been interrupted.")
    }
    return Int(status.st_size)
  }
}
