import Glibc

/// The operating system's refusals, in words that say what to do.
enum SystemError {
  /// Words for an `errno` value: the plain meaning, and the system's own name for it.
  static func words(_ code: Int32) -> String {
    let system = strerror(code).map { String(cString: $0) } ?? "error \(code)"
    switch code {
    case ENOSPC: return "a full disk (\(system))"
    case EDQUOT: return "an exhausted disk quota (\(system))"
    case EACCES, EPERM: return "a missing permission (\(system))"
    case EROFS: return "a read-only file system (\(system))"
    case ENOENT: return "no such file or folder"
    case ENOTDIR: return "a file where the path needs a folder (\(system))"
    case EISDIR: return "a folder"
    case EFBIG: return "a file size limit (\(system))"
    case EMFILE, ENFILE: return "too many open files (\(system))"
    case ELOOP: return "symbolic links that lead in a circle (\(system))"
    case ENAMETOOLONG: return "a name that is too long (\(system))"
    default: return "a system error (\(system))"
    }
  }

  /// What the user can do about an `errno` value; empty where nothing better is known.
  static func remedy(_ code: Int32) -> String {
    switch code {
    case ENOSPC, EDQUOT, EFBIG: return "Free some space or write to another disk."
    case EACCES, EPERM: return "Check the owner and the mode of the file and of its folder."
    case EROFS: return "Write to another folder."
    case ENOENT: return "Check the path."
    default: return ""
    }
  }
}

extension FormatError {
  /// An error of the operating system at `path`, while reading it or writing it.
  init(system code: Int32, at path: String, expected: String, writing: Bool = false) {
    self.init(
      path, found: SystemError.words(code), expected: expected, remedy: SystemError.remedy(code),
      kind: Kind(system: code, writing: writing))
  }
}

extension FormatError.Kind {
  /// The kind that an `errno` value stands for.
  init(system code: Int32, writing: Bool) {
    switch code {
    case EACCES, EPERM: self = .permission
    case ENOENT, ENOTDIR, EISDIR, ENAMETOOLONG, ELOOP, EROFS: self = writing ? .cannotCreate : .noInput
    default: self = .io
    }
  }
}
