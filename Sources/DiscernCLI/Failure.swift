import ArgumentParser
import Discern
import Formats
import Glibc

/// Ends the command with a message on the standard error and an exit code that scripts can tell apart (sysexits).
enum Failure {
  /// Prints what went wrong and exits.
  static func exit(_ error: any Error) -> Never {
    if let code = code(of: error) {
      Messages.error("\(error)")
      Glibc.exit(code)
    }
    exit(parsing: error)
  }

  /// The code of our own errors; nil for those of the argument parser.
  private static func code(of error: any Error) -> Int32? {
    switch error {
    case let error as FormatError: code(error.kind)
    case let error as DiscernError: code(error.kind)
    case is OutputFault: EX_IOERR
    default: nil
    }
  }

  private static func code(_ kind: FormatError.Kind) -> Int32 {
    switch kind {
    case .data: EX_DATAERR
    case .noInput: EX_NOINPUT
    case .cannotCreate: EX_CANTCREAT
    case .permission: EX_NOPERM
    case .io: EX_IOERR
    case .configuration: EX_CONFIG
    }
  }

  private static func code(_ kind: DiscernError.Kind) -> Int32 {
    switch kind {
    case .data: EX_DATAERR
    case .noInput: EX_NOINPUT
    case .cannotCreate: EX_CANTCREAT
    case .permission: EX_NOPERM
    case .io: EX_IOERR
    case .configuration: EX_CONFIG
    }
  }

  /// Help and version go to the standard output, wrong usage to the standard error.
  private static func exit(parsing error: any Error) -> Never {
    let code = DiscernCommand.exitCode(for: error)
    let message = DiscernCommand.fullMessage(for: error)
    if code.isSuccess {
      do {
        var output = StandardOutput()
        try output.write(message + "\n")
        try output.flush()
      } catch {
        exit(error)
      }
    } else if !message.isEmpty {
      let prefix = "Error: "
      Messages.error(message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message)
    }
    Glibc.exit(code.rawValue)
  }
}

/// `sysexits.h`, which Swift does not import.
private let EX_DATAERR: Int32 = 65
private let EX_NOINPUT: Int32 = 66
private let EX_CANTCREAT: Int32 = 73
private let EX_IOERR: Int32 = 74
private let EX_NOPERM: Int32 = 77
private let EX_CONFIG: Int32 = 78
