import Compute
import Formats
import Glibc

/// One process's part in a run.
public struct RunSession: Equatable, Sendable {
  /// Version of Discern.
  public var version = DiscernVersion.current
  /// The words of the command line; empty where a program used the library.
  public var command: [String]
  /// The folder it was started in.
  public var folder: String
  public var threads = Processors.count
  /// Which of the kernels' instruction sets was used: results of another may differ in their last bits.
  public var instructionSet = InstructionSet.current.rawValue
  public var processor = Processors.name
  /// Those of the processor's features that kernels could care about.
  public var features = Processors.features
  /// Times in UTC; `ended` is nil while it runs and where the process died.
  public var started = Clock.now
  public var ended: String?
  /// Wall time in seconds.
  public var seconds: Double?
  /// The most memory that was resident, in bytes.
  public var peakMemory: Int?
  /// Steps done when it began and when it ended.
  public var firstStep = 0
  public var lastStep: Int?
  /// How it ended; `running` while it runs and where the process died.
  public var outcome = RunManifest.Outcome.running

  init(command: [String]) {
    self.command = command
    folder = FileSystem.absolute(".")
  }

  /// Notes how it ended.
  mutating func end(_ outcome: RunManifest.Outcome, step: Int?, seconds: Double) {
    self.outcome = outcome
    self.seconds = (seconds * 1000).rounded() / 1000
    ended = Clock.now
    peakMemory = ResidentMemory.peak
    lastStep = step
  }

  var json: JSON {
    [
      "version": JSON(version), "command": .array(command.map { JSON($0) }), "folder": JSON(folder),
      "threads": .integer(threads), "instruction_set": JSON(instructionSet), "processor": JSON(processor),
      "features": .array(features.map { JSON($0) }), "started": JSON(started),
      "ended": ended.map { JSON($0) } ?? .null, "seconds": seconds.map { .number($0) } ?? .null,
      "peak_memory": peakMemory.map { .integer($0) } ?? .null, "first_step": .integer(firstStep),
      "last_step": lastStep.map { .integer($0) } ?? .null, "outcome": JSON(outcome.rawValue),
    ]
  }

  init(json: JSON, place: String) throws {
    let reader = MemberReader(json: json, place: place)
    version = try reader.text("version")
    command = (json["command"]?.array ?? []).compactMap(\.string)
    folder = try reader.text("folder")
    threads = try reader.count("threads")
    instructionSet = try reader.text("instruction_set")
    processor = try reader.text("processor")
    features = (json["features"]?.array ?? []).compactMap(\.string)
    started = try reader.text("started")
    ended = json["ended"]?.string
    seconds = json["seconds"]?.double
    peakMemory = try reader.countIfAny("peak_memory")
    firstStep = try reader.count("first_step")
    lastStep = try reader.countIfAny("last_step")
    outcome = RunManifest.Outcome(rawValue: try reader.text("outcome")) ?? .running
  }
}

extension Clock {
  /// The date and time in UTC, as ISO 8601 has it.
  static var now: String {
    var time = time(nil)
    var parts = tm()
    gmtime_r(&time, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
