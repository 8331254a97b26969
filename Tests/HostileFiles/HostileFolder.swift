import Foundation
import Glibc
import TestSupport

/// A folder for the files of one input at a time.
final class HostileFolder: Sendable {
  static let shared = HostileFolder()
  let path: String
  /// Held while an input is read: tests run at the same time.
  let lock = NSLock()

  private init() {
    // Memory where there is some: a fuzzer writes thousands of files in a second.
    let root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
    path = "\(root)/discern-hostile-\(getpid())"
    mkdir(path, 0o700)
    atexit { HostileFolder.shared.remove() }
  }

  /// Writes a file and answers its path.
  func write(_ bytes: [UInt8], _ name: String) -> String {
    let file = "\(path)/\(name)"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    precondition(descriptor >= 0, "\(file) cannot be written")
    defer { close(descriptor) }
    bytes.withUnsafeBytes { rest in
      var rest = rest[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        precondition(count > 0, "\(file) cannot be written")
        rest = rest.dropFirst(count)
      }
    }
    return file
  }

  /// Writes the files that there are parts for, and removes the others.
  func write(_ parts: [[UInt8]], _ names: [String]) {
    for (index, name) in names.enumerated() {
      if index < parts.count { _ = write(parts[index], name) } else { unlink("\(path)/\(name)") }
    }
  }

  private func remove() { try? FileManager.default.removeItem(atPath: path) }
}
