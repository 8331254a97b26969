import Glibc

/// Writes a file so that its path shows either the old content or the whole new one, never a part.
///
/// `body` writes to a temporary file in the same folder, which is then synced and renamed over `path`. An existing
/// file keeps its mode; a symbolic link is replaced, not followed. If `body` or the system fails, the temporary is
/// removed, `path` stays as it was, and the error is thrown: `body`'s own, or a `FormatError` that names `path`.
public func writeAtomically(to path: String, _ body: (inout FileSink) throws -> Void) throws {
  var files = FileSet()
  try files.add(path, body)
  try files.commit()
}

/// Files that are written under temporary names first and take their places together.
///
/// Until `commit`, every path shows what it did before; a set that is dropped leaves nothing.
public struct FileSet: ~Copyable {
  private var pending: [(temporary: String, path: String)] = []

  /// An empty set.
  public init() {}

  deinit {
    for file in pending { unlink(file.temporary) }
  }

  /// Writes a file beside `path`; errors are those of `writeAtomically`.
  public mutating func add(_ path: String, _ body: (inout FileSink) throws -> Void) throws {
    try refuseUnwritable(path)
    let (descriptor, temporary) = try openTemporary(in: folderName(of: path), for: path)
    pending.append((temporary, path))
    var isOpen = true
    defer { if isOpen { close(descriptor) } }
    var sink = FileSink(descriptor: descriptor, place: path)
    try body(&sink)
    try sink.flush()
    keepMode(of: path, on: descriptor)
    guard fsync(descriptor) == 0 else { throw unwritten(path) }
    isOpen = false
    // Network file systems report a failed write only here.
    guard close(descriptor) == 0 else { throw unwritten(path) }
  }

  /// Renames the files to their paths, in the order in which they were added.
  public mutating func commit() throws {
    var folders: [String: String] = [:]
    while let file = pending.first {
      guard rename(file.temporary, file.path) == 0 else { throw unwritten(file.path) }
      pending.removeFirst()
      folders[folderName(of: file.path)] = file.path
    }
    for (folder, path) in folders { try syncFolder(folder, for: path) }
  }
}

/// Where the body of `writeAtomically` puts its bytes: a buffered stream into a new file.
public struct FileSink: ~Copyable {
  private let descriptor: Int32
  private let place: String
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 16
  /// The hash of what went to the system, where it is wanted.
  private(set) var hash: SHA256?

  /// How many bytes have been written so far.
  public private(set) var count = 0

  /// A sink into an open descriptor, which the caller closes; `place` names it in errors.
  init(descriptor: Int32, place: String, hashing: Bool = false) {
    self.descriptor = descriptor
    self.place = place
    hash = hashing ? SHA256() : nil
  }

  /// Appends raw bytes. Throws `FormatError` if the system takes no more.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    count += bytes.count
    if buffer.count + bytes.count > Self.bufferSize { try flush() }
    if bytes.count > Self.bufferSize {
      try send(bytes)
    } else {
      buffer.append(contentsOf: bytes)
    }
  }

  /// Appends bytes. Throws `FormatError` if the system takes no more.
  public mutating func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }

  /// Appends a text in UTF-8. Throws `FormatError` if the system takes no more.
  public mutating func write(_ text: String) throws {
    try write(Array(text.utf8))
  }

  /// Appends little-endian float32 values. Throws `FormatError` if the system takes no more.
  public mutating func write(_ values: [Float]) throws {
    try values.withUnsafeBytes { try write($0) }
  }

  /// Hands the buffered bytes to the system.
  mutating func flush() throws {
    // Taken out, because `send` may change the sink.
    var bytes: [UInt8] = []
    swap(&bytes, &buffer)
    try bytes.withUnsafeBytes { try send($0) }
    bytes.removeAll(keepingCapacity: true)
    swap(&bytes, &buffer)
  }

  private mutating func send(_ bytes: UnsafeRawBufferPointer) throws {
    hash?.add(bytes)
    var rest = bytes[...]
    while !rest.isEmpty {
      let chunk = UnsafeRawBufferPointer(rebasing: rest)
      let written = Glibc.write(descriptor, chunk.baseAddress, chunk.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw unwritten(place)
      }
      rest = rest.dropFirst(written)
    }
  }
}

/// The error for a failed system call of a write, from `errno`.
func unwritten(_ path: String) -> FormatError {
  FormatError(system: errno, at: path, expected: "a file that can be written", writing: true)
}

/// Throws if `path` cannot name a file, or names a folder or a device, which a rename would destroy.
private func refuseUnwritable(_ path: String) throws {
  guard !path.utf8.isEmpty, !path.utf8.contains(0), path.utf8.last != UInt8(ascii: "/") else {
    throw FormatError(
      quoted(path), found: "a path without a file name", expected: "a file to write",
      kind: .cannotCreate)
  }
  var status = stat()
  guard stat(path, &status) == 0 else { return }
  switch status.st_mode & S_IFMT {
  case S_IFREG: return
  case S_IFDIR:
    throw FormatError(path, found: "a folder", expected: "a file to write", kind: .cannotCreate)
  default:
    throw FormatError(
      path, found: "a device or pipe", expected: "a regular file to write", kind: .cannotCreate)
  }
}

/// The folder part of a path; `.` for a bare name.
func folderName(of path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
  return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
}

/// Creates a new file beside `path` under a name that nobody else has.
private func openTemporary(
  in folder: String, for path: String
) throws -> (descriptor: Int32, name: String) {
  for _ in 0..<100 {
    let unique = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    let name = "\(folder)/.discern-\(unique).tmp"
    let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor >= 0 { return (descriptor, name) }
    guard errno == EEXIST || errno == EINTR else { throw unwritten(path) }
  }
  throw FormatError(
    path, found: "a folder full of temporary files", expected: "a free name",
    remedy: "Remove the files named .discern-*.tmp.")
}

/// Gives the new file the mode of the one that it replaces.
private func keepMode(of path: String, on descriptor: Int32) {
  var status = stat()
  guard stat(path, &status) == 0 else { return }
  // A refusal leaves the default mode, which is no reason to lose the content.
  _ = fchmod(descriptor, status.st_mode & 0o777)
}

/// Makes the rename itself durable.
package func syncFolder(_ folder: String, for path: String) throws {
  let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  // A folder that may be written but not read cannot be synced; the file is complete all the same.
  guard descriptor >= 0 else { return }
  defer { close(descriptor) }
  // Some network file systems know no fsync of a folder.
  guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else { throw unwritten(path) }
}
