import Formats
import Glibc

/// Keeps two processes from training into one folder; the system lifts it when the process ends, however it ends.
final class FolderLock: Sendable {
  private let descriptor: Int32

  /// Locks a folder. Throws where another process has it.
  init(_ path: String) throws {
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileSystem.fault("\(path): the folder cannot be opened") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return }
    // File systems without locks must not keep anybody from training.
    guard errno == EWOULDBLOCK else { return }
    close(descriptor)
    throw DiscernError(
      .cannotCreate, "\(path): found another process that trains into it; expected nobody. Wait for it or stop it.")
  }

  deinit { close(descriptor) }
}
