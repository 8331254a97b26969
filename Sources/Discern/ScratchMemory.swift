import Glibc

/// Room for intermediate results: plain memory, or where that is short a file mapped into it.
///
/// The file loses its name as soon as it is open, so that nothing stays behind, however the process ends.
/// `@unchecked Sendable`: whoever fills it writes disjoint parts, and reads only when all are written.
final class ScratchMemory: @unchecked Sendable {
  /// The room, zeroed.
  let bytes: UnsafeMutableRawBufferPointer
  /// The folder of the file; `nil` for plain memory.
  let folder: String?

  /// Takes room; above `limit` bytes in a file in `folder`.
  ///
  /// Throws where the folder cannot be made or its disk has not that much space: all of it is reserved here, so that
  /// writing cannot fail later.
  init(
    byteCount: Int, limit: Int = AvailableMemory.bytes / 2, folder: String = ScratchMemory.cacheFolder
  ) throws {
    precondition(byteCount > 0, "no room asked for")
    if byteCount <= limit {
      bytes = try Self.mapped(byteCount, file: nil, folder)
      self.folder = nil
      return
    }
    let file = try Self.namelessFile(byteCount, in: folder)
    defer { close(file) }
    bytes = try Self.mapped(byteCount, file: file, folder)
    self.folder = folder
  }

  deinit { munmap(bytes.baseAddress, bytes.count) }

  /// `$XDG_CACHE_HOME/discern`, or `~/.cache/discern`.
  static var cacheFolder: String {
    func variable(_ name: String) -> String? {
      getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    return (variable("XDG_CACHE_HOME") ?? (variable("HOME") ?? "/tmp") + "/.cache") + "/discern"
  }

  private static func namelessFile(_ byteCount: Int, in folder: String) throws -> Int32 {
    if !FileSystem.exists(folder) { try FileSystem.makeFolder(folder) }
    var path = Array("\(folder)/states-XXXXXX".utf8CString)
    let file = mkstemp(&path)
    guard file >= 0 else { throw FileSystem.fault("\(folder): no file can be made there") }
    unlink(path)
    let code = reserve(byteCount, file)
    guard code == 0 else {
      close(file)
      errno = code
      throw FileSystem.fault(
        "\(folder): found no room for \(byteCount.inMegabytes) of states that memory has no room for either; free space "
          + "there, name another folder in XDG_CACHE_HOME, or do without (--cache off)")
    }
    return file
  }

  /// Reserves the file's space; an `errno` value.
  private static func reserve(_ byteCount: Int, _ file: Int32) -> Int32 {
    // Where a file system cannot reserve, glibc writes: look first, rather than fill the disk and then fail.
    var status = statvfs()
    if fstatvfs(file, &status) == 0, Int(status.f_bavail) * Int(status.f_frsize) < byteCount { return ENOSPC }
    return posix_fallocate(file, 0, byteCount)
  }

  private static func mapped(
    _ byteCount: Int, file: Int32?, _ folder: String
  ) throws -> UnsafeMutableRawBufferPointer {
    let flags = file == nil ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED
    guard let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, file ?? -1, 0), address != MAP_FAILED
    else {
      let place = file == nil ? "memory" : folder
      throw FileSystem.fault("\(place): \(byteCount.inMegabytes) of states cannot be mapped")
    }
    return UnsafeMutableRawBufferPointer(start: address, count: byteCount)
  }
}

extension Int {
  /// So many bytes in megabytes, for messages.
  package var inMegabytes: String { "\((Double(self) / 1e6).fixed(self < 10_000_000 ? 1 : 0)) MB" }
}
