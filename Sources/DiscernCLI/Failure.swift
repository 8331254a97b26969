import ArgumentParser
import CAllocation
import CFaults
import Discern
import Formats
import Glibc

/// Options that do not go together, seen only while the command runs.
struct WrongUsage: Error, CustomStringConvertible {
  /// The verb whose help to read.
  let verb: String
  let message: String

  var description: String { "\(message)\n  See 'discern \(verb) --help' for more information." }
}

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

  /// From now on, faults that no call returns end with a sentence too: a mapped file that shrinks, memory that is not
  /// to be had.
  static func listen() {
    da_use()
    df_install(SystemExit.io, SystemExit.memory)
  }

  /// The code of our own errors; nil for those of the argument parser.
  private static func code(of error: any Error) -> Int32? {
    switch error {
    case let error as FormatError: code(error.kind)
    case let error as DiscernError: code(error.kind)
    case is OutputFault: SystemExit.io
    case is WrongUsage: SystemExit.usage
    default: nil
    }
  }

  private static func code(_ kind: FormatError.Kind) -> Int32 {
    switch kind {
    case .data, .diverged: SystemExit.data
    case .noInput: SystemExit.noInput
    case .cannotCreate: SystemExit.cannotCreate
    case .permission: SystemExit.permission
    case .io: SystemExit.io
    case .configuration: SystemExit.configuration
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

/// The codes of `sysexits.h`.
private enum SystemExit {
  static let usage: Int32 = 64
  static let data: Int32 = 65
  static let noInput: Int32 = 66
  static let memory: Int32 = 71
  static let cannotCreate: Int32 = 73
  static let io: Int32 = 74
  static let permission: Int32 = 77
  static let configuration: Int32 = 78
}
